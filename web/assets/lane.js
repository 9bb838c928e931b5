// lane.js is the booth: scan, verdict, decision.
//
// It promises:
// - Nothing is decided but by a decision key or F10, pressed once, at least 250 ms after what it answers to was painted.
// - One request at a time; keys pressed meanwhile do nothing. Without a connection no key does anything.
// - A scan never ends or changes an open inspection.
// - What the person's document says leaves the screen when the session ends, and half a minute after the decision.
import * as acts from "./acts.js";
import { age, draw, drawStrip, drawVerdict } from "./case.js";
import { $, h, say, show } from "./dom.js";
import { Keys, watchDigits } from "./keys.js";
import { onLive, state } from "./page.js";
import { Refusal, get, send } from "./post.js";
import { clock, now, span } from "./time.js";
import { past, word } from "./words.js";
import { Wedge } from "./wedge.js";

const main = $("main");
const body = JSON.parse(main.dataset.lane);
const exercise = main.dataset.exercise === "true";
const api = `/api/lanes/${encodeURIComponent(body.Lane.id)}`;
const GUARD = 250; // ms between the painting of a verdict and the first key that counts
const FORGET = 30e3; // ms after a decision

let lane = body.Lane;
let lists = body.Lists ?? [];
let inspection = null; // the last the post told of, open or ended
let panel = ""; // "reason", "confirm", "withdraw", "manual" or none
let asked = ""; // the decision for which a reason is asked
let busy = false;
let armed = false;
let drawing = 0; // counts what was painted, so that a late timer arms nothing else
let reading = ""; // the text of the scan under way
let again = ""; // the text of a scan that repeated an ended inspection
let forget = 0;
let disagree = 0; // the timer of agree

const isOpen = () => inspection?.state === "open" || inspection?.state === "proposed";
const mine = () => lane.open && lane.officer === state.officer;
const ready = () => state.up && !busy && mine();
const reasonsFor = (decision) => body.Reasons?.[decision] ?? [];

// keys

function list() {
  const decide = body.Decisions.map((decision, i) => ({
    code: ["F1", "F3", "F5"][i],
    label: word(decision),
    tone: i === 0 ? "pass" : "hold",
    on: ready() && armed && isOpen() && !panel,
    refused: refusedKey,
    act: () => choose(decision),
  }));
  const proposal = inspection?.proposal;
  const rest = [
    { code: "F2", label: exercise ? "Next traveller" : "", on: exercise && ready() && !isOpen() && !panel, act: nextTraveller },
    { code: "F6", ...keyF6() },
    { code: "F7", label: "Withdraw", on: ready() && isOpen() && !panel, act: askWithdraw },
    { code: "F9", label: again ? "Inspect again" : "", on: Boolean(again) && ready() && !isOpen() && !panel, act: () => scan(again, true) },
    {
      code: "F10", label: proposal && isOpen() ? `Confirm ${word(proposal.decision).toLowerCase()}` : "Confirm", tone: "hold",
      on: ready() && armed && inspection?.state === "proposed" && panel === "confirm", refused: refusedKey, act: confirm,
    },
    { code: "Escape", label: "Back", on: Boolean(panel), act: back },
  ];
  return [...decide, ...rest].sort((a, b) => place(a.code) - place(b.code));
}

const place = (code) => (code === "Escape" ? 0 : Number(code.slice(1)));

function keyF6() {
  if (panel === "reason") return { label: acts.inField() ? "Done writing" : "Write", on: true, act: writeNote };
  if (panel === "manual") return { label: "Use this text", on: ready(), act: useText };
  return { label: "Type zone", on: ready() && !isOpen() && !panel, act: () => openPanel("manual", acts.askZone) };
}

// refusedKey says why a decision key did nothing, where that is not plain to see.
function refusedKey() {
  if (!state.up) complain("No connection to the post. This key was not recorded.");
  else if (isOpen() && !armed && !busy && !panel) complain("Key ignored: the verdict had only just appeared. Read it, then press.");
}

const keys = new Keys($("keys"), list);
watchDigits(() => (panel === "reason" || panel === "withdraw") && ready(), (n) => (panel === "reason" ? giveReason(n) : withdrawWith(n)));
addEventListener("focusin", () => keys.draw());
addEventListener("focusout", () => setTimeout(() => keys.draw()));

function complain(words) {
  if (!state.ended) say($("error"), words);
}

// painting

// paint shows everything as it is now. What the officer has to answer to arms the keys once it has been on the screen.
function paint() {
  if (state.ended) return;
  const shown = inspection?.hidden ? null : inspection;
  drawVerdict(isOpen() || shown?.decision || shown?.state === "withdrawn" ? shown : null, idleWord());
  $("verdict").dataset.state = inspection?.state ?? "none";
  draw(shown);
  drawResult($("decision-result"));
  $("decision-result").dataset.decision = inspection?.decision ?? "";
  tick();
  keys.draw();
}

