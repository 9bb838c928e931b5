// lane.js is the booth: scan, verdict, decision.
//
// It promises:
// - Nothing is decided but by a decision key or F10, pressed once, at least 250 ms after what it answers to was painted.
// - One request at a time; keys pressed meanwhile do nothing. Without a connection no key does anything.
// - A scan never ends or changes an open inspection.
// - A zone that was read wrongly is inspected only once the officer has chosen what to take for it.
// - What another officer at the lane does is shown before any key counts again.
// - Hits of another authority are shown only after they were looked up, and leave the screen when the inspection ends.
// - What the person's document says leaves the screen when the session ends, and half a minute after the decision.
import * as acts from "./acts.js";
import { Zone, typed } from "./candidates.js";
import { age, draw, drawResult, drawStrip, drawVerdict } from "./case.js";
import { $, say } from "./dom.js";
import { lacking, nextLook } from "./hits.js";
import { drawJoint, drawSeats, gist, isOpen as undecided, mark as withWhom, passesOn, proposed, toAnswer, turn } from "./joint.js";
import { Keys, watchArrows, watchDigits } from "./keys.js";
import { lastWord, onLive, state } from "./page.js";
import { Refusal, get, send } from "./post.js";
import { progress, toTake, underWay } from "./reader.js";
import { authorityOf, canJoin, sitsAt, who } from "./seats.js";
import { now, span } from "./time.js";
import { loud, past, word } from "./words.js";
import { Wedge, typeAsReader } from "./wedge.js";

const main = $("main");
const body = JSON.parse(main.dataset.lane);
body.Own ||= authorityOf(state.officer);
const exercise = main.dataset.exercise === "true";
const api = `/api/lanes/${encodeURIComponent(body.Lane.id)}`;
const GUARD = 250; // ms between the painting of a verdict and the first key that counts
const EXTRA = "A key was pressed in the midst of the scan, so that what was read may be wrong. Withdraw this case with F7, and scan again.";
const FORGET = 30e3; // ms after a decision

let lane = body.Lane;
let lists = body.Lists ?? [];
let keyed = null; // what became of the last key, and when
let inspection = null; // the last the post told of, open or ended
let panel = ""; // the kind of the panel of acts.js, or none
let asked = ""; // the decision for which a reason is asked
let busy = false;
let armed = false;
let drawing = 0; // counts what was painted, so that a late timer arms nothing else
let reading = ""; // the text of the scan under way
let again = null; // the scan that repeated an ended inspection: what was scanned, and how it came
let had = ""; // the last reading that was asked for, so that none is asked for twice
let forget = 0;
let disagree = 0; // the timer of agree
let missed = false; // agree was due while a request was under way
let seen = 0; // the step of the inspection up to which this page has looked
let looked = new Map(); // the hits of other authorities that were looked up, by owner
let doubted = false; // a key came in the midst of the scan that was inspected last
let said = ""; // what the post answered to a decision after asylum was asked for

const isOpen = () => undecided(inspection);
const mine = () => sitsAt(lane, state.officer);
const behind = () => isOpen() && lane.inspection?.id === inspection.id && (lane.inspection.step ?? 0) > seen;
const ready = () => state.up && !busy && mine() && !behind();

// reasonsFor returns the reasons that can be chosen. Who is let pass though a name hits can be cleared of it in the same step.
function reasonsFor(decision) {
  const reasons = body.Reasons?.[decision] ?? [];
  const hits = ["admit", "depart"].includes(decision) ? clearable(inspection) : [];
  if (!hits.length) return reasons;
  const text = `Compared, and cleared: not stopped again for ${hits.length === 1 ? "this alert" : `these ${hits.length} alerts`}${lacking(hits)}`;
  return [...reasons.slice(0, 8), { code: "not-the-same-person", clears: hits.map(({ list: l, alert }) => ({ list: l, alert })), text }];
}

const clearable = (of) => (of?.hits ?? []).filter((hit) => hit.can === "clear");

// keys

