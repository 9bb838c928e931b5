// hits.js draws what the lists said: the hits that are the officer's own, and of those of other authorities as much as he may see.
import { $, h, say, show } from "./dom.js";
import { authorityOf } from "./seats.js";
import { both } from "./time.js";
import { capital, counted } from "./words.js";

// drawHits shows own hits, and a row for each other authority that has some. Their content is drawn only when looked has it: the officer
// has looked it up, and the owner sees that.
export function drawHits(inspection, looked) {
  const hits = inspection?.hits ?? [];
  const others = inspection?.others ?? [];
  const none = others.length ? "None on your own lists" : "None";
  const next = nextLook(inspection, looked);
  say($("hits-heading"), hits.length ? `Hits: ${hits.length}` : "Hits");
  show($("hits"), hits.map(drawHit), inspection && !hits.length && h("p", { class: "none" }, none),
    others.map((o) => drawOther(o, looked.get(o.owner), o === next)));
}

// nextLook returns the other authority's hits that would be looked up next, or nothing.
export const nextLook = (inspection, looked) => (inspection?.others ?? []).find((o) => o.shared && !looked.has(o.owner));

function drawOther(other, seen, next) {
  const rest = seen ? [`, seen under ${seen.under}; ${other.owner} sees that you looked`]
    : other.shared ? [": ", counted(other.count, "hit"), next && [". ", h("kbd", {}, "F8"), " looks it up"]]
      : [": ", counted(other.count, "hit"), `. Content not shared: ${other.why || "no article shares it"}`];
  return h("section", { class: "other-hits", "data-owner": other.owner, "data-seen": Boolean(seen) || null },
    h("h3", {}, h("strong", {}, other.owner), rest), (seen?.hits ?? []).map(drawHit),
    seen && !seen.hits?.length && h("p", { class: "none" }, "None is kept any more"));
}

function drawHit(hit) {
  const percent = Math.round(hit.score * 100);
  return h("article", { class: "hit", "data-alert": hit.alert },
    h("p", { class: "hit-name" }, h("strong", { dir: "auto" }, hit.name), h("span", { class: "hit-score" }, `${percent} %`)),
    h("meter", { min: 0, max: 100, value: percent, "aria-label": `Likeness of ${hit.name}` }),
    h("p", { class: "hit-why" }, h("strong", {}, `${capital(hit.kind ?? "")} match: `), h("bdi", {}, hit.why)),
    h("ul", { class: "hit-reasons" }, (hit.reasons ?? []).map((r) => h("li", {}, h("bdi", {}, r)))),
    hit.adopted && drawAdopted(hit.adopted),
    h("p", { class: "quiet-text" }, `${hit.alert}, list ${hit.list} of ${hit.owner}, ${hit.version}`));
}

// drawAdopted says whose alert a hit's was, who adopted it, when, why and under which article, and under whose authority it stands now.
export function drawAdopted({ owner, list, version, by, at, reason, under }) {
  const own = authorityOf(by);
  return h("p", { class: "adopted" }, h("strong", {}, `Adopted alert of ${owner}`), ` (list ${list}, ${version}). ${by} adopted it on ${both(at)} under ${under}: `, h("bdi", {}, reason), `. It stands under the authority of ${own} now.`);
}
