// alerts.js shows one side's alerts in a transfer: the outgoing one its own lists', the incoming one what was offered to it. What is chosen is disposed of as it
// was shown: alerts go by their names and never as "all".
import { $, h, say, show } from "./dom.js";
import { mark } from "./passing.js";
import { counted } from "./words.js";

const SOME = 100; // rows at once

const words = { "": "none yet", offered: "offered", adopted: "adopted", declined: "declined", returned: "returned", lapsed: "lapsed" };
const shapes = { "": "to do", adopted: "done", returned: "done", lapsed: "ended", declined: "attention" };

let all = [];
let chosen = new Set();
let rows = SOME;
let side = "";
let drawn = "";

const keyOf = (a) => `${a.list}\n${a.alert}`;

// drawAlerts shows the alerts of a side.
export function drawAlerts(alerts, whose) {
  const gist = JSON.stringify([alerts, whose]);
  if (gist === drawn) return;
  drawn = gist;
  all = alerts ?? [];
  $("alerts").hidden = !all.length;
  say($("alerts-heading"), whose === "incoming" ? `Offered to your side: ${all.length}` : `Your side's alerts: ${all.length}. Only your side sees this table`);
  const known = new Set(all.map(keyOf));
  chosen = new Set([...chosen].filter((k) => known.has(k)));
  options($("alerts-list"), [["", "all"], ...[...new Set(all.map((a) => a.list))].map((l) => [l, l])]);
  options($("alerts-state"), [["open", whose === "incoming" ? "to be answered" : "none or declined"], ["all", "all"], ...Object.entries(words).filter(([k]) => k).map(([k, w]) => [k, w])]);
  side = whose;
  list();
}

function options(select, pairs) {
  const gist = JSON.stringify(pairs);
  if (select.dataset.gist === gist) return;
  select.dataset.gist = gist;
  const before = select.value;
  show(select, pairs.map(([value, label]) => h("option", { value }, label)));
  if (pairs.some(([value]) => value === before)) select.value = before;
}

const waits = (a) => (side === "incoming" ? a.disposition === "offered" : a.disposition === "" || a.disposition === "declined");

function found() {
  const find = $("alerts-find").value.trim().toLowerCase();
  const of = $("alerts-list").value;
  const state = $("alerts-state").value;
  return all.filter((a) => (!of || a.list === of)
    && (state === "all" || (state === "open" ? waits(a) : a.disposition === state))
    && (!find || [a.alert, a.kind, a.name, a.why].some((text) => text?.toLowerCase().includes(find))));
}

function list() {
  const hits = found();
  const shown = new Set(hits.map(keyOf));
  chosen = new Set([...chosen].filter((k) => shown.has(k))); // what is not in sight is not chosen
  show($("alerts-rows"), hits.length ? hits.slice(0, rows).map(row) : h("tr", {}, h("td", { colspan: 4 }, "None of them.")));
  const more = $("alerts-more");
  more.hidden = hits.length <= rows;
  say(more, `Show ${Math.min(SOME, hits.length - rows)} more of ${hits.length}`);
  count();
}

function count() {
  const hits = found();
  const box = $("alerts-all");
  box.checked = hits.length > 0 && chosen.size === hits.length;
  box.indeterminate = chosen.size > 0 && !box.checked;
  box.disabled = !hits.length;
  say($("alerts-count"), `All ${hits.length}`);
  for (const button of $("alerts-deeds").querySelectorAll("button")) button.disabled = !chosen.size;
  say($("alerts-chosen"), chosen.size ? `${chosen.size} chosen` : "None chosen");
}

function row(a) {
  const key = keyOf(a);
  const box = h("input", { type: "checkbox", "aria-label": `Choose ${a.alert}`, "data-alert": a.alert, onchange: (e) => {
    if (e.target.checked) chosen.add(key);
    else chosen.delete(key);
    count();
  } });
  box.checked = chosen.has(key);
  return h("tr", {}, h("td", {}, box),
    h("td", {}, h("strong", { dir: "auto" }, a.name), h("div", { class: "quiet-text" }, `${a.alert}, ${a.kind}, ${a.list}`)),
    h("td", { class: "wide", dir: "auto" }, a.why),
    h("td", {}, mark(words[a.disposition] ?? a.disposition, shapes[a.disposition] ?? "waits"), a.by && h("div", { class: "quiet-text" }, a.by), a.reason && h("div", { class: "quiet-text", dir: "auto" }, a.reason)));
}

// deeds puts the buttons above the table: [disposition, label, ask]. ask gets what is chosen, by list, and how many that are.
export function deeds(pairs, ask) {
  const el = $("alerts-deeds");
  const gist = JSON.stringify(pairs);
  if (el.dataset.gist === gist) return;
  el.dataset.gist = gist;
  $("alerts").classList.toggle("is-still", !pairs.length); // nothing can be chosen
  show(el, pairs.map(([what, label]) => h("button", { type: "button", "data-dispose": what, onclick: () => ask(what, pick()) }, label)),
    pairs.length && h("span", { class: "quiet-text", id: "alerts-chosen" }));
  count();
}

function pick() {
  const lists = new Map();
  for (const a of all.filter((one) => chosen.has(keyOf(one)))) lists.set(a.list, [...(lists.get(a.list) ?? []), a.alert]);
  return { lists, words: counted(chosen.size, "alert"), size: chosen.size };
}

// unchoose lets go of what was disposed of, so that the next step is not about it again before the page has heard.
export function unchoose() {
  chosen = new Set();
  list();
}

// forget lets go of everything that names a person.
export function forget() {
  all = [];
  chosen = new Set();
  drawn = "";
}

for (const el of ["alerts-find", "alerts-list", "alerts-state"]) {
  $(el).addEventListener("input", () => {
    rows = SOME;
    list();
  });
}
$("alerts-all").addEventListener("change", (event) => {
  chosen = new Set(event.target.checked ? found().map(keyOf) : []);
  list();
});
$("alerts-more").addEventListener("click", () => {
  rows += SOME;
  list();
});
