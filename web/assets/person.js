// person.js takes out what is held about a person, shows it as a sheet to print, and gives it as a file. It is gone from here when the page is left.
import { $, h, say, show } from "./dom.js";
import { attempt } from "./page.js";
import { send } from "./post.js";
import { both as at, day } from "./time.js";
import { checkName, past, result } from "./words.js";

const kinds = JSON.parse($("main").dataset.kinds);
const { zone } = JSON.parse(document.body.dataset.page);
const value = (id) => $(`person-${id}`).value.trim();

$("person-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!value("reason")) return say($("person-error"), "Choose a reason first.");
  const asked = { zone: value("zone"), primary: value("primary"), secondary: value("secondary"), birth: value("birth"), nationality: value("nationality"),
    numbers: value("numbers").split(",").map((n) => n.trim()).filter(Boolean), reason: value("reason"), note: value("note") };
  const records = await attempt($("person-error"), () => send("/api/person", asked));
  if (records) draw(records);
});

$("person-print").addEventListener("click", () => print());

function draw(records) {
  show($("person-sheet"), head(records), records.crossings.map((c) => crossing(c)), foot(records));
  $("person-sheet").hidden = false;
  $("person-tools").hidden = false;
  $("person-others").hidden = records.others === 0;
  say($("person-others"), records.others > 0 ? `${records.others} more ${records.others === 1 ? "crossing is" : "crossings are"} of somebody of this name, birth date and nationality with another document. If he has borne another document, give its number too.` : "");
  const file = $("person-file");
  URL.revokeObjectURL(file.href);
  file.href = URL.createObjectURL(new Blob([JSON.stringify(records, null, 2)], { type: "application/json" }));
  file.download = `records-${records.entry}.json`;
}

const rows = (all) => h("dl", { class: "act-facts" }, all.filter(([, v]) => v).map(([name, v]) => [h("dt", {}, name), h("dd", {}, h("bdi", {}, v))]));

function head(r) {
  const a = r.asked;
  return [
    r.exercise && h("p", { class: "act-exercise" }, "Exercise: all of this is invented."),
    h("h1", {}, "What is held about you"),
    rows([["By", `${r.authority.name || r.authority.id} (${r.authority.id})`], ["At", r.post], ["Given", `${at(r.at)}, entry ${r.entry}`], ["Under", r.under],
      ["Surname", a.primary], ["Given names", a.secondary], ["Born", a.birth], ["Nationality", a.nationality], ["Documents", (a.numbers ?? []).join(", ")]]),
    h("p", { id: "person-count" }, r.crossings.length === 0 ? "No crossing of yours is held here." : `${r.crossings.length} ${r.crossings.length === 1 ? "crossing" : "crossings"} of yours ${r.crossings.length === 1 ? "is" : "are"} held here.`),
  ];
}

function crossing(c) {
  const d = c.document;
  return h("section", { class: "person-crossing" },
    h("h2", {}, `${c.direction === "exit" ? "Exit" : "Entry"}, ${at(c.opened)}`),
    rows([["Record", c.inspection], ["Lane", c.lane], ["Decision", c.decision ? `${past(c.decision)} at ${at(c.ended)}, by ${c.by} under ${c.under}` : c.state], ["Grounds", c.grounds],
      ["Whose record", c.owners.join(" and ")], ["Asylum", c.asylum ? "was asked for" : ""],
      ["Surname", d.primary], ["Given names", d.secondary], ["Born", d.birth], ["Sex", d.sex], ["Nationality", d.nationality], ["Document", `${d.code} ${d.number}, ${d.issuer}, expires ${d.expiry}`],
      ["Zone", (d.lines ?? []).join("\n")], ["Stay", c.stay], ["Chip", c.chip ? "was read and proven" : "was not read"]]),
    list("What was checked", c.findings, (f) => `${result(f.result).word}: ${checkName(f.check)}${f.reason ? `. ${f.reason}` : ""}`),
    list("Lists that matched", c.hits, (m) => `${m.list} of ${m.owner}. ${m.says ?? ""}${m.cleared ? " You were found not to be the one who is on it." : ""}`),
    list("Written about it", c.notes, (n) => `${at(n.at)}, ${n.by}, ${kinds.find((k) => k.code === n.kind)?.text ?? n.kind}: ${n.note}`),
    list("Who has read this record", c.read, (r) => `${at(r.at)}, ${r.by}: ${r.reason}`, "Nobody has, after the case was decided."),
    list("Erased of it", c.erased, (e) => `${at(e.at)}: ${e.what} (entry ${e.seq})`),
    list("Kept until", c.until, (u) => (u.until ? `${day(u.until)} by ${u.authority}: ${u.law}` : `${u.authority}: ${u.law ? `its time does not run yet (${u.law})` : "no period is set here"}`)),
    note(c.inspection));
}

function list(title, all, text, none) {
  if (!all?.length && !none) return [];
  return [h("h3", {}, title), all?.length ? h("ul", {}, all.map((v) => h("li", {}, h("bdi", {}, text(v))))) : h("p", {}, none)];
}

// note attaches to a record what the person says about it.
function note(inspection) {
  const error = h("p", { class: "error", role: "alert" });
  const kind = h("select", { name: "kind", "aria-label": `Note on record ${inspection}: what kind` }, h("option", { value: "" }, "Choose what it is"), kinds.map((k) => h("option", { value: k.code }, k.text)));
  const text = h("textarea", { rows: 2, maxlength: 2000, "aria-label": `Note on record ${inspection}` });
  const form = h("form", { class: "not-printed person-note" }, h("h3", {}, "Attach a note"), h("p", {}, kind), h("p", {}, text), error, h("p", {}, h("button", { type: "submit" }, "Attach")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!kind.value || !text.value.trim()) return say(error, "Choose what it is, and write it.");
    const answer = await attempt(error, () => send(`/api/inspections/${encodeURIComponent(inspection)}/note`, { kind: kind.value, note: text.value.trim() }));
    if (answer) show(form, h("p", { role: "status" }, "The note is attached. Take the data out again to have it on the sheet."));
  });
  return form;
}

function foot(r) {
  return [h("h2", {}, "What is not told"), h("p", { id: "person-withheld" }, r.withheld), r.elsewhere && h("p", {}, r.elsewhere), h("p", {}, r.erasure),
    h("p", { class: "quiet-text" }, `Times are those of ${zone}.`)];
}
