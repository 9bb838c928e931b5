// headquarters.js keeps the table of mirrored journals as it is now. What changes what the page is made of, a node or a piece of evidence, loads it again.
import { $, h, say, show } from "./dom.js";
import { onLive } from "./page.js";
import { ago, clock, date } from "./time.js";

let nodes = JSON.parse($("nodes").dataset.nodes) ?? [];
const made = (list) => list.map((n) => [n.entry, n.gone ?? "", n.evidence?.length ?? 0].join(" ")).join();
const first = made(nodes);

const moment = (instant, none) => (instant ? h("time", { datetime: instant }, `${date(instant)} ${clock(instant)}`) : none);

function draw() {
  for (const n of nodes) {
    const row = document.querySelector(`tr[data-entry="${n.entry}"]`);
    if (!row) continue;
    const part = (name) => row.querySelector(`[data-part=${name}]`);
    show(part("held"), String(n.held), n.coming ? h("span", { class: "quiet-text" }, ` of ${n.held + n.coming}`) : "");
    show(part("newest"), moment(n.newest, "none"), h("div", { class: "quiet-text", "data-part": "age" }, n.newest ? ago(n.newest) : ""));
    show(part("cosigned"), moment(n.cosigned, "never"));
    say(part("payloads"), String(n.payloads));
    const state = part("state");
    if (!state) continue;
    state.dataset.state = !n.held ? "to do" : n.coming ? "preparing" : "active";
    say(state, !n.held ? "nothing yet" : n.coming ? "arriving" : "mirrored");
  }
}

onLive(({ live }) => {
  if (!live) return;
  if (live.mirrored && made(live.mirrored) !== first) return location.reload();
  nodes = live.mirrored ?? nodes;
  say($("own-size"), String(live.head_size));
  say($("own-root"), live.head_root);
  draw();
});

draw();
setInterval(draw, 1000);
