// crossings.js reads one record, with a reason, and shows it until the dialog is closed.
import { h } from "./dom.js";
import { drawAdopted } from "./hits.js";
import { reading } from "./reading.js";
import { checkName, past, result } from "./words.js";

reading("[data-read]", (button) => button.dataset.read, (id) => `/api/records/${id}/read`,
  (record) => [facts(record), ...findings(record), ...hits(record)]);

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

function hits({ hits: list }) {
  if (!list?.length) return [];
  return [h("h3", {}, "Hits"), h("ul", {}, list.map((hit) =>
    h("li", {}, h("bdi", {}, hit.name), `, ${hit.list} ${hit.version}, ${Math.round(hit.score * 100)} %. `, h("bdi", {}, hit.why), hit.adopted && drawAdopted(hit.adopted))))];
}
