// candidates.js is what becomes of a zone that was read or typed wrongly: what may be printed is shown beside what was read, and the officer
// marks one, edits the text, or has it inspected as it was read. It decides nothing, and nothing is marked until he marks it.
//
// It promises:
// - No text but the one that the officer saw marked is used, and only by F6, never by the key with which he marked it.
// - What was read first stays beside what is used for it, so that the inspection says what was corrected.
// - It holds a person's data only while its panel is open.
import { askCandidates } from "./acts.js";
import { $, h } from "./dom.js";
import { Refusal, send, sendPicture } from "./post.js";
import { capital } from "./words.js";

const bare = (text) => text.toUpperCase().replace(/\s/g, "");

// typed returns the zone in a text that was typed, or what is wrong with it.
export function typed(written) {
  const text = written.toUpperCase().replace(/[ \t\r]/g, "").replace(/\n+/g, "\n");
  if (!text) return { fault: "Type the zone first." };
  return /^[A-Z0-9<\n]+$/.test(text) ? { text } : { fault: "A machine-readable zone has only A to Z, 0 to 9 and <." };
}

export class Zone {
  // api is the lane's address. open(draw) opens the panel of candidates, write(text) the one in which a zone is typed; use(text, how) has a zone
  // inspected; marked() is told that what F6 would use has changed.
  constructor(api, { open, write, use, marked }) {
    Object.assign(this, { api, open, write, use, marked });
    this.forget();
  }

  forget() {
    this.way = "typed";
    this.read = "";
    this.text = "";
    this.answer = null;
    this.mark = 0;
  }

  // how says of a text that is used how it came to the lane, and what had been read where it is another.
  how(text) {
    const { way, read } = this;
    if (way === "photo") return { way, read };
    if (!read || bare(read) === bare(text)) return { way };
    return { way: way === "scan" ? "corrected" : way, read };
  }

  // offer asks the post what a text, or what a reader handed over, may have been, and opens the panel unless there is nothing to choose from. first is what was read before
  // it was edited to the text.
  async offer(source, { way = "scan", read: first } = {}) {
    const answer = await send(`${this.api}/candidates`, source);
    const text = source.text ?? answer.read.join("\n");
    if (!answer.candidates.length && !answer.readable) return false;
    this.present(answer, text, way === "corrected" ? "scan" : way, first || text);
    return true;
  }

  present(answer, text, way, read) {
    Object.assign(this, { answer, text, way, read, mark: 0 });
    this.open(() => this.draw());
  }

  // photograph has the post read a zone in a photograph, and returns how to show what may be printed.
  async photograph(file) {
    if (!["image/jpeg", "image/png"].includes(file.type)) throw new Refusal(0, "invalid", "A photograph is a JPEG or PNG.");
    const answer = await sendPicture(`${this.api}/photo`, file);
    if (!answer.candidates.length && !answer.readable) throw new Refusal(0, "invalid", capital(`${answer.why}.`));
    const text = answer.read.join("\n");
    return () => this.present(answer, text, "photo", text);
  }

  get shown() {
    return this.answer?.candidates ?? [];
  }

  // asRead reports whether the text can be inspected as it was read. What was read in a photograph is marked first where it is a candidate.
  get asRead() {
    return Boolean(this.answer?.readable) && (this.way !== "photo" || !this.shown.some((c) => !c.changes.length));
  }

  choose(n) {
    if (!this.shown[n - 1] || n === this.mark) return;
    this.mark = n;
    this.draw();
    $("candidates").querySelector("[aria-pressed=true]").scrollIntoView({ block: "nearest" });
    this.marked();
  }

  // keys are those of the panel, by code.
  keys(on) {
    const marked = this.shown[this.mark - 1];
    return {
      F6: { label: marked ? `Use number ${this.mark}` : "Use", on: on && Boolean(marked), act: () => this.take(marked.lines.join("\n")) },
      F8: { label: "Edit", on, act: () => this.edit(marked) },
      F9: { label: this.asRead ? "As it was read" : "", on: on && this.asRead, act: () => this.take(this.text) },
    };
  }

  take(text) {
    return this.use(text, { ...this.how(text), plain: true });
  }

  edit(marked) {
    if (this.way === "typed") this.read = ""; // his own first text: he types it anew
    this.write((marked?.lines ?? this.answer.read).join("\n"));
  }

  draw() {
    const { read, why } = this.answer;
    askCandidates("Which zone is printed on the document?",
      h("div", { class: "was-read" }, h("p", { class: "label" }, this.fault()), h("div", { class: "mrz", id: "was-read", dir: "ltr" }, read.map((line) => h("div", {}, line)))),
      why && h("p", {}, `Nothing can be proposed: ${why}.`),
      h("ol", { class: "candidates", id: "candidates" }, this.shown.map((c, i) => h("li", {}, this.row(c, i + 1)))));
  }

  // fault says what is wrong with what was read.
  fault() {
    const { bad_checks: bad, readable } = this.answer;
    const by = { typed: "Typed", photo: "Read from the photograph" }[this.way] ?? "Read";
    if (!readable) return `${by}, and no whole zone`;
    return bad.length ? `${by}, with a wrong check digit: ${bad.join(", ")}` : by;
  }

  row(candidate, n) {
    const marked = n === this.mark;
    return h("button", {
      type: "button", tabindex: "-1", class: "candidate", "aria-pressed": String(marked), "data-candidate": n,
      onmousedown: (e) => e.preventDefault(), onclick: (e) => e.detail > 0 && this.choose(n),
    }, h("kbd", {}, String(n)), h("span", { class: "candidate-mark", "aria-hidden": "true" }, marked ? "►" : ""),
    h("div", {}, h("div", { class: "mrz", dir: "ltr" }, candidate.lines.map((line, i) => drawLine(line, candidate.changes.filter((c) => c.line === i + 1)))),
      h("p", { class: "candidate-why" }, words(candidate))));
  }
}

// drawLine marks the characters that are not as they were read. Where one was taken out the gap is marked.
function drawLine(line, changes) {
  const parts = [];
  let from = 0;
  for (const { column, to } of [...changes].sort((a, b) => a.column - b.column)) {
    const at = column - 1;
    if (at < from) continue;
    parts.push(line.slice(from, at), h("mark", { class: !to && "is-gap" }, line.slice(at, at + 1)));
    from = at + 1;
  }
  return h("div", {}, parts, line.slice(from));
}

// words says what was changed, and what the check digits say to it.
function words({ changes, disagree }) {
  const told = changes.map(({ line, column, from, to }) => {
    const place = `line ${line} place ${column}: `;
    if (!from) return `${place}${to} put in`;
    return to ? `${place}${from} read, ${to} here` : `${place}${from} taken out`;
  });
  const checks = disagree.length ? `wrong check digit: ${disagree.join(", ")}` : "all check digits right";
  return `${capital(told.join("; ") || "as it was read")}. ${capital(checks)}.`;
}