function list() {
  const free = ready() && isOpen() && !panel;
  const decide = body.Decisions.map((decision, i) => ({
    code: ["F1", "F3", "F5"][i],
    label: word(decision),
    note: withWhom(inspection, decision),
    tone: i === 0 ? "pass" : "hold",
    on: free && armed && !doubted && !turn(inspection, decision, body.Own),
    refused: () => refusedKey(turn(inspection, decision, body.Own)),
    act: () => choose(decision),
  }));
  const rest = [
    { code: "F2", label: exercise ? "Next traveller" : "", on: exercise && ready() && !isOpen() && !panel, act: nextTraveller },
    { code: "F4", label: inspection?.asylum && isOpen() ? "Asylum asked for" : "Asylum", on: free && !inspection.asylum, act: askAsylum },
    { code: "F6", ...keyF6() },
    { code: "F7", label: "Withdraw", on: free && !passesOn(inspection), act: askWithdraw },
    keyF8(free),
    keyF9(),
    keyF10(),
    { code: "Escape", label: "Back", on: Boolean(panel), act: back },
  ];
  const own = panel === "candidates" ? zone.keys(ready() && armed) : {};
  if (panel === "manual" && body.Photo) own.F8 = { label: "Photograph", on: ready(), act: acts.pickPicture };
  return [...decide, ...rest].map((key) => ({ ...key, ...own[key.code] })).sort((a, b) => place(a.code) - place(b.code));
}

const place = (code) => (code === "Escape" ? 0 : Number(code.slice(1)));
const writes = () => ["reason", "lookup", "object"].includes(panel);

function keyF8(free) {
  if (!isOpen() && mine() && underWay(lane)) return { code: "F8", label: "Without the chip", on: ready() && !panel, act: stopReading };
  return { code: "F8", label: isOpen() && inspection.others?.some((o) => o.shared) ? "Look up" : "", on: free && Boolean(nextLook(inspection, looked)), act: askLookup };
}

function keyF9() {
  if (toAnswer(inspection)) return { code: "F9", label: "Do not concur", on: ready() && armed && !panel, refused: refusedKey, act: askObject };
  return { code: "F9", label: again ? "Inspect again" : "", on: Boolean(again) && ready() && !isOpen() && !panel, act: () => inspect(again.source, { ...again.how, again: true }) };
}

// keyF10 is the second act: on what this officer proposed, on what another did, or on asylum.
function keyF10() {
  const key = { code: "F10", tone: "hold", refused: refusedKey };
  const wait = toAnswer(inspection);
  if (panel === "asylum") return { ...key, label: "Confirm asylum", on: ready() && armed, act: asylum };
  if (wait) return { ...key, label: `Concur: ${loud(wait.decision)}`, on: ready() && armed && !panel, act: concur };
  const own = proposed(inspection, state.officer);
  return { ...key, label: own ? `Confirm ${word(own.decision).toLowerCase()}` : "Confirm", on: ready() && armed && Boolean(own) && panel === "confirm", act: confirm };
}

function keyF6() {
  if (writes()) return { label: acts.inField() ? "Done writing" : "Write", on: true, act: acts.toggleField };
  if (panel === "manual") return { label: "Use this text", on: ready(), act: useText };
  return { label: "Type zone", on: ready() && !isOpen() && !panel, act: () => askZone() };
}

// refusedKey says why a decision key did nothing, where that is not plain to see.
function refusedKey(why) {
  if (doubted && isOpen()) complain(EXTRA);
  else if (!state.up) complain("No connection to the post. This key was not recorded.");
  else if (behind()) complain("Key ignored: the case has just changed. Read it, then press.");
  else if (why && isOpen() && !busy && !panel) complain(`Key ignored: ${why}`);
  else if (isOpen() && !armed && !busy && !panel) complain("Key ignored: the verdict had only just appeared. Read it, then press.");
}

const zone = new Zone(api, { open: (ask) => openPanel("candidates", ask), write: askZone, use: scan, marked: arm });
const keys = new Keys($("keys"), list);
const numbered = { reason: giveReason, withdraw: withdrawWith, lookup: lookWith, object: objectWith, candidates: (n) => zone.choose(n) };
watchDigits(() => Boolean(numbered[panel]) && ready(), (n) => numbered[panel](n));
watchArrows(() => panel === "candidates" && ready(), (step) => zone.choose(zone.mark + step));
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
  draw(shown, looked);
  drawJoint(shown, body, state.officer, said);
  drawSeats(lane, state.officer);
  drawResult(inspection, state.officer);
  tick();
  keys.draw();
}

