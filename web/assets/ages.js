// ages.js brings up to date, in the header of every page, how old what the post knows is: when each headquarters was last heard, how far behind the post is, and how old each list is.
import { $, h, show } from "./dom.js";
import { phrase } from "./phrases.js";
import { ago, both } from "./time.js";

const loud = (hq) => Boolean(hq.late || hq.forked || hq.refused);
const old = (list) => Boolean(list.late || list.refused || !list.loaded);
const since = (instant) => h("time", { datetime: instant, title: both(instant), "data-since": instant }, ago(instant));

// drawAges shows what a live event says.
export function drawAges({ hqs = [], lists = [] }) {
  const el = $("ages");
  if (!el) return;
  el.hidden = !hqs.length && !lists.length;
  el.dataset.loud = String(hqs.some(loud) || lists.some(old));
  show(el, ...hqs.map(headquarters), ...lists.map(list));
}

function headquarters(hq) {
  const words = [h("strong", {}, phrase("ages.hq", { authority: hq.authority })), " "];
  words.push(...(hq.heard ? [`${phrase("ages.heard")} `, since(hq.heard)] : [phrase("ages.never")]));
  if (hq.size) words.push(`${phrase("ages.entry", { seq: String(hq.size - 1) })} `, since(hq.newest));
  words.push(hq.behind ? phrase("ages.behind", { n: hq.behind }) : hq.waiting ? phrase("ages.waiting", { n: hq.waiting }) : "");
  if (hq.refused) words.push(": ", h("strong", {}, hq.refused));
  return h("span", { class: "age", "data-loud": String(loud(hq)) }, ...words);
}

function list(l) {
  const words = [`${l.name || l.id} `];
  words.push(l.loaded ? since(l.loaded) : phrase("ages.none"));
  if (l.refused) words.push(h("strong", {}, phrase("ages.refused")));
  return h("span", { class: "age age-list", "data-loud": String(old(l)), title: l.refused ?? "" }, ...words);
}

// tickAges brings the spans up to date between two events.
export function tickAges() {
  for (const el of document.querySelectorAll("#ages [data-since]")) {
    const words = ago(el.dataset.since);
    if (el.textContent !== words) el.textContent = words;
  }
}