function idleWord() {
  if (!mine()) return lane.open ? "Taken" : "Closed";
  return reading ? "Reading" : "Ready";
}

function drawResult(el) {
  const { state: how, decision, seq, under } = inspection ?? {};
  if (how !== "decided" && how !== "withdrawn") return show(el);
  const proof = [seq && h("span", {}, `entry ${seq} `), under && h("span", {}, `under ${under}`)];
  show(el, h("strong", {}, (how === "decided" ? past(decision) : "Withdrawn").toUpperCase()), " ", proof.filter(Boolean));
}

// arm lets the keys count once the browser has painted and the officer can have seen it. then runs right after the painting.
function arm(then) {
  armed = false;
  const painting = ++drawing;
  keys.draw();
  requestAnimationFrame(() => requestAnimationFrame(() => {
    then?.();
    setTimeout(() => {
      if (painting !== drawing) return;
      armed = true;
      keys.draw();
    }, GUARD);
  }));
}

// take shows what the post answered.
function take(answer, painted) {
  const changed = ["id", "state", "verdict"].some((k) => inspection?.[k] !== answer[k]) || inspection?.proposal?.seq !== answer.proposal?.seq;
  inspection = answer;
  clearTimeout(forget);
  if (!isOpen()) {
    forget = setTimeout(hide, FORGET);
    closePanel();
  }
  paint();
  if (answer.state === "proposed" && changed) openPanel("confirm", () => acts.askConfirm(answer.proposal, answer.document, reasonsFor(answer.proposal.decision)));
  else if (changed) closePanel();
  if (changed || !armed) arm(painted);
  else painted?.();
}

// hide removes the person from the screen, and leaves what was decided.
function hide() {
  const { id, state: how, decision, seq, under } = inspection;
  inspection = { id, state: how, decision, seq, under, hidden: true };
  paint();
}

function tick() {
  const opened = inspection && Date.parse(inspection.opened);
  if (isOpen()) say($("lane-state"), `${inspection.state === "proposed" ? `${word(inspection.proposal.decision)} proposed` : "Open"} for ${span(now() - opened)}`);
  else if (!mine()) say($("lane-state"), lane.open ? `Lane taken by ${lane.officer}` : "This lane is closed. Take it on the page Lanes.");
  else say($("lane-state"), reading ? "Asking the post" : "Scan the next document");
}

function openPanel(kind, ask) {
  panel = kind;
  ask();
  keys.draw();
}

function closePanel() {
  panel = "";
  acts.close();
  keys.draw();
}

function back() {
  if (panel === "reason" && acts.inField()) return acts.toggleField();
  closePanel();
}

// talking

// once runs one request. A refusal is shown in the post's words. Whatever has been asked, keys are dead until it is answered.
async function once(work) {
  if (busy) return;
  busy = true;
  complain("");
  keys.draw();
  try {
    await work();
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    complain(refusal.message);
  } finally {
    busy = false;
    keys.draw();
  }
}

function scan(text, anew, lastCharAt) {
  if (state.ended) return;
  if (busy && text === reading) return; // the reader read the document twice
  if (busy) return complain("A document was scanned while the post was answering. Scan it again.");
  if (!state.up) return complain("No connection to the post. This scan was not recorded: scan again.");
  if (!mine()) return complain("This lane is not yours. Take it on the page Lanes.");
  if (panel === "manual" && lastCharAt !== undefined) closePanel(); // typed text stays until the post has taken it
  reading = text;
  again = "";
  if (!isOpen()) {
    clearTimeout(forget);
    inspection = null;
    paint();
  }
  return once(async () => {
    try {
      const answer = await send(`${api}/scan`, { text, again: anew });
      reading = "";
      const ended = answer.state === "decided" || answer.state === "withdrawn";
      if (answer.repeated && ended) again = text;
      const same = answer.repeated && inspection?.id === answer.id;
      take(answer, () => mark(lastCharAt));
      if (answer.repeated && ended) complain("This document was scanned before, and the inspection has ended. F9 inspects the traveller again.");
      else if (same) complain("The same document was scanned again. The inspection is still open.");
    } finally {
      reading = "";
      paint();
    }
  });
}

// mark notes for a measurement when the reader sent its last character and when the verdict was painted.
function mark(lastCharAt) {
  if (lastCharAt === undefined) return;
  performance.mark("marz:last-char", { startTime: lastCharAt });
  performance.mark("marz:verdict");
  performance.measure("marz:scan-to-verdict", "marz:last-char", "marz:verdict");
}