function idleWord() {
  if (!mine()) return lane.open ? "Taken" : "Closed";
  return reading || underWay(lane) ? "Reading" : "Ready";
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
  const changed = gist(inspection) !== gist(answer);
  if (inspection?.id !== answer.id || !undecided(answer)) [looked, said] = [new Map(), ""];
  inspection = answer;
  seen = answer.step ?? 0;
  clearTimeout(forget);
  if (!isOpen()) {
    forget = setTimeout(hide, FORGET);
    closePanel();
  }
  paint();
  const own = proposed(answer, state.officer);
  if (own && changed) openPanel("confirm", () => acts.askConfirm(own, answer.document, reasonsFor(own.decision), lacking(clearable(answer))));
  else if (changed) closePanel();
  if (changed || !armed) arm(painted);
  else painted?.();
}

// hide removes the person from the screen, and leaves what was decided.
function hide() {
  const { id, state: how, decision, seq, under, by, with: others } = inspection;
  inspection = { id, state: how, decision, seq, under, by, with: others, hidden: true };
  paint();
}

function tick() {
  const opened = inspection && Date.parse(inspection.opened);
  if (isOpen()) say($("lane-state"), `${inspection.state === "proposed" ? `${word(inspection.proposal.decision)} proposed` : "Open"} for ${span(now() - opened)}`);
  else if (!mine()) say($("lane-state"), lane.open ? `Lane taken by ${who(lane)}${canJoin(lane, state.officer) ? ". Join it on the page Lanes." : ""}` : "This lane is closed. Take it on the page Lanes.");
  else say($("lane-state"), reading ? "Asking the post" : panel === "candidates" ? "Choose the zone, or scan again" : progress(lane) || "Scan the next document");
}

function openPanel(kind, ask) {
  panel = kind;
  ask();
  tick();
  keys.draw();
}

function closePanel() {
  panel = "";
  zone.forget();
  acts.close();
  keys.draw();
}

function back() {
  if (writes() && acts.inField()) return acts.toggleField();
  closePanel();
}

// talking

// once runs one request. A refusal is shown in the post's words. Whatever has been asked, keys are dead until it is answered. quiet leaves
// the words that stand there.
async function once(work, quiet = false) {
  if (busy) return;
  busy = true;
  if (!quiet) complain("");
  keys.draw();
  try {
    await work();
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    complain(refusal.message);
  } finally {
    busy = false;
    keys.draw();
    if (missed) agreeSoon();
    takeReading();
  }
}

// scan has a zone inspected. how: the way by which it came, what was read where that is another, and when its last character came; plain: as it stands, whatever its check digits say.
function scan(text, how = {}) {
  const { lastCharAt } = how;
  if (state.ended) return;
  if (busy && text === reading) return; // the reader read the document twice
  if (busy) return complain("A document was scanned while the post was answering. Scan it again.");
  if (!state.up) return complain("No connection to the post. This scan was not recorded: scan again.");
  if (!mine()) return complain("This lane is not yours. Take it on the page Lanes.");
  if (["manual", "candidates"].includes(panel) && lastCharAt !== undefined) closePanel(); // other text stays until the post has taken it
  return inspect({ text }, how);
}

// inspect asks the post to open an inspection, for a text or for what a reader handed over.
function inspect(source, how = {}) {
  const { lastCharAt, plain, ...what } = how;
  reading = source.text ?? source.reading;
  again = null;
  doubted = false;
  const certain = !plain && !what.again && !isOpen();
  if (!isOpen()) {
    clearTimeout(forget);
    inspection = null;
    paint();
  }
  return once(async () => {
    try {
      const answer = await send(`${api}/scan`, { ...source, certain, ...what });
      reading = "";
      const ended = answer.state === "decided" || answer.state === "withdrawn";
      if (answer.repeated && ended) again = { source, how: what };
      const same = answer.repeated && inspection?.id === answer.id;
      take(answer, () => mark(lastCharAt));
      if (answer.repeated && ended) complain("This document was scanned before, and the inspection has ended. F9 inspects the traveller again.");
      else if (same) complain("The same document was scanned again. The inspection is still open.");
    } catch (refusal) {
      if (!certain || refusal.code !== "invalid" || !(await zone.offer(source, what))) throw refusal;
      arm();
    } finally {
      reading = "";
      paint();
    }
  });
}

