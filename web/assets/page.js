// page.js is what every page does: the clock, who controls and until when, the connection, and the end of the session.
import { drawAges, tickAges } from "./ages.js";
import { $, h, say, show } from "./dom.js";
import { countdown, standing, target } from "./passing.js";
import { phrase } from "./phrases.js";
import { Refusal, follow, send } from "./post.js";
import { both, clock, day, now, setTime, setZone } from "./time.js";
import { capital } from "./words.js";

const data = JSON.parse(document.body.dataset.page);
const listeners = [];

// state is what the page knows about the post: the last live event, whether the connection is up, and whether all has ended.
export const state = { live: null, up: false, ended: false, officer: data.officer };

let controller = data.controller?.id;
let next = data.next;
const names = new Map([[data.controller?.id, data.controller?.name], [next?.to.id, next?.to.name]]);

setZone(data.zone);
if (data.now) setTime(data.now);

// onLive calls f at each live event, and when the connection or session changed.
export function onLive(f) {
  listeners.push(f);
  if (state.live) f(state);
}

const tell = () => listeners.forEach((f) => f(state));

// go leaves for another page, after which nothing here answers any more.
export const go = (url) => location.assign(url);

// attempt runs what a press asked for, and shows a refusal in its words. It returns undefined when there was one.
export async function attempt(error, work) {
  say(error, "");
  try {
    return await work();
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    say(error, refusal.message);
  }
}

function tick() {
  if (state.ended || !data.now) return;
  say($("clock"), clock(now()));
  say($("date"), `${day(now())}, ${data.zone}`);
  drawNext();
  tickAges();
}

// drawNext shows how long it is until control passes, and how far its transfer is. In the last minute nobody whom it concerns can overlook it.
function drawNext() {
  const cell = $("next");
  if (!cell) return;
  const how = next ? standing(next, now()) : { over: true };
  cell.hidden = how.over;
  if (how.over) say($("soon"), "");
  document.body.classList.toggle("is-last", Boolean(how.last) && concerns(next));
  if (how.over) return;
  const chip = cell.querySelector("[data-part=phase]");
  chip.hidden = !how.word;
  say(chip, how.word);
  chip.dataset.state = how.word;
  say(cell.querySelector(".label"), how.left > 0 ? phrase("layout.next") : phrase("live.not"));
  say(cell.querySelector("[data-part=countdown]"), countdown(how));
  const sub = cell.querySelector("[data-part=to]");
  say(sub, how.left <= 0 && next.waiting ? next.waiting : target(next));
  sub.title = sub.textContent;
  cell.dataset.near = how.left < 3600e3;
  say($("soon"), !how.last && how.left > 0 ? "" : how.left > 0 ? phrase("live.minute", { authority: next.to.id }) : phrase("live.why", { why: next.waiting || how.word }));
}

// concerns reports whether a passing is about the lane of this page. Every other page is about all of them.
function concerns({ lanes }) {
  const lane = /^\/lane\/([^/]+)$/.exec(location.pathname)?.[1];
  return !lane || !lanes?.length || lanes.includes(decodeURIComponent(lane));
}

// behind shows which mirrors of the journal are behind for long.
function behind(words) {
  const line = $("behind");
  line.hidden = !words;
  say(line.firstElementChild, capital(words));
}

function controlled(live) {
  next = live.next;
  if (next) names.set(next.to.id, next.to.name);
  if (live.controller === controller) return;
  const from = controller;
  controller = live.controller;
  const cell = $("controller");
  say(cell.querySelector("[data-part=id]"), controller);
  say(cell.querySelector("[data-part=name]"), names.get(controller) ?? "");
  say(cell.parentElement.querySelector("[data-part=article]"), phrase("layout.since", { article: live.article, day: both(live.now) }));
  const passed = $("passed");
  passed.hidden = false;
  say(passed, phrase("live.passed", { from, authority: controller, article: live.article, at: both(live.now) }));
}

let known = null; // whether the connection is up, and null before the first answer

function connection(up) {
  if (state.ended || up === known) return;
  known = state.up = up;
  const link = $("link-state");
  link.dataset.state = up ? "up" : "down";
  say(link, up ? phrase("live.connected") : phrase("live.disconnected"));
  const banner = $("connection");
  banner.hidden = up;
  document.body.classList.toggle("is-lost", !up);
  say(banner, up ? "" : phrase(`lost.${data.node}`));
  tell();
}

const RELIEVED = "marz:relieved";

// relieved returns the page on which a commander signs the act after his access has ended, when this window was told of one.
export const relieved = () => sessionStorage.getItem(RELIEVED) ?? "";

// keepRelieved notes it for this window. Nothing else than an address of the post's own is taken.
export function keepRelieved(address) {
  if (/^\/relieved\/[\w-]+$/.test(address)) sessionStorage.setItem(RELIEVED, address);
}

// end makes the page quiet: whatever it showed is gone, and only the reason and the way on stay.
function end(why, live) {
  if (state.ended) return;
  state.ended = true;
  keepRelieved(live?.relieved ?? "");
  document.body.classList.remove("is-lost", "is-last");
  tell();
  const sign = relieved() && (live?.relieved || live?.controller !== data.controller.id) && h("a", { href: relieved(), class: "button main-action", id: "relieved" }, phrase("signin.relieved"));
  const link = h("a", { href: "/signin", class: `button${sign ? "" : " main-action"}` }, phrase("signin.title"));
  const passed = live?.controller && live.controller !== data.controller?.id;
  const overlay = h("div", { class: "ended", id: "ended-overlay", role: "alertdialog", "aria-labelledby": "ended-title", "aria-describedby": "ended-why" },
    h("h1", { id: "ended-title" }, phrase("live.ended")), h("p", { id: "ended-why" }, capital(why)),
    passed && h("p", { id: "ended-under" }, phrase("live.now"), " ", h("strong", {}, live.controller), " ", phrase("layout.under", { article: live.article })),
    sign && h("p", {}, sign), h("p", {}, link));
  document.querySelectorAll("dialog[open]").forEach((d) => d.close());
  show(document.body, h("header", {}, ...[$("exercise-banner")].filter(Boolean)), h("main", {}, overlay));
  (sign || link).focus();
}

// lastWord tells him whose session has ended what became of the key that he pressed last: its answer can come after the end.
export function lastWord(words) {
  const why = $("ended-why");
  if (!why) return;
  $("ended-last")?.remove();
  why.after(h("p", { id: "ended-last", role: "status" }, words));
}

function start() {
  tick();
  setInterval(tick, 250);
  $("language")?.addEventListener("change", (event) => {
    document.cookie = `language=${event.target.value}; path=/; max-age=31536000; samesite=strict; secure`;
    location.reload();
  });
  $("signout")?.addEventListener("click", signOut);
  if (!data.officer) return;
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  follow({
    onLive(live) {
      setTime(live.now);
      if (live.ended) return end(live.ended, live);
      state.live = live;
      controlled(live);
      behind(live.behind ?? "");
      drawAges(live);
      tick();
      tell();
    },
    onState: (s) => connection(s === "up"),
    onEnded: (why) => end(why || phrase("live.unknown")),
  });
}

async function signOut() {
  try {
    const { next: way } = await send("/signout");
    sessionStorage.removeItem(RELIEVED);
    go(way);
  } catch (refusal) {
    const banner = $("connection");
    banner.hidden = false;
    say(banner, refusal.message);
  }
}

start();
