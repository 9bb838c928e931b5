// passing.js says how an agreed change of control stands: how far its transfer has come, how long it is until its instant, and since when that is past.
import { h } from "./dom.js";
import { phrase } from "./phrases.js";
import { both, span } from "./time.js";

const LAST = 60e3; // ms before the instant from which nobody at a lane may overlook it

// standing returns the state as a word, the ms that are left, and whether the last minute has begun. Without a transfer control passes by articles alone.
export function standing({ phase, at }, now) {
  const left = Date.parse(at) - now;
  const turns = !phase || phase === "armed"; // it will pass by itself
  const word = left > 0 ? phase ?? "" : phase === "armed" ? "waiting" : phase === "planned" || phase === "preparing" ? "overdue" : "";
  return { word, left, over: left < 0 && !word, last: turns && left <= LAST && (left > 0 || word === "waiting") };
}

// countdown writes how long it is until the instant, or since.
export const countdown = ({ left }) => (left >= 0 ? span(left) : `+${span(-left)}`);

// target says to whom control passes, when, and on which lanes if not on all.
export const target = ({ to, at, lanes }) => (lanes?.length
  ? phrase("passing.on", { authority: to.id, lanes: lanesOf(lanes), at: both(at) }) : phrase("passing.to", { authority: to.id, at: both(at) }));

export const lanesOf = (lanes) => phrase("passing.lanes", { n: lanes.length, lanes: lanes.join(", ") });

// mark shows a state as a word with a shape.
export const mark = (word, state = word) => h("span", { class: "state", "data-state": state }, word);

// groups writes a digest as numbers of five digits, one for each two bytes, so that two people can compare it aloud in any language.
export function groups(digest) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(digest), (c) => c.charCodeAt(0));
  } catch {
    bytes = [];
  }
  if (!bytes.length || bytes.length % 2) return digest.match(/.{1,5}/g) ?? [];
  const out = [];
  for (let i = 0; i < bytes.length; i += 2) out.push(String(bytes[i] * 256 + bytes[i + 1]).padStart(5, "0"));
  return out;
}

// drawDigest shows a digest to be read aloud, in rows of four numbers, and as it is written.
export const drawDigest = (digest) => [
  h("ol", { class: "digest", "aria-label": phrase("passing.digest") }, groups(digest).map((g) => h("li", {}, g))),
  h("p", { class: "mono break quiet-text" }, digest)];