// takeReading asks for what a reader at this lane handed over. One that comes while an inspection is open is refused by the post in words, and read anew.
function takeReading() {
  const id = toTake(lane, body.Own);
  if (!id || id === had || busy || state.ended || !state.up || !mine()) return;
  had = id;
  return inspect({ reading: id });
}

function stopReading() {
  return once(() => send(`${api}/reader/stop`, { reading: underWay(lane) }));
}

// misread is told what a reader gave that is no zone, and offers what it may have been where that is nearly one.
function misread(text, words) {
  complain(words);
  if (!text || panel || !ready() || isOpen()) return;
  return once(async () => (await zone.offer({ text })) && arm(), true);
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
  if (!inspection.asylum && (inspection.ordinary ?? []).includes(decision)) return act("decide", { decision, reason: "", note: "" });
  asked = decision;
  openPanel("reason", () => acts.askReason(decision, inspection.document, reasonsFor(decision), giveReason));
}

function giveReason(n) {
  const reason = reasonsFor(asked)[n - 1];
  if (reason && ready() && panel === "reason") return act("decide", { decision: asked, reason: reason.code, note: acts.text(), clears: reason.clears ?? [] });
}

// act makes one step with the inspection. Once asylum was asked for, what the post refuses stays with the verdict.
function act(name, what) {
  return once(async () => {
    try {
      const answer = await send(inspectionURL(name), what);
      keyed = { at: Date.now(), words: `Your last key was recorded: ${(answer.state === "decided" ? past(answer.decision) : answer.state).toUpperCase()}, entry ${answer.seq || answer.step}.` };
      if (state.ended) return lastWord(keyed.words);
      take(answer);
    } catch (refusal) {
      keyed = { at: Date.now(), words: `Your last key was not ${refusal.status ? "recorded" : "answered"}: ${refusal.message}` };
      if (state.ended) return lastWord(keyed.words);
      if (refusal.status === 403 && inspection?.asylum) {
        said = refusal.message;
        paint();
      }
      throw refusal;
    }
  });
}

function confirm() {
  return act("confirm", { proposal: inspection.proposal.seq });
}

function concur() {
  return act("concur", { submission: toAnswer(inspection).submission });
}

function asylum() {
  return act("asylum", {});
}

function askAsylum() {
  openPanel("asylum", () => acts.askAsylum(inspection.document));
  arm();
}

function askObject() {
  openPanel("object", () => acts.askObject(toAnswer(inspection), inspection.document, body.Object ?? [], objectWith));
}

function objectWith(n) {
  const reason = body.Object?.[n - 1];
  const wait = toAnswer(inspection);
  if (reason && wait && ready() && panel === "object") return act("object", { submission: wait.submission, reason: reason.code, note: acts.text() });
}

function askLookup() {
  openPanel("lookup", () => acts.askLookup(nextLook(inspection, looked), body.Lookup ?? [], lookWith));
}

// lookWith keeps what it is shown in this window only, and only for this inspection.
function lookWith(n) {
  const reason = body.Lookup?.[n - 1];
  const other = nextLook(inspection, looked);
  if (!reason || !other || !ready() || panel !== "lookup") return;
  const { id } = inspection;
  return once(async () => {
    const answer = await send(inspectionURL("hits"), { owner: other.owner, reason: reason.code, note: acts.text() });
    if (inspection?.id !== id || !isOpen()) return;
    looked.set(other.owner, answer);
    closePanel();
    paint();
  });
}

function askWithdraw() {
  openPanel("withdraw", () => acts.askWithdraw(body.Withdraw, withdrawWith));
}

