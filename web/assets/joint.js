// joint.js is joint service on the lane's page: what waits for whose concurrence, what was not concurred with, whose turn it is, and
// that asylum was asked for. It draws and answers questions; lane.js acts.
import { $, h, say, show } from "./dom.js";
import { authorityOf, officersAt, othersAt } from "./seats.js";
import { loud } from "./words.js";

const open = new Set(["open", "proposed", "awaiting"]);
const textOf = (reasons, code) => reasons?.find((r) => r.code === code)?.text ?? code;

export const isOpen = (inspection) => open.has(inspection?.state);

// waiting returns the decision that waits for concurrence, or nothing.
export const waiting = (inspection) => (inspection?.state === "awaiting" ? inspection.joint?.waiting : undefined);

// toAnswer returns it when it waits for the officer who looks.
export const toAnswer = (inspection) => (waiting(inspection)?.mine ? waiting(inspection) : undefined);

// proposed returns the proposal which this officer made and has yet to confirm.
export const proposed = (inspection, officer) => (inspection?.state === "proposed" && !foreign(inspection, officer) ? inspection.proposal : undefined);

const foreign = ({ proposal }, officer) => Boolean(proposal?.by) && proposal.by !== officer;

// gist is what an officer's key answers to. While it stays the same, a newer answer of the post changes no panel and disarms no key.
export function gist(inspection) {
  const { id, state, verdict, proposal, asylum, joint, hits, others } = inspection ?? {};
  return JSON.stringify([id, state, verdict, hits?.length, others?.map((o) => o.count), proposal?.seq, Boolean(asylum), joint?.waiting?.submission, joint?.waiting?.mine, joint?.objected?.at]);
}

// turn says why an officer cannot propose a decision now, or "": a rule bars him from it, or another authority is first.
export function turn(inspection, decision, own) {
  const { joint, asylum, barred } = inspection ?? {};
  if (barred?.[decision]) return `${loud(decision)} is not yours to decide: ${barred[decision]}.`;
  const shared = joint?.decisions?.includes(decision);
  const wait = toAnswer(inspection);
  if (wait) return `${loud(wait.decision)} of ${wait.by} waits for you: F10 concurs, F9 does not.`;
  if (!shared || asylum || !joint.first?.length || joint.first.includes(own)) return "";
  return `${goesFirst(joint)} proposes first.`;
}

// passesOn reports whether an officer can only pass a case on: asylum was asked for, and he is not the host state's.
export const passesOn = (inspection) => Boolean(inspection?.asylum && Object.keys(inspection.barred ?? {}).length);

const goesFirst = ({ first, exit }) => (exit ? `the exit side, ${first.join(", ")},` : first.join(", "));

// mark says on a decision's key with whom it is decided, or "".
export const mark = (inspection, decision) =>
  (inspection?.joint?.decisions?.includes(decision) && isOpen(inspection) ? `with ${inspection.joint.with.join(", ")}` : "");

// drawSeats says who else sits at a lane in joint service.
export function drawSeats(lane, officer) {
  const beside = othersAt(lane, officer);
  const here = officersAt(lane).includes(officer);
  say($("seats"), !lane.joint || !here ? "" : beside.length ? `With ${beside.join(", ")}` : "Joint service: no other authority's officer sits here");
}

// drawJoint shows what stands between the officers about an inspection, and with null nothing.
export function drawJoint(inspection, body, officer, said) {
  const now = isOpen(inspection) ? inspection : null;
  drawAsylum(inspection, said);
  const wait = waiting(now);
  drawWaits(wait, body.Own);
  const lines = now ? between(now, body, officer) : [];
  const band = $("between");
  if (band.textContent === lines.map((l) => l.textContent).join("")) return; // so that nothing is read out twice
  band.dataset.mine = Boolean(toAnswer(now));
  band.hidden = !lines.length;
  show(band, lines);
}

function drawWaits(wait, own) {
  const name = (id) => h("span", { class: "id" }, id);
  const words = !wait ? [] : [`${loud(wait.decision)} waits for `, wait.mine ? ["you, ", name(own)] : name(wait.for.join(", "))];
  const el = h("p", {}, words);
  if (el.textContent !== $("waits").textContent) show($("waits"), words);
}

function drawAsylum(inspection, said) {
  const el = $("asylum");
  el.hidden = !inspection?.asylum;
  if (el.hidden) return show(el);
  const follows = isOpen(inspection) ? said || "The ordinary procedure stops. The host state's officers decide, each decision with a reason." : "";
  const words = `ASYLUM ASKED FOR${follows}`;
  if (el.textContent !== words) show(el, h("strong", {}, "ASYLUM ASKED FOR"), follows && h("span", {}, follows));
}

// between is what the band says: a decision that waits, one that is not confirmed yet, one that was not concurred with, whose turn it is.
function between(inspection, body, officer) {
  const { joint, proposal } = inspection;
  const wait = waiting(inspection);
  if (wait) return drawWaiting(wait, body, officer);
  if (foreign(inspection, officer)) {
    return [line("between-what", h("strong", {}, loud(proposal.decision)), ` proposed by ${proposal.by}, who has yet to confirm it`)];
  }
  const { objected } = joint ?? {};
  const late = inspection.state === "open" && objected;
  const first = (joint?.decisions ?? []).map((d) => turn(inspection, d, body.Own)).find(Boolean);
  return [
    late && line("between-what", `${objected.by} did not concur with `, h("strong", {}, loud(objected.decision)), `: ${textOf(body.Object, objected.reason)}`),
    late && objected.note && line("between-why", "Note: ", h("bdi", {}, objected.note)),
    first && line("between-why", first.charAt(0).toUpperCase() + first.slice(1)),
  ].filter(Boolean);
}

const line = (kind, ...parts) => h("p", { class: kind }, ...parts);

function drawWaiting(wait, body, officer) {
  const by = wait.by === officer ? "you" : wait.by;
  const key = (code, does) => [h("kbd", {}, code), does];
  return [
    line("between-what", h("strong", {}, loud(wait.decision)), ` proposed by ${by}`, wait.mine ? ". Do you concur?" : `, waits for ${wait.for.join(", ")}`),
    (wait.reason || wait.note) && line("between-why", wait.reason && `because: ${textOf(body.Reasons?.[wait.decision], wait.reason)}`,
      wait.note && [wait.reason && " · ", "Note: ", h("bdi", {}, wait.note)]),
    line("between-keys", wait.mine ? [key("F10", ` concurs with ${loud(wait.decision)}, `), key("F9", " does not")]
      : wait.by === officer || authorityOf(wait.by) === body.Own ? ["A decision key proposes another decision, ", key("F7", " withdraws")] : []),
  ].filter(Boolean);
}
