// crossings.js reads one record, with a reason, and shows it until the dialog is closed.
import { $, h, say, show } from "./dom.js";
import { attempt, onLive, state } from "./page.js";
import { send } from "./post.js";
import { checkName, past, result } from "./words.js";

const dialog = $("read");
const error = $("read-error");
let id = "";

for (const button of document.querySelectorAll("[data-read]")) {
  button.addEventListener("click", () => {
    id = button.dataset.read;
    forget();
    dialog.showModal();
  });
}

$("read-close").addEventListener("click", () => dialog.close());
$("read-go").addEventListener("click", read);
dialog.addEventListener("close", forget);
onLive(() => state.ended && forget());

// forget removes the person's data from the page.
function forget() {
  $("read-reason").value = "";
  $("read-note").value = "";
  $("read-ask").hidden = false;
  $("read-go").hidden = false;
  say(error, "");
  show($("read-result"));
}

async function read() {
  const reason = $("read-reason").value;
  if (!reason) return say(error, "Choose a reason first.");
  const note = $("read-note").value.trim();
  const record = await attempt(error, () =>
    send(`/api/records/${encodeURIComponent(id)}/read`, { reason, note }));
  if (!record || !dialog.open) return;
  $("read-ask").hidden = true;
  $("read-go").hidden = true;
  show($("read-result"), facts(record), ...findings(record), ...hits(record));
  $("read-close").focus(); // what had the focus is hidden now
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

function hits({ hits: list }) {
  if (!list?.length) return [];
  return [h("h3", {}, "Hits"), h("ul", {}, list.map((hit) =>
    h("li", {}, h("bdi", {}, hit.name), `, ${hit.list} ${hit.version}, ${Math.round(hit.score * 100)} %. `, h("bdi", {}, hit.why))))];
}
