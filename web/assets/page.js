// page.js is what every page does: the clock, who controls and until when, the connection, and the end of the session.
import { $, h, say, show } from "./dom.js";
import { Refusal, follow, send } from "./post.js";
import { both, clock, day, now, setTime, setZone, span } from "./time.js";

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
  const cell = $("next");
  if (!cell) return;
  const left = next ? Date.parse(next.at) - now() : -1;
  cell.hidden = left < 0;
  if (left < 0) return;
  say(cell.querySelector("[data-part=countdown]"), span(left));
  say(cell.querySelector("[data-part=to]"), `to ${next.to.id}, ${both(next.at)}`);
  cell.dataset.near = left < 3600e3;
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
  say(cell.parentElement.querySelector("[data-part=article]"), `under ${live.article}, since ${both(live.now)}`);
  const passed = $("passed");
  passed.hidden = false;
  say(passed, `Control passed from ${from} to ${controller} under ${live.article}, ${both(live.now)}.`);
}

let known = null; // whether the connection is up, and null before the first answer

function connection(up) {
  if (state.ended || up === known) return;
  known = state.up = up;
  const link = $("link-state");
  link.dataset.state = up ? "up" : "down";
  say(link, up ? "Connected" : "Not connected");
  const banner = $("connection");
  banner.hidden = up;
  document.body.classList.toggle("is-lost", !up);
  say(banner, up ? "" : "Connection to the post lost. Nothing you press is recorded.");
  tell();
}

// end makes the page quiet: whatever it showed is gone, and only the reason and the way back stay.
function end(why) {
  if (state.ended) return;
  state.ended = true;
  document.body.classList.remove("is-lost");
  tell();
  const link = h("a", { href: "/signin", class: "button main-action" }, "Sign in");
  const overlay = h("div", { class: "ended", id: "ended-overlay", role: "alertdialog", "aria-labelledby": "ended-title" },
    h("h1", { id: "ended-title" }, "Your session has ended"), h("p", { id: "ended-why" }, why), h("p", {}, link));
  document.querySelectorAll("dialog[open]").forEach((d) => d.close());
  show(document.body, $("exercise-banner"), overlay);
  link.focus();
}

function start() {
  tick();
  setInterval(tick, 250);
  $("signout")?.addEventListener("click", signOut);
  if (!data.officer) return;
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  follow({
    onLive(live) {
      setTime(live.now);
      if (live.ended) return end(live.ended);
      state.live = live;
      controlled(live);
      tick();
      tell();
    },
    onState: (s) => connection(s === "up"),
    onEnded: () => end("The post no longer knows your session. Sign in again."),
  });
}

async function signOut() {
  try {
    go((await send("/signout")).next);
  } catch (refusal) {
    const banner = $("connection");
    banner.hidden = false;
    say(banner, refusal.message);
  }
}

start();
