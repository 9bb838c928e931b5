// supervisor.js shows all lanes at once, each in its fixed place, and what they rest on.
import * as deed from "./deed.js";
import { $, h, say, show } from "./dom.js";
import { attempt, onLive, state } from "./page.js";
import { send } from "./post.js";
import { LATE, records } from "./record.js";
import { authorityOf, who } from "./seats.js";
import { ago, both, clock, now, span } from "./time.js";
import { capital, counted, past, shape } from "./words.js";

const error = $("error");
const LONG = 180e3; // ms after which an open inspection is marked
const late = $("late"); // absent for whoever supervises nothing here
const read = late && records("[data-read]");
let drawn = "";
let alarmed = "";

onLive(({ live, ended }) => {
  if (ended || !live) return;
  const changed = JSON.stringify([live.lanes, live.lists]);
  if (changed !== drawn) {
    drawn = changed;
    drawLanes(live.lanes ?? []);
    drawLists(live.lists ?? []);
  }
  drawLate(live.late ?? [], live.late_more);
  if (late && live.clearances !== undefined) $("cleared-changed").hidden = live.clearances === $("cleared").dataset.stamp;
  say($("head-size"), String(live.head_size));
  say($("head-root"), live.head_root);
  say($("control-now"), `${live.controller} under ${live.article}`);
});

setInterval(ages, 500);

// drawLanes keeps each card, and with it the focus, and replaces what stands in it.
function drawLanes(lanes) {
  const list = $("lanes");
  const cards = new Map([...list.children].map((c) => [c.dataset.lane, c]));
  list.replaceChildren(...lanes.map((lane) => {
    const card = cards.get(lane.id) ?? h("li", { class: "lane-card", "data-lane": lane.id });
    fillCard(card, lane);
    return card;
  }));
  ages();
}

function fillCard(card, lane) {
  const open = lane.inspection;
  const focused = card.contains(document.activeElement);
  card.dataset.open = lane.open;
  card.dataset.verdict = open?.verdict ?? "none";
  const close = h("button", { type: "button", class: "quiet", onclick: () => closeLane(lane.id), "aria-label": `Close lane ${lane.id}` }, "Close lane");
  show(card,
    h("div", { class: "panel-head" }, h("h2", {}, `Lane ${lane.id}`), lane.open && close),
    h("p", { class: "quiet-text" }, `${capital(lane.direction)} · ${lane.flow} · ${lane.open ? who(lane) : "closed"}${lane.under ? ` · under ${lane.under}` : ""}`),
    open ? inspection(open) : h("p", { class: "card-idle" }, lane.open ? "Ready" : "Closed"),
    h("p", { class: "card-foot" }, h("span", {}, lastOf(lane)), h("span", { class: "card-count" }, `${lane.count} today`)));
  if (focused) card.querySelector("button")?.focus();
}

function inspection(open) {
  return h("p", { class: `card-verdict v-${open.verdict}` }, shape(open.verdict),
    h("strong", {}, open.verdict.toUpperCase()),
    h("span", { "data-opened": open.opened }),
    open.hits > 0 && h("span", { class: "card-hits" }, `${open.hits} ${open.hits === 1 ? "hit" : "hits"}`));
}

function lastOf({ last }) {
  if (!last) return "No decision yet";
  return last.decision ? `Last: ${past(last.decision)} ${clock(last.decided)}` : "Last: withdrawn";
}

function drawLists(lists) {
  show($("lists"), lists.map((l) => h("tr", { class: l.refused ? "is-refused" : "" },
    h("th", { scope: "row", title: l.signature || null }, l.name || l.id, l.refused && h("p", { class: "refused" }, `Refresh refused: ${l.refused} Version ${l.version} stays in force.`)),
    h("td", {}, l.owner), h("td", { class: "id" }, l.version), h("td", { class: "number" }, String(l.alerts)),
    h("td", { class: "id", "data-loaded": l.loaded, title: l.loaded ? both(l.loaded) : "Not in force" }))));
  ages();
}

