// acts.js is the panel over the evidence in which a second act is made: a reason is chosen, a proposal confirmed, an
// inspection withdrawn, another authority's hits looked up, concurrence refused, asylum noted, a zone typed by hand or chosen. It decides nothing; lane.js does.
import { $, h, say, show } from "./dom.js";
import { counted, loud, word } from "./words.js";

const panel = () => $("act");

export function close() {
  if (panel().contains(document.activeElement)) document.activeElement.blur();
  panel().hidden = true;
  panel().dataset.kind = "";
  show($("act-body"));
}

function open(kind, title, ...body) {
  panel().dataset.kind = kind;
  say($("act-title"), title);
  show($("act-body"), body);
  panel().hidden = false;
}

// field returns a text field that the reader cannot fill: wedge.js keeps its keys out.
function field(id, label, rows, limit) {
  return h("div", { "data-manual-entry": true },
    h("label", { for: id }, label),
    h("textarea", { id, rows, maxlength: limit, spellcheck: "false", autocomplete: "off" }));
}

function numbered(choices, choose) {
  return h("ol", { class: "reasons", id: "reasons" }, choices.map((text, i) => h("li", {},
    h("button", { type: "button", tabindex: "-1", "data-reason": i + 1, onmousedown: (e) => e.preventDefault(), onclick: (e) => e.detail > 0 && choose(i + 1) },
      h("kbd", {}, String(i + 1)), " ", text))));
}

const noteField = () => field("note", "Note, if needed (F6 to write, F6 again when done)", 2, 500);

// text returns what stands in the panel's field.
export const text = () => panel().querySelector("textarea")?.value.trim() ?? "";

// toggleField gives the focus to the panel's field, or takes it away.
export function toggleField() {
  const el = panel().querySelector("textarea");
  if (!el) return;
  if (document.activeElement === el) el.blur();
  else el.focus();
}

export const inField = () => panel().contains(document.activeElement);

const nameOf = (d) => [d.primary, d.secondary].filter(Boolean).join(", ");

export function askReason(decision, document, reasons, choose) {
  open("reason", `${word(decision)} ${nameOf(document)}: why?`,
    numbered(reasons.map((r) => r.text), choose),
    noteField());
}

export function askConfirm(proposal, document, reasons, lacks) {
  const reason = reasons.find((r) => r.code === proposal.reason)?.text ?? proposal.reason;
  open("confirm", "Not yet decided",
    h("p", { class: "proposal", id: "proposal" }, h("strong", {}, loud(proposal.decision)), ` ${nameOf(document)}`),
    h("p", { class: "proposal-why" }, `because: ${reason}`),
    proposal.clears > 0 && h("p", { class: "proposal-why" }, `and clears him of ${counted(proposal.clears, "hit")}: with this document he is not stopped again while the alert stays as it is${lacks}.`),
    proposal.note && h("p", { dir: "auto" }, `Note: ${proposal.note}`),
    h("p", { class: "proposal-keys" }, "Press ", h("kbd", {}, "F10"), " to confirm, ", h("kbd", {}, "Esc"), " to go back."));
}

export function askWithdraw(reasons, choose) {
  open("withdraw", "Withdraw this inspection: why?",
    numbered(reasons.map((r) => r.text), choose));
}

export function askLookup({ owner, count, under }, reasons, choose) {
  open("lookup", `Look at ${counted(count, "hit")} of ${owner}: why?`,
    h("p", {}, `${owner} sees that you looked, and why.`, under && ` Shared under ${under}.`),
    numbered(reasons.map((r) => r.text), choose), noteField());
}

export function askObject({ decision, by }, document, reasons, choose) {
  open("object", `Do not concur with ${loud(decision)} ${nameOf(document)}: why?`,
    h("p", {}, `${by} proposed it, and sees what you choose. The case is open again after that.`),
    numbered(reasons.map((r) => r.text), choose), noteField());
}

export function askAsylum(document) {
  open("asylum", `Asylum: ${nameOf(document)}`,
    h("p", { class: "proposal" }, "Asylum was asked for."),
    h("p", { class: "proposal-why" }, "The ordinary procedure stops; the host state's officers decide."),
    h("p", { class: "proposal-keys" }, "Press ", h("kbd", {}, "F10"), " to record it, ", h("kbd", {}, "Esc"), " to go back."));
}

// askZone asks for a zone, or for what was read of one to be put right. photograph is told the picture that was chosen; without it there is nothing to choose.
export function askZone(zone = "", photograph = null) {
  open("manual", zone ? "Put the machine-readable zone right" : "Type the machine-readable zone",
    h("p", {}, "Two or three lines as printed, < for each filler. F6 uses the text, Esc goes back."),
    field("manual-text", "Machine-readable zone", 3, 200),
    photograph && h("div", {}, h("label", { for: "picture" }, "Or a photograph of it, where the reader does not work (F8)"),
      h("input", { type: "file", id: "picture", accept: "image/jpeg,image/png", capture: "environment", onchange: (e) => e.target.files[0] && photograph(e.target.files[0]) })));
  const el = panel().querySelector("textarea");
  el.value = zone;
  el.focus();
}

export const pickPicture = () => $("picture").click();

// askCandidates shows what a zone that was read wrongly may have been.
export function askCandidates(title, ...body) {
  open("candidates", title, h("p", {}, "Compare each with the page. Mark one by its digit or with the arrows, then F6. If none is printed, edit the text."), ...body.filter(Boolean));
}