function withdrawWith(n) {
  const reason = body.Withdraw[n - 1];
  if (reason && ready() && panel === "withdraw") return act("withdraw", { reason: reason.code });
}

function useText() {
  const { text, fault } = typed(acts.text());
  return fault ? complain(fault) : scan(text, zone.how(text));
}

function askZone(text) {
  openPanel("manual", () => acts.askZone(text, body.Photo && photograph));
}

function photograph(file) {
  if (!ready()) return;
  reading = "photograph";
  tick();
  return once(async () => {
    try {
      const present = await zone.photograph(file);
      if (panel !== "manual") return; // he went back meanwhile
      present();
      arm();
    } finally {
      reading = "";
      tick();
    }
  });
}

function nextTraveller() {
  return once(async () => {
    const { text } = await get(`/exercise/next?lane=${encodeURIComponent(lane.id)}`);
    if (text) setTimeout(() => typeAsReader(text)); // else the reader of the lane has handed it over
  });
}

new Wedge({
  onScan: ({ text, lastCharAt }) => scan(text, { lastCharAt }),
  onExtra: doubt,
  onPartial: ({ chars, expected, text }) => misread(text, `Scan incomplete: ${chars} of ${expected} characters. Scan again.`),
  onGarbled: ({ chars, text }) => misread(text, `Scan not readable: ${chars} characters that are no machine-readable zone. Scan again.`),
}).attach();

// doubt stops the decision on a scan in which a key too many has turned up: the keys count 250 ms after the painting at the earliest, and that is later than any key of the same run.
function doubt() {
  doubted = true;
  complain(EXTRA);
  keys.draw();
}

// following the post

// agree asks for the open inspection where the post's live event and this page do not agree: after a reload, after a lost
// connection, when the inspection ended elsewhere, and when another officer at the lane has opened one or taken a step in it.
async function agree() {
  const theirs = lane.inspection?.id ?? "";
  const ours = isOpen() ? inspection.id : "";
  if ((theirs === ours && !behind()) || !mine()) return;
  missed = busy;
  if (busy) return;
  const step = lane.inspection?.step ?? 0;
  await once(async () => {
    try {
      const how = ours && !theirs && lane.joint ? `?id=${encodeURIComponent(ours)}` : "";
      const answer = await get(`${api}/case${how}`);
      if (undecided(answer)) take(answer);
      else if (isOpen() && answer.id === inspection.id) take(outcome(answer));
      seen = Math.max(seen, step); // whatever its answer says, the post was asked after that step
    } catch (refusal) {
      if (refusal.status !== 404) throw refusal;
      ended(ours);
    }
  }, theirs === ours);
}

function agreeSoon() {
  missed = false;
  clearTimeout(disagree);
  // A live event may have been on its way while an answer came: what does not agree must last a moment.
  disagree = setTimeout(agree, 250);
}

// outcome puts how an inspection ended to what is on the screen of it.
function outcome({ state: how, decision, decided, by, with: others, under, seq, step }) {
  return { ...inspection, state: how, decision, decided, by, with: others, under, seq, step, proposal: undefined, joint: undefined };
}

// ended shows how an inspection ended that was open here.
function ended(id) {
  if (!id || !isOpen() || inspection.id !== id) return;
  const { last } = lane;
  const known = last?.id === id ? last : {};
  take(outcome({ state: known.decision ? "decided" : "withdrawn", decision: known.decision }));
}

onLive(({ live, ended: over }) => {
  if (over) {
    inspection = null;
    closePanel();
    if (keyed && Date.now() - keyed.at < 10_000) queueMicrotask(() => lastWord(keyed.words)); // he may not have seen it; the page is made quiet after this
    return paint();
  }
  const seen = live?.lanes?.find((l) => l.id === lane.id);
  if (seen) lane = seen;
  if (live) lists = live.lists ?? [];
  drawStrip(lane, lists);
  drawSeats(lane, state.officer);
  tick();
  if (!isOpen() && !inspection) paint();
  keys.draw();
  takeReading();
  agreeSoon();
});

setInterval(() => {
  if (state.ended) return;
  tick();
  age();
}, 500);

drawStrip(lane, lists);
paint();
if (lane.inspection) agree();