const inspectionURL = (act) => `/api/inspections/${encodeURIComponent(inspection.id)}/${act}`;

function choose(decision) {
  if ((inspection.ordinary ?? []).includes(decision)) return decide({ decision, reason: "", note: "" });
  asked = decision;
  openPanel("reason", () => acts.askReason(decision, inspection.document, reasonsFor(decision), giveReason));
}

function giveReason(n) {
  const reason = reasonsFor(asked)[n - 1];
  if (reason && ready() && panel === "reason") return decide({ decision: asked, reason: reason.code, note: acts.text() });
}

function decide(what) {
  return once(async () => take(await send(inspectionURL("decide"), what)));
}

function confirm() {
  return once(async () => take(await send(inspectionURL("confirm"), { proposal: inspection.proposal.seq })));
}

function writeNote() {
  acts.toggleField();
  keys.draw();
}

function askWithdraw() {
  openPanel("withdraw", () => acts.askWithdraw(body.Withdraw, withdrawWith));
}

function withdrawWith(n) {
  const reason = body.Withdraw[n - 1];
  if (reason && ready() && panel === "withdraw") return once(async () => take(await send(inspectionURL("withdraw"), { reason: reason.code })));
}

function useText() {
  const text = acts.text().toUpperCase().replace(/[ \t\r]/g, "").replace(/\n+/g, "\n");
  if (!text) return complain("Type the zone first.");
  if (!/^[A-Z0-9<\n]+$/.test(text)) return complain("A machine-readable zone has only A to Z, 0 to 9 and <.");
  return scan(text, false);
}

// nextTraveller presses the keys that a document reader would, so that an exercise takes the same way as a true scan.
function nextTraveller() {
  return once(async () => {
    const { text } = await get(`/exercise/next?lane=${encodeURIComponent(lane.id)}`);
    setTimeout(() => {
      for (const c of text) document.dispatchEvent(new KeyboardEvent("keydown", { ...stroke(c), bubbles: true, cancelable: true }));
    });
  });
}

function stroke(c) {
  if (c === "\n") return { code: "Enter" };
  if (c === "<") return { code: "Comma", shiftKey: true };
  return /[0-9]/.test(c) ? { code: `Digit${c}` } : { code: `Key${c}`, shiftKey: true };
}

new Wedge({
  onScan: ({ text, lastCharAt }) => scan(text, false, lastCharAt),
  onPartial: ({ chars, expected }) => complain(`Scan incomplete: ${chars} of ${expected} characters. Scan again.`),
  onGarbled: ({ chars }) => complain(`Scan not readable: ${chars} characters that are no machine-readable zone. Scan again.`),
}).attach();

// Enter is the reader's, and with it the browser's way to follow a link; Space does that here.
addEventListener("keydown", (event) => {
  if (event.code !== "Space" || !(document.activeElement instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  document.activeElement.click();
});

// following the post

// agree asks for the open inspection where the post's live event and this page do not agree: after a reload, after a lost
// connection, and when the inspection ended elsewhere.
async function agree() {
  const theirs = lane.inspection?.id ?? "";
  const ours = isOpen() ? inspection.id : "";
  if (busy || theirs === ours || !mine()) return;
  await once(async () => {
    try {
      take(await get(`${api}/case`));
    } catch (refusal) {
      if (refusal.status !== 404) throw refusal;
      ended(ours);
    }
  });
}

// ended shows how an inspection ended that was open here.
function ended(id) {
  if (!id || !isOpen() || inspection.id !== id) return;
  const { last } = lane;
  const known = last?.id === id ? last : {};
  take({ ...inspection, state: known.decision ? "decided" : "withdrawn", decision: known.decision, proposal: undefined });
}

onLive(({ live, ended: over }) => {
  if (over) {
    inspection = null;
    closePanel();
    return paint();
  }
  const seen = live?.lanes?.find((l) => l.id === lane.id);
  if (seen) lane = seen;
  if (live) lists = live.lists ?? [];
  drawStrip(lane, lists, lastText());
  tick();
  if (!isOpen() && !inspection) paint();
  keys.draw();
  clearTimeout(disagree);
  // A live event may have been on its way while an answer came: what does not agree must last a moment.
  disagree = setTimeout(agree, 250);
});

function lastText() {
  const { last } = lane;
  if (!last) return "No decision yet";
  return last.decision ? `Last: ${past(last.decision)} ${clock(last.decided)}` : "Last: withdrawn";
}

setInterval(() => {
  if (state.ended) return;
  tick();
  age();
}, 500);

drawStrip(lane, lists, lastText());
paint();
if (lane.inspection) agree();
