// Scans with stutters, bursts and a person's keys between, under a clock that moves only when told to.
import { Wedge } from "/assets/wedge.js";

let time = 0;
let timers = new Map();
let made = 0;
let accepted = [];
const wedge = new Wedge({
  onScan: ({ text, format }) => accepted.push({ text, format }),
  onExtra: () => accepted.pop(), // the page takes it back
  now: () => time,
  setTimer: (f, ms) => (timers.set(++made, { at: time + ms, f }), made),
  clearTimer: (id) => timers.delete(id),
  timeOf: () => time,
});

function wait(ms) {
  const until = time + ms;
  for (;;) {
    const [id, next] = [...timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
    if (!next || next.at > until) break;
    timers.delete(id);
    time = next.at;
    next.f();
  }
  time = until;
}

const press = ({ code, shift, key, repeat, ctrl }) => wedge.key({ code, shiftKey: Boolean(shift), key, repeat: Boolean(repeat), ctrlKey: Boolean(ctrl), altKey: false, metaKey: false,
  composedPath: () => [document.body], preventDefault() {}, stopImmediatePropagation() {} });

// run types each scan's strokes, after each of which it waits, and returns what was accepted of each.
window.run = (scans) => scans.map((strokes) => {
  accepted = [];
  for (const s of strokes) {
    press(s);
    wait(s.wait);
  }
  wait(2000);
  return accepted;
});
window.ready = true;
