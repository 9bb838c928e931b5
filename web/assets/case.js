// case.js draws one inspection on the lane's page: what the officer has to see, each thing in its fixed place.
import { $, h, say, show } from "./dom.js";
import { drawHits, quieted, standing } from "./hits.js";
import { drawPortrait } from "./reader.js";
import { ago, both, clock, now } from "./time.js";
import { checkName, counted, past, result, shape } from "./words.js";

const plain = ["primary", "secondary", "nationality", "birth", "age", "sex", "issuer", "number", "expiry"];

// draw shows an inspection, and with null nothing. looked has the hits of other authorities that the officer looked up, by owner.
export function draw(inspection, looked) {
  const d = inspection?.document;
  for (const id of plain) say($(id), d?.[id] ?? "");
  say($("document"), d ? [d.code, d.format].filter(Boolean).join(", ") : "");
  say($("stay"), inspection?.stay ?? "");
  say($("primary-label"), d && !d.secondary ? "Name" : "Surname");
  const bad = new Set(d?.bad_checks ?? []);
  for (const [id, field] of [["number", "number"], ["birth", "birth"], ["expiry", "expiry"]]) {
    $(id).classList.toggle("is-bad", bad.has(field));
  }
  drawZone(d, bad);
  drawPortrait(inspection?.portrait);
  drawHits(inspection, looked);
  drawFindings(inspection?.findings ?? []);
  $("case").dataset.empty = !inspection;
}

// drawVerdict shows the verdict in its place. Without an inspection there is none.
export function drawVerdict(inspection, idle) {
  const verdict = inspection ? known(inspection.verdict) : "none";
  $("verdict").dataset.verdict = verdict;
  show($("verdict-shape"), inspection && shape(verdict));
  const word = inspection ? verdict.toUpperCase() : idle;
  say($("verdict-word"), word);
  $("verdict-word").style.setProperty("--letters", Math.max(...word.split(/\s/).map((w) => w.length)));
  say($("verdict-why"), inspection ? why(inspection) : "");
}

// known makes a stop of what is no verdict, as the node does.
const known = (verdict) => (verdict === "clear" || verdict === "attention" ? verdict : "stop");

function why({ findings, hits, others }) {
  const grave = (findings ?? []).filter((f) => f.grave !== "clear").length;
  const parts = [];
  const stops = standing({ hits });
  if (stops.length) parts.push(counted(stops.length, "hit"));
  const cleared = (hits ?? []).filter(quieted).length;
  if (cleared) parts.push(`cleared of ${counted(cleared, "hit")}`);
  for (const { owner, count } of others ?? []) parts.push(`${counted(count, "hit")} of ${owner}`);
  if (grave) parts.push(`${counted(grave, "finding")} to look at`);
  return parts.join(" · ") || "No hit, nothing found";
}

// places are those of the check digits, [line, column] from 0 (ICAO 9303-4 §4.2.2, -5 §4.2.2, -6 §4.2.2, -7 §4.2.2, §5.2.2).
const twoLines = { number: [1, 9], birth: [1, 19], expiry: [1, 27] };
const places = {
  TD1: { number: [0, 14], birth: [1, 6], expiry: [1, 14], composite: [1, 29] },
  TD2: { ...twoLines, composite: [1, 35] },
  TD3: { ...twoLines, optional: [1, 42], composite: [1, 43] },
  "MRV-A": twoLines,
  "MRV-B": twoLines,
  "FRA-ID": { number: [1, 12], birth: [1, 33], composite: [1, 35] },
};

function drawZone(d, bad) {
  const marks = [...bad].map((field) => places[d.format]?.[field]).filter(Boolean);
  show($("mrz"), (d?.lines ?? []).map((line, n) => {
    const columns = marks.filter(([l]) => l === n).map(([, c]) => c).sort((a, b) => a - b);
    const parts = [];
    let from = 0;
    for (const c of columns) {
      parts.push(line.slice(from, c), h("mark", {}, line.slice(c, c + 1)));
      from = c + 1;
    }
    return h("div", {}, parts, line.slice(from));
  }));
  say($("mrz-bad"), bad.size ? `wrong check digit: ${[...bad].join(", ")}` : "");
}

function drawFindings(findings) {
  show($("findings"), findings.map((f) => {
    const { symbol, word } = result(f.result);
    return h("article", { class: `finding g-${f.grave}`, "data-check": f.check },
      h("span", { class: "finding-symbol", "aria-hidden": "true" }, symbol),
      h("div", {},
        h("p", { class: "finding-name" }, h("strong", {}, checkName(f.check)), h("span", {}, word)),
        h("p", { class: "finding-why" }, h("bdi", {}, f.reason), " ", source(f))));
  }));
}

// source says what a finding looked at, and how old that was unless it was looked at for this very finding.
function source({ check, source: name, as_of: at }) {
  if (!name) return null;
  const list = check.startsWith("lists.");
  const old = at && now() - Date.parse(at) > 60e3;
  return h("span", { class: "quiet-text" }, name,
    (old || list) && at && [list ? ", loaded " : ", read ", h("span", { "data-ago": at, title: both(at) }, ago(at))]);
}

// drawResult shows how an inspection ended, to one of the officers at the lane.
export function drawResult(inspection, officer) {
  const { state, decision, seq, under, by, with: others } = inspection ?? {};
  const el = $("decision-result");
  el.dataset.decision = decision ?? "";
  if (state !== "decided" && state !== "withdrawn") return show(el);
  const beside = others?.length ? [by, ...others].filter((o) => o && o !== officer) : [];
  const proof = [beside.length > 0 && h("span", {}, `with ${beside.join(", ")}, `), seq && h("span", {}, `entry ${seq} `), under && h("span", {}, `under ${under}`)];
  show(el, h("strong", {}, (state === "decided" ? past(decision) : "Withdrawn").toUpperCase(), beside.length > 0 && ","), " ", proof.filter(Boolean));
}

// drawStrip shows what the lane rests on: its last decision, and the lists with their age.
export function drawStrip(lane, lists) {
  const { last } = lane;
  say($("today"), `${lane.count} today`);
  say($("last"), !last ? "No decision yet" : last.decision ? `Last: ${past(last.decision)} ${clock(last.decided)}` : "Last: withdrawn");
  show($("lists"), lists.map((l) => h("span", { class: l.refused ? "list is-refused" : "list", title: l.refused ? `Refresh refused: ${l.refused}` : l.loaded ? both(l.loaded) : "Not in force" },
    `${l.name || l.id} ${l.version.replace(/^(sha256-.{6}).+/, "$1…")}, loaded `, h("span", { "data-ago": l.loaded }, ago(l.loaded)), l.refused && h("strong", {}, ", refresh refused"))),
  !lists.length && h("strong", {}, "No list is in force"));
}

// age brings every age on the page up to date.
export function age() {
  for (const el of document.querySelectorAll("[data-ago]")) say(el, ago(el.dataset.ago));
}
