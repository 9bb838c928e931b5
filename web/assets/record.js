// record.js reads a person's record, with a reason, and shows it until the dialog is closed. A supervisor clears a namesake there, and takes clearances back.
import { $, h, say, show } from "./dom.js";
import { drawAdopted, drawCleared, drawEvidence, drawLate, lacking, points } from "./hits.js";
import { attempt } from "./page.js";
import { send } from "./post.js";
import { reading } from "./reading.js";
import { checkName, past, result } from "./words.js";

// LATE stands before the entry of a late hit that is read without the record.
export const LATE = "late";

// records opens the dialog for every button that the selector finds, and returns how it is opened for another record.
export function records(selector) {
  return reading(selector, (button) => button.dataset.read, (id) => (id.startsWith(LATE) ? `/api/late/${id.slice(LATE.length)}/read` : `/api/records/${id}/read`),
    (record) => (record.document ? [facts(record), ...findings(record), ...hits(record)] : record.hits?.length ? hits(record) : [h("p", { role: "status" }, "None of these hits is kept any more.")]));
}

function facts({ document: d, decision, by, under }) {
  const rows = [
    ["Surname", d.primary], ["Given names", d.secondary], ["Nationality", d.nationality], ["Born", d.birth], ["Sex", d.sex],
    ["Document", `${d.code} ${d.number}, ${d.issuer}`], ["Expires", d.expiry],
    ["Decision", decision ? `${past(decision)} by ${by} under ${under}` : "none"],
  ];
  return h("dl", { class: "facts", id: "record" },
    rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, h("bdi", {}, value || "none"))]),
    h("dt", {}, "Zone"), h("dd", { class: "mono", dir: "ltr" }, (d.lines ?? []).join("\n")));
}

function findings({ findings: list }) {
  if (!list?.length) return [];
  return [h("h3", {}, "Findings"), h("ul", {}, list.map((f) =>
    h("li", {}, `${result(f.result).word}: ${checkName(f.check)}${f.reason ? `. ${f.reason}` : ""}`)))];
}

function hits({ id, hits: list }) {
  if (!list?.length) return [];
  return [h("h3", {}, "Hits"), h("ul", { class: "record-hits" }, list.map((hit) =>
    h("li", { "data-alert": hit.alert }, h("bdi", {}, hit.name), `, ${hit.list} ${hit.version}, ${points(hit)}. `, h("bdi", {}, hit.why),
      hit.late && drawLate(hit.late),
      drawEvidence(hit), hit.adopted && drawAdopted(hit.adopted), hit.cleared && drawCleared(hit.cleared), step(id, hit))))];
}

// step is what a supervisor can do with a hit: one choice and one button.
function step(id, hit) {
  const { can, list, alert, mine } = hit;
  if (can === "clear") return form("clear", "Clear as a namesake", `Cleared: not stopped again while the alert stays as it is${lacking([hit])}.`, (reason) => send(`/api/inspections/${encodeURIComponent(id)}/clear`, { list, alert, reason, note: "" }));
  if (can === "revoke") return form("revoke", "Take the clearance back", "Taken back: stopped again from now on.", (reason) => send(`/api/clearances/${mine}/revoke`, { reason, note: "" }));
  return null;
}

function form(what, label, done, work) {
  const reasons = JSON.parse($("read").dataset[`${what}Reasons`]);
  const error = h("p", { class: "error", role: "alert" });
  const reason = h("select", { name: "reason", "aria-label": `${label}: why` }, h("option", { value: "" }, "Choose a reason"), reasons.map((r) => h("option", { value: r.code }, r.text)));
  const el = h("form", { class: "record-step", "data-step": what }, reason, " ", h("button", { type: "submit" }, label), error);
  el.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!reason.value) return say(error, "Choose a reason first.");
    if (await attempt(error, () => work(reason.value))) show(el, h("p", { role: "status" }, done));
  });
  return el;
}
