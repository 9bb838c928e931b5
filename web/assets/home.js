// home.js lists the lanes and takes one.
import { $, say } from "./dom.js";
import { attempt, go, onLive, state } from "./page.js";
import { send } from "./post.js";
import { canJoin, othersAt, sitsAt, who } from "./seats.js";
import { clock } from "./time.js";

const error = $("error");
let lanes = new Map(JSON.parse($("main").dataset.lanes ?? "[]")?.map((l) => [l.id, l]));

for (const button of document.querySelectorAll("[data-take]")) {
  button.addEventListener("click", () => take(button.dataset.take));
}

async function take(id) {
  const lane = lanes.get(id);
  const url = `/lane/${encodeURIComponent(id)}`;
  if (lane && sitsAt(lane, state.officer)) return go(url);
  const open = await attempt(error, () => send(`/api/lanes/${encodeURIComponent(id)}/open`));
  if (open) go(url);
}

onLive(({ live }) => {
  lanes = new Map((live?.lanes ?? [...lanes.values()]).map((l) => [l.id, l]));
  for (const card of document.querySelectorAll("[data-lane]")) {
    const lane = lanes.get(card.dataset.lane);
    if (!lane) continue;
    const own = sitsAt(lane, state.officer);
    const join = canJoin(lane, state.officer);
    const button = card.querySelector("[data-take]");
    const beside = othersAt(lane, state.officer).map((o) => `, with ${o}`).join("");
    say(card.querySelector("[data-part=state]"), !lane.open ? "Closed"
      : own ? `Yours, open since ${clock(lane.since)}${beside}` : `Open: ${who(lane)}${join ? ", joint service" : ""}`);
    say(button, own ? `Go to lane ${lane.id}` : `${join ? "Join" : "Take"} lane ${lane.id}`);
    button.disabled = lane.open && !own && !join;
    say(card.querySelector("[data-part=under]"), lane.under ? ` · under ${lane.under}` : "");
    card.dataset.open = lane.open;
  }
});
