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
  const off = hits.filter(quieted).length;
  say($("hits-heading"), hits.length ? `Hits: ${hits.length - off}${off ? `, and ${off} of which the traveller was cleared` : ""}` : "Hits");
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

// quieted reports whether the traveller was cleared of a hit, so that it does not stop him.
export const quieted = (hit) => Boolean(hit.cleared?.holds);

export const standing = (inspection) => (inspection?.hits ?? []).filter((hit) => !quieted(hit));

// points writes how much speaks for a hit, and what it alone leads to.
export const points = ({ score, grave, cleared }) => `${Math.round(score * 10) / 10} points${grave && !cleared?.holds ? `: ${grave}` : ""}`;

function drawHit(hit) {
  return h("article", { class: quieted(hit) ? "hit is-cleared" : "hit", "data-alert": hit.alert },
    h("p", { class: "hit-name" }, h("strong", { dir: "auto" }, hit.name), h("span", { class: "hit-score" }, points(hit))),
    hit.late && drawLate(hit.late),
    hit.cleared && drawCleared(hit.cleared),
    h("p", { class: "hit-why" }, h("strong", {}, `${capital(hit.kind ?? "")} match: `), h("bdi", {}, hit.why)),
    drawEvidence(hit),
    hit.adopted && drawAdopted(hit.adopted),
    h("p", { class: "quiet-text" }, `${hit.alert}, list ${hit.list} of ${hit.owner}, ${hit.version}`));
}

// drawEvidence says why it is a hit: in a sentence that the traveller could be told, and what was compared; or in the reasons of a post that has no more.
export function drawEvidence({ sentence, evidence, reasons }) {
  return [
    sentence && h("p", { class: "hit-sentence" }, h("bdi", {}, sentence)),
    evidence?.length
      ? h("table", { class: "hit-evidence" },
        h("thead", {}, h("tr", {}, ["Compared", "On the list", "In the document"].map((c) => h("th", { scope: "col" }, c)), h("th", { scope: "col", class: "number" }, "Points"))),
        h("tbody", {}, evidence.map((l) => h("tr", {}, h("th", { scope: "row" }, l.what), h("td", {}, h("bdi", {}, l.list)), h("td", {}, h("bdi", {}, l.query)),
          h("td", { class: "number" }, `${l.points > 0 ? "+" : ""}${Math.round(l.points * 10) / 10}`)))))
      : h("ul", { class: "hit-reasons" }, (reasons ?? []).map((r) => h("li", {}, h("bdi", {}, r)))),
  ];
}

// drawLate says that a hit was found by a list that came after the inspection was opened.
export const drawLate = (at) => h("p", { class: "late" }, h("strong", {}, "Late hit"), `: found on ${both(at)}, after the scan.`);

// lacking says whose clearance of these hits is needed beside the officer's, or "".
export function lacking(hits) {
  const all = [...new Set(hits.flatMap((hit) => hit.lacks ?? []))];
  return all.length ? `, once ${all.join(" and ")} has cleared him as well` : "";
}

// drawCleared says who found the traveller not to be the person on the alert, or one like him, when and why; and what of it no longer counts.
export function drawCleared({ at, by, reason, note, holds, why }) {
  const said = [reason, note].filter(Boolean).join(". ");
  return h("p", { class: "cleared" }, h("strong", {}, holds ? "Cleared as a namesake" : "Cleared once, and stopped again"), ` on ${both(at)} by ${by}`,
    said && [": ", h("bdi", {}, said)], ". ", holds ? "This hit does not stop him." : `${capital(why)}.`);
}

// drawAdopted says whose alert a hit's was, who adopted it, when, why and under which article, and under whose authority it stands now.
export function drawAdopted({ owner, list, version, by, at, reason, under }) {
  const own = authorityOf(by);
  return h("p", { class: "adopted" }, h("strong", {}, `Adopted alert of ${owner}`), ` (list ${list}, ${version}). ${by} adopted it on ${both(at)} under ${under}: `, h("bdi", {}, reason), `. It stands under the authority of ${own} now.`);
}
