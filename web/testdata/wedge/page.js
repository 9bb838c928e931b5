// A page that says what reached it: each scan, each key as the layout types it, each activation of a control.
import { Wedge } from "/assets/wedge.js";

const seen = { scans: [], partial: [], garbled: [], keys: [], page: [], activated: 0 };
window.seen = seen;

window.addEventListener("keydown", (e) => {
  if (!/^(Shift|Caps)/.test(e.code)) seen.keys.push(e.key);
}, { capture: true });
document.addEventListener("keydown", (e) => {
  if (!/^(Shift|Caps)/.test(e.code)) seen.page.push(e.code);
});
document.addEventListener("submit", (e) => {
  e.preventDefault();
  seen.activated++;
});
document.addEventListener("click", (e) => {
  e.preventDefault();
  seen.activated++;
});

window.clear = () => {
  for (const list of [seen.scans, seen.partial, seen.garbled, seen.keys, seen.page]) list.length = 0;
  seen.activated = 0;
};

window.start = (idleMs, timeOf) => {
  window.wedge?.detach();
  window.wedge = new Wedge({
    idleMs,
    timeOf,
    onScan: (s) => seen.scans.push({ ...s, late: performance.now() - s.lastCharAt }),
    onPartial: (p) => seen.partial.push(p),
    onGarbled: (g) => seen.garbled.push(g),
  });
  window.wedge.attach();
  document.getElementById("button").focus();
};
window.start(150);
window.ready = true;
