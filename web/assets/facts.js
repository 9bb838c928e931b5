// facts.js draws the facts of a transfer. Both commanders' pages draw the same from the same: nothing here knows who looks.
import { $, h, say, show } from "./dom.js";
import { countdown, drawDigest, lanesOf, mark, standing } from "./passing.js";
import { both, clock, now } from "./time.js";
import { capital, counted } from "./words.js";

const checks = {
  officers: "Officers enrolled for every shift", lists: "Lists loaded", mirror: "Mirror of the incoming authority", clock: "Clock",
  commanders: "Commanders who can sign", inventory: "Inventory", dispositions: "Alerts", lanes: "Lanes", journal: "Journal", inspections: "Open inspections", head: "Signed head of the journal", disk: "Room on the disk",
};
const lines = {
  "people-held": "People held", "documents-held": "Documents held", stamps: "Stamps", seals: "Seals", keys: "Keys", consumables: "Consumables",
  "open-inspections": "Open inspections", crossings: "Crossings decided", "crossings-today": "Crossings decided today",
};
const cases = {
  early: "early: before the instant that was agreed", late: "late: after the instant that was agreed", partial: "partial: some lanes",
  refused: "refused: a side declared that it would not arm", unilateral: "unilateral: armed by the incoming authority alone",
};
const rules = { sources: "two sources of time that agree settle it", commanders: "both commanders settle it" };
const sources = { node: "this node", boot: "this machine since it started" };

export const nameOf = (what) => lines[what] ?? capital(what.replace(/[-_]+/g, " "));
const checkOf = (id) => checks[id] ?? capital(id.replace(/[-_]+/g, " "));
export const caseOf = (c) => cases[c] ?? c;