// drawLate shows the late hits for which nobody has answered yet, the newest first, and keeps the focus.
function drawLate(hits, more) {
  const next = JSON.stringify([hits, more]);
  if (!late || next === alarmed) return;
  alarmed = next;
  const held = document.activeElement?.closest("#late-panel") && document.activeElement;
  const [row, at] = [held?.closest("tr")?.dataset.late, held && [...(held.closest("tr")?.querySelectorAll("a, button") ?? [])].indexOf(held)];
  const heading = more ? `Late hits: more than ${hits.length}, of which these are the newest` : `Late hits: ${hits.length}`;
  $("late-panel").hidden = !hits.length;
  say($("late-heading"), heading);
  say($("late-said"), hits.length ? `${heading}. The newest on ${hits[0].list}, found at ${both(hits[0].at)}.` : "");
  show(late, hits.map((l) => h("tr", { "data-late": l.seq },
    h("td", {}, h("time", { datetime: l.at }, both(l.at))),
    h("td", { class: "id" }, l.list, l.own && " (own)"),
    h("td", { class: "number" }, String(l.hits)),
    h("td", {}, l.decision ? h("a", { href: `/journal/entry/${l.decided}` }, `${past(l.decision)}, entry ${l.decided}`) : "Not decided yet", h("span", { class: "quiet-text" }, `, lane ${l.lane}, inspected ${both(l.opened)}`)),
    h("td", {}, reader(l), " ",
      h("button", { type: "button", onclick: () => acknowledge(l), "aria-label": `Answer for the late hit of entry ${l.seq}` }, "Answer")))));
  if (held) (late.querySelector(`[data-late="${row}"]`)?.querySelectorAll("a, button")[at] ?? landing()).focus();
}

// landing is where the focus goes when what had it is gone.
const landing = () => $($("late-panel").hidden ? "title" : "late-heading");

// reader is the button that shows what it is: the record, or where that is another authority's the hit on an own list alone.
function reader({ seq, inspection, own, owners }) {
  if (owners.includes(authorityOf(state.officer))) return h("button", { type: "button", onclick: () => read(inspection), "aria-label": `Read record of inspection ${inspection}` }, "Read record");
  if (own) return h("button", { type: "button", onclick: () => read(LATE + seq), "aria-label": `Read hits of entry ${seq}` }, "Read hits");
  return h("span", { class: "quiet-text" }, `Record of ${owners.join(" and ")}`);
}

function acknowledge(hit) {
  deed.open({
    title: "Answer for a late hit",
    body: [deed.text(`${counted(hit.hits, "hit")} on ${hit.list}, inspection ${hit.inspection}. Your answer is written to the journal with your name.`), deed.reasonField(JSON.parse(late.dataset.reasons), "What was done", true), deed.field("note", "Remark", { maxlength: 200 })],
    go: "Write it down",
    work: (fields) => send(`/api/late/${hit.seq}/acknowledge`, { reason: fields.get("reason"), note: fields.get("note") }),
    then: (done) => done && landing().focus(),
  });
}

for (const button of document.querySelectorAll("[data-revoke]")) {
  button.addEventListener("click", () => deed.open({
    title: "Take a clearance back",
    body: [deed.text(`Who was cleared by entry ${button.dataset.revoke} is stopped again from now on.`), deed.reasonField(JSON.parse($("cleared").dataset.reasons), "Why", true), deed.field("note", "Remark", { maxlength: 200 })],
    go: "Take it back",
    work: (fields) => send(`/api/clearances/${button.dataset.revoke}/revoke`, { reason: fields.get("reason"), note: fields.get("note") }),
    then: (done) => done && location.reload(),
  }));
}

function ages() {
  for (const el of document.querySelectorAll("[data-opened]")) {
    const age = now() - Date.parse(el.dataset.opened);
    say(el, span(age));
    el.classList.toggle("is-long", age > LONG);
  }
  for (const el of document.querySelectorAll("[data-loaded]")) say(el, ago(el.dataset.loaded));
}

const closeLane = (id) => attempt(error, () => send(`/api/lanes/${encodeURIComponent(id)}/close`));

$("reload").addEventListener("click", async () => {
  const button = $("reload");
  button.disabled = true;
  say($("reloaded"), "Loading");
  const lists = await attempt(error, () => send("/api/lists/reload"));
  button.disabled = false;
  if (!lists) return say($("reloaded"), "");
  const refused = lists.filter((l) => l.refused).length;
  say($("reloaded"), refused ? `${refused} of ${lists.length} lists refused: see the table.` : `${lists.length} lists loaded.`);
  if (!state.ended) drawLists(lists);
});
