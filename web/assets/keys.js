// keys.js is the row of keys at the foot of the lane's page: what each does now, whether it can, and the press of it.
import { decode } from "./wedge.js";
import { h, say } from "./dom.js";

const DIGIT_IDLE = 150; // ms without another character, after which a digit was pressed by a person and not typed by a reader

// Keys shows and receives function keys. list() returns the keys as they are now: {code, label, note, on, tone, act}. They are asked for
// again at each press, so that what is drawn can never be older than what is done.
export class Keys {
  constructor(row, list) {
    this.list = list;
    this.row = row;
    this.cells = new Map();
    for (const key of list()) {
      const name = h("span", { class: "key-label" });
      const note = h("span", { class: "key-note" });
      const cell = h("button", {
        type: "button", class: "key", tabindex: "-1", "data-key": key.code, "aria-keyshortcuts": key.code,
        onmousedown: (e) => e.preventDefault(), // a key that holds the focus could be pressed by accident
        onclick: (e) => e.detail > 0 && this.press(key.code),
      }, h("kbd", {}, key.code === "Escape" ? "Esc" : key.code), name, note);
      this.cells.set(key.code, { cell, name, note });
      row.append(cell);
    }
    addEventListener("keydown", (e) => this.key(e), { capture: true });
    this.draw();
  }

  draw() {
    for (const { code, label, note, on, tone } of this.list()) {
      const { cell, name, note: mark } = this.cells.get(code);
      say(name, label);
      say(mark, note ?? "");
      cell.setAttribute("aria-disabled", String(!on));
      cell.dataset.tone = tone ?? "";
      cell.dataset.blank = !label;
    }
  }

  // key takes all function keys away from the browser, whether they do something now or not: F5 would reload, F7 browse.
  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (!/^F([1-9]|10)$|^Escape$/.test(event.code)) return;
    event.preventDefault();
    if (!event.repeat) this.press(event.code);
  }

  press(code) {
    const key = this.list().find((k) => k.code === code);
    if (key?.on) key.act();
    else key?.refused?.();
  }
}

// watchDigits calls act with 1 to 9 when a person presses that digit, on either row or pad, outside a text field and while active()
// holds. A digit with another character close before or after it is a reader's, and nobody's choice.
export function watchDigits(active, act) {
  let timer = 0;
  let last = -Infinity;
  addEventListener("keydown", (event) => {
    const char = decode(event.code, event.shiftKey);
    if (/^F[0-9]/.test(event.code)) last = -Infinity; // no reader has these keys
    if (!char || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    const alone = event.timeStamp - last > DIGIT_IDLE;
    last = event.timeStamp;
    clearTimeout(timer);
    if (!alone || !active() || !/^[1-9]$/.test(char) || inField(event)) return;
    timer = setTimeout(() => active() && act(Number(char)), DIGIT_IDLE);
  }, { capture: true });
}

// watchArrows calls act with 1 or -1 when an arrow down or up is pressed outside a text field while active() holds.
export function watchArrows(active, act) {
  addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.code];
    if (!step || event.ctrlKey || event.altKey || event.metaKey || !active() || inField(event)) return;
    event.preventDefault();
    act(step);
  }, { capture: true });
}

// Enter is the reader's, and with it the browser's way to follow a link; Space does that here.
addEventListener("keydown", (event) => {
  if (event.code !== "Space" || !(document.activeElement instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  document.activeElement.click();
});

function inField(event) {
  const el = event.composedPath()[0];
  return el instanceof HTMLTextAreaElement || el instanceof HTMLInputElement;
}
