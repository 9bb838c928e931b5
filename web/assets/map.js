// map.js moves the map and the table beside it to another instant. All periods stand in the page, so that it asks the post for nothing.
import { $, h, say, show } from "./dom.js";
import "./page.js";
import { clock, date, day, startOf } from "./time.js";

const data = JSON.parse($("map").dataset.map);
const ms = (instant) => (instant ? Date.parse(instant) : 0); // 0 is no instant
const from = ms(data.from);
const until = ms(data.until);
const changes = data.changes?.map(ms) ?? [];
const places = (data.places ?? []).map((p) => ({
  ...p,
  periods: (p.periods ?? []).map((q) => ({ ...q, from: ms(q.from), until: ms(q.until) })),
  row: document.querySelector(`[data-row="${CSS.escape(p.id)}"]`),
  drawn: document.querySelector(`[data-place="${CSS.escape(p.id)}"]`),
}));
const slider = $("time");

const midnight = (at) => clock(at) === "00:00:00";
const when = (at) => (midnight(at) ? day(at) : `${day(at)}, ${clock(at)}`);
const address = (at) => `/map?at=${midnight(at) ? date(at) : new Date(at).toISOString()}`;
const within = (at) => Math.min(until, Math.max(from, at));

// periodAt returns the period at an instant, or the bounds of the gap that it lies in.
function periodAt(periods, at) {
  const now = periods.find((p) => p.from <= at && (!p.until || at < p.until));
  if (now) return now;
  return {
    from: Math.max(0, ...periods.map((p) => p.until).filter((t) => t && t <= at)),
    until: Math.min(...periods.map((p) => p.from).filter((t) => t > at), Infinity),
  };
}

const colour = (id) => data.colours[id] ?? "a5";

function classOf({ control, with: beside }) {
  if (!control) return "place is-none";
  return `place is-${colour(control)}${beside?.length ? ` with-${colour(beside[0])}` : ""}`;
}

const article = (ref) => h("a", { href: `/register/${encodeURIComponent(ref.split("/")[0])}` }, ref);

function under(refs) {
  const links = refs.map(article).flatMap((a, i) => (i ? [", ", a] : [a]));
  return links.length > 0 && h("span", { class: "sub" }, "under ", links);
}

function instant(cell, at, none) {
  show(cell, at && at !== Infinity ? h("time", { datetime: new Date(at).toISOString() }, when(at)) : none);
}

function drawPlace(place, at) {
  const now = periodAt(place.periods, at);
  const beside = (now.with ?? []).join(", ");
  const part = (name) => place.row.querySelector(`[data-part=${name}]`);
  place.row.setAttribute("class", classOf(now));
  show(part("who"), now.control ? [h("strong", {}, now.control), under([now.article])] : "nobody");
  show(part("with"), beside ? [h("strong", {}, beside), under(now.under ?? [])] : "nobody");
  instant(part("since"), now.from, "not known");
  instant(part("until"), now.until, "no end");
  if (!place.drawn) return;
  place.drawn.setAttribute("class", classOf(now));
  say(place.drawn.querySelector("[data-part=who]"), now.control ? `${now.control}${beside && ` with ${beside}`}` : "nobody");
}

function jump(link, at) {
  if (at === undefined) {
    link.removeAttribute("href");
    link.setAttribute("aria-disabled", "true");
  } else {
    link.setAttribute("href", address(at));
    link.removeAttribute("aria-disabled");
  }
  link.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (at !== undefined) move(at);
  };
}

// draw shows an instant. Its place on the slider is the nearest step.
function draw(at) {
  say($("shown"), when(at));
  $("shown").dateTime = new Date(at).toISOString();
  slider.value = at;
  slider.setAttribute("aria-valuetext", when(at));
  if (date(at) !== $("at").value) $("at").value = date(at);
  places.forEach((p) => drawPlace(p, at));
  jump($("earlier"), changes.findLast((c) => c < at));
  jump($("later"), changes.find((c) => c > at));
  const here = places.filter((p) => p.periods.some((q) => q.from === at || q.until === at)).map((p) => p.name);
  say($("changes"), here.length ? `Changes on this day: ${here.join(", ")}.` : "");
}

// move shows an instant and makes it the page's address.
function move(at) {
  draw(at);
  history.replaceState(null, "", address(at));
}

// chosen returns the beginning of the slider's day, and the very end at its last step, which rounding puts a little before it.
function chosen() {
  const at = Number(slider.value);
  return until - at < Number(slider.step) ? until : within(startOf(date(at)));
}

if (until > from) {
  $("slide").hidden = false;
  $("go").hidden = true;
  slider.addEventListener("input", () => draw(chosen()));
  slider.addEventListener("change", () => move(chosen()));
  $("at").addEventListener("change", (event) => event.target.validity.valid && move(within(startOf(event.target.value))));
  $("when").addEventListener("submit", (event) => event.preventDefault());
  draw(ms(data.at));
}
