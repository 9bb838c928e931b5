// words.js says decisions, verdicts and results in words and shapes. A meaning never rests on colour alone.
import { svg } from "./dom.js";

const decisions = {
  admit: { word: "Admit", past: "Admitted" },
  refuse: { word: "Refuse", past: "Refused" },
  refer: { word: "Refer", past: "Referred" },
  depart: { word: "Let depart", past: "Departed" },
  hold: { word: "Hold", past: "Held" },
};

export const word = (decision) => decisions[decision]?.word ?? decision;
export const past = (decision) => decisions[decision]?.past ?? decision;
export const loud = (decision) => word(decision).toUpperCase();
export const counted = (n, what) => `${n} ${n === 1 ? what : `${what}s`}`;
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const shapes = {
  clear: () => svg("circle", { cx: 50, cy: 50, r: 40, class: "outline" }),
  attention: () => svg("polygon", { points: "50,7 96,90 4,90", class: "solid" }),
  stop: () => svg("polygon", { points: "31,4 69,4 96,31 96,69 69,96 31,96 4,69 4,31", class: "solid" }),
};

// shape draws the verdict: a ring for clear, a triangle for attention, an octagon for stop. What is no verdict is a stop.
export function shape(verdict) {
  const draw = shapes[verdict] ?? shapes.stop;
  const mark = verdict === "clear"
    ? svg("path", { d: "M32 51 L45 64 L69 37", class: "tick" })
    : svg("path", { d: verdict === "attention" ? "M50 36 V62 M50 72 V80" : "M50 24 V58 M50 68 V78", class: "mark" });
  return svg("svg", { viewBox: "0 0 100 100", class: `shape shape-${verdict}`, focusable: "false" }, draw(), mark);
}

const results = {
  successful: { symbol: "✓", word: "Successful" },
  failed: { symbol: "✕", word: "Failed" },
  undetermined: { symbol: "?", word: "Undetermined" },
  "not-supported": { symbol: "–", word: "Not supported" },
  aborted: { symbol: "!", word: "Aborted" },
};

export const result = (r) => results[r] ?? { symbol: "?", word: r };

// checkName writes "document.check-digits" as "Document: check digits".
export const checkName = (check) => capital(check.replace(".", ": ").replace(/[._-]+/g, " "));
