// Scans with stutters, bursts and a person's keys between, under a clock that moves only when told to.
import { Wedge } from "/assets/wedge.js";

let time = 0;
let due = null;
let accepted = [];
const wedge = new Wedge({
  onScan: ({ text, format }) => accepted.push({ text, format }),
  now: () => time,
  setTimer: (f, ms) => (due = { at: time + ms, f }),
  clearTimer: () => (due = null),
  timeOf: () => time,
});

function wait(ms) {
  if (due && due.at <= time + ms) {
    time = due.at;
    const { f } = due;
    due = null;
    f();
    wait(Math.max(0, ms - 150));
    return;
  }
  time += ms;
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
  wait(1000);
  return accepted;
});
window.ready = true;
