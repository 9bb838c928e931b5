// home.js lists the lanes and takes one.
import { $, say } from "./dom.js";
import { attempt, go, onLive, state } from "./page.js";
import { phrase } from "./phrases.js";
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
    const beside = othersAt(lane, state.officer).join(", ");
    say(card.querySelector("[data-part=state]"), !lane.open ? phrase("home.closed")
      : own ? beside ? phrase("home.shared", { at: clock(lane.since), officers: beside }) : phrase("home.yours", { at: clock(lane.since) })
        : join ? phrase("home.joint", { officers: who(lane) }) : phrase("home.open", { officers: who(lane) }));
    say(button, phrase(`home-key.${own ? "go" : join ? "join" : "take"}`, { lane: lane.id }));
    button.disabled = lane.open && !own && !join;
    say(card.querySelector("[data-part=under]"), lane.under ? ` · ${phrase("layout.under", { article: lane.under })}` : "");
    card.dataset.open = lane.open;
  }
});