const id = (text) => h("span", { class: "id" }, text);
const entry = (seq) => h("a", { href: `/journal/entry/${seq}` }, String(seq));
const article = (ref) => {
  const [agreement, number] = ref.split("/");
  return h("a", { class: "id", href: `/register/${encodeURIComponent(agreement)}${number ? `#${encodeURIComponent(number)}` : ""}` }, ref);
};
const time = (instant) => h("time", { datetime: instant }, both(instant));
const join = (list, between = ", ") => list.flatMap((item, i) => (i ? [between, item] : [item]));

const drawn = new WeakMap();

// draw shows what make returns, and leaves the element alone while what it is made of is the same.
function draw(el, of, make) {
  const gist = JSON.stringify(of);
  if (drawn.get(el) === gist) return;
  drawn.set(el, gist);
  show(el, make(of));
}

export function drawFacts(t) {
  draw($("plan"), [t.plan, t.phase, t.cases, t.waiting, t.refused], () => plan(t));
  draw($("checklist"), t, checklist);
  draw($("readiness"), t.readiness, readiness);
  draw($("inventory-head"), [t.plan.from, t.plan.to], inventoryHead);
  draw($("inventory"), t.inventory, (all) => all.map(inventoryRow));
  draw($("dispositions"), [t.dispositions, t.open], dispositions);
  draw($("instrument"), [t.plan, t.phase, t.digest, t.keys, t.refused], () => instrument(t));
  draw($("steps"), t.steps, (all) => (all?.length ? all.map(step).reverse() : h("tr", {}, h("td", { colspan: 4 }, "No step yet."))));
  $("done").hidden = !t.executed;
  if (t.executed) draw($("execution"), [t.executed, t.seq, t.at, t.signed], () => execution(t));
  drawTime(t);
}

// drawTime brings the countdown up to date.
export function drawTime(t) {
  const past = t.phase === "executed" || t.phase === "closed" || t.phase === "cancelled";
  const how = standing({ phase: t.phase, at: t.plan.at }, now());
  const word = past ? t.phase : how.word;
  const state = document.querySelector("#plan .state");
  say(state, word);
  state.dataset.state = word;
  const cell = document.querySelector("#plan [data-tick]");
  cell.hidden = past || !t.plan.at;
  say(cell.querySelector("strong"), countdown(how));
  say(cell.querySelector("span"), how.left > 0 ? "until control passes" : word === "waiting" ? "since its instant: control has not passed" : "since its instant, and it is not armed");
  cell.dataset.near = how.left < 3600e3;
}

function plan({ plan: p, cases: special, waiting, refused }) {
  const until = p.deadline ? ["which has ", time(p.agreed), " as its deadline"] : ["which has ", time(p.agreed)];
  return [
    h("div", { class: "plan-head" },
      h("p", { class: "plan-who" }, h("strong", { class: "id" }, p.from), " → ", h("strong", { class: "id" }, p.to)),
      h("p", { class: "plan-state" }, mark("")),
      h("p", { class: "plan-left", "data-tick": "" }, h("strong", { role: "timer", "aria-live": "off" }), " ", h("span", { class: "quiet-text" }))),
    waiting && h("p", { class: "notice", id: "waiting" }, waiting),
    refused?.length > 0 && h("p", { class: "notice" }, `${refused.join(" and ")} declared that it will not arm.`),
    h("dl", { class: "facts" },
      fact("Control passes at", p.at ? [time(p.at), h("span", { class: "quiet-text" }, ` ${p.at.replace(".000Z", "Z")}`)] : "no instant is settled yet"),
      fact("What passes", p.lanes?.length ? `${capital(lanesOf(p.lanes))} of ${p.place}` : `All of ${p.place}`),
      fact("Under", [article(p.article), ", ", until]),
      fact("If a clock is in doubt", rules[p.clock] ?? p.clock),
      fact("Destroyed here after it", p.destroy?.length ? `${p.destroy.join(" and ")} of ${p.from}` : "nothing"),
      p.unilateral && fact("Unilateral", [p.to, " may arm alone from ", time(p.unilateral)]),
      special?.length > 0 && fact("Cases", special.map(caseOf).join("; "))),
  ];
}

const fact = (name, ...value) => [h("dt", {}, name), h("dd", {}, value)];

// checklist is the procedure in order. Nobody ticks anything: each line says what the journal says.
function checklist(t) {
  const phase = t.phase;
  const begun = phase !== "planned";
  const missing = t.readiness.filter((c) => c.state === "missing").length;
  const watch = t.readiness.filter((c) => c.state === "attention").length;
  const byHand = t.inventory.filter((l) => !l.measured);
  const uncounted = byHand.flatMap((l) => [l.outgoing, l.incoming]).filter((n) => n === null || n === undefined).length;
  const differ = t.inventory.filter(differs).length;
  const passed = phase === "executed" || phase === "closed";
  const turned = (k) => [`Key of ${k.authority}`, Boolean(k.at), k.at ? `turned ${clock(k.at)}` : "not turned"];
  const rows = [
    ["Preparation begun", begun, begun ? "" : "planned by the article alone"],
    ["Readiness", begun && !missing, missing ? `${missing} missing` : watch ? `${watch} to look at` : begun ? "all good" : "", missing ? "missing" : watch ? "attention" : ""],
    ["Counted by both", begun && !uncounted, uncounted ? `${counted(uncounted, "count")} to come` : differ ? `${counted(differ, "line")} ${differ === 1 ? "differs" : "differ"}` : begun ? "no difference" : "", !uncounted && differ ? "attention" : ""],
    ["Alerts disposed of", begun && !t.open, t.open ? `${t.open} without a disposition: they lapse` : `${t.dispositions.alerts} of ${t.dispositions.alerts}`, t.open ? "attention" : ""],
    ["Instrument presented", Boolean(t.digest), t.digest ? "one digest for both" : ""],
    ...t.keys.map(turned),
    ["Control passed", passed, passed ? `entry ${t.seq}` : ""],
    ...(t.signed ?? []).map((k) => [`Act signed by ${k.authority}`, Boolean(k.at), k.at ? clock(k.at) : ""]),
  ];
  return rows.map(([name, good, words, state]) => {
    const how = state || (good ? "done" : "to do");
    return h("li", { "data-state": how }, mark(how), h("span", {}, h("strong", {}, name), words && h("span", { class: "quiet-text" }, words)));
  });
}

const differs = (l) => Number.isInteger(l.outgoing) && Number.isInteger(l.incoming) && l.outgoing !== l.incoming;

const places = ["good", "attention", "missing"];

// readiness shows each line's state as a word with a shape in a place of its own.
function readiness(all) {
  if (!all?.length) return h("li", {}, "Nothing is measured before preparation begins.");
  return all.map((c) => h("li", { "data-state": c.state },
    h("span", { class: "ready-what" }, h("strong", {}, checkOf(c.id)), h("span", {}, c.value)),
    places.map((p) => h("span", { class: "slot", "data-on": p === c.state || null }, p === c.state && mark(capital(p), p))),
    !places.includes(c.state) && h("span", { class: "slot" }, c.state)));
}

const inventoryHead = ([from, to]) => h("tr", {}, h("th", { scope: "col" }, "What"), h("th", { scope: "col", class: "number" }, `Counted by ${from}`),
  h("th", { scope: "col", class: "number" }, `Counted by ${to}`), h("th", { scope: "col" }, "Difference"));

function inventoryRow(l) {
  const cell = (n) => h("td", { class: "number" }, Number.isInteger(n) ? String(n) : "–");
  const by = differs(l) ? Math.abs(l.outgoing - l.incoming) : 0;
  const whole = Number.isInteger(l.outgoing) && Number.isInteger(l.incoming);
  return h("tr", { "data-what": l.what, class: by ? "is-refused" : "" }, h("th", { scope: "row" }, nameOf(l.what)),
    cell(l.outgoing), cell(l.incoming),
    h("td", {}, l.measured ? mark("counted by this node", "good") : by ? mark(`differs by ${by}`, "attention") : whole ? mark("equal", "good") : mark("not counted by both", "to do")));
}

function dispositions([d, open]) {
  const row = (name, n) => h("div", {}, h("dt", {}, name), h("dd", {}, String(n)));
  return [h("dl", { class: "totals" }, row("In force", d.alerts), row("Adopted", d.adopted), row("Returned", d.returned), row("Lapsed", d.lapsed)),
    open > 0 && h("p", {}, mark(`${counted(open, "alert")} without a disposition`, "attention"), `: ${open === 1 ? "it lapses" : "they lapse"} when control passes. None is enforced in silence.`)];
}

function instrument({ plan: p, digest, keys }) {
  return [
    digest ? [h("h3", {}, "Digest of the instrument"), drawDigest(digest), h("p", { class: "quiet-text" }, "Read it to each other. If one number differs you do not see the same.")]
      : h("p", {}, "No instrument is presented. It is taken down from all that stands here once both have counted and nothing is missing."),
    h("ul", { class: "two-keys" }, keys.map((k) => h("li", { "data-state": k.at ? "done" : "to do" },
      h("strong", { class: "id" }, k.authority), h("span", { class: "quiet-text" }, k.authority === p.from ? "outgoing" : "incoming"), mark(k.at ? "Key turned" : "Key not turned", k.at ? "done" : "to do"),
      k.at && h("span", {}, `by ${k.officer || "the authority's own key"}, `, time(k.at))))),
  ];
}

function execution({ executed: e, seq, at, signed }) {
  return [h("dl", { class: "facts" },
    fact("Control passed", [`from ${e.from} to ${e.to}, `, time(at), ", entry ", entry(seq)]),
    fact("Its instant", time(e.instant)),
    fact("Open inspections then", `${e.open}${e.open ? `: officers of ${e.to} finish them` : ""}`),
    fact("Crossings before it", String(e.crossings)),
    fact("Access ended", e.ends?.length ? e.ends.join(", ") : "nobody's"),
    fact("Destroyed", e.destroys?.length ? e.destroys.join(", ") : "nothing"),
    fact("Mirrors", (e.mirrors ?? []).length ? join(e.mirrors.map((m) => `${m.authority}: ${m.size} entries${m.missing ? `, ${counted(m.missing, "crossing")} not there yet` : ", nothing missing"}`), "; ") : "none"),
    fact("Clocks", join((e.clocks ?? []).map((c) => `${sources[c.source] ?? c.source}: ${c.fault || both(c.at)}`), "; "))),
  h("ul", { class: "two-keys" }, (signed ?? []).map((k) => h("li", { "data-state": k.at ? "done" : "to do" }, h("strong", { class: "id" }, k.authority),
    mark(k.at ? "Act signed" : "Act not signed yet", k.at ? "done" : "to do"), k.at && h("span", {}, `by ${k.officer || "the authority's own key"}, `, time(k.at)))))];
}

const step = (s) => h("tr", {}, h("td", { class: "number" }, entry(s.seq)), h("td", {}, time(s.at)), h("td", {}, id(s.officer || s.authority)),
  h("td", {}, s.says || s.kind));
