// wedge.js receives a document reader that types into the browser as a US keyboard (a "keyboard wedge").
//
// It promises:
// - The physical key (KeyboardEvent.code) and Shift decide, never KeyboardEvent.key: the officer's keyboard layout, caps lock, num
//   lock, dead keys and an input method change nothing. The reader must emulate a US keyboard, not type Alt codes.
// - A scan ends with its last character. No line end is needed; where there are any they are used. Without one it is reported once nothing has followed for a little longer than the reader paused in it (settleMs at least):
//   where something does, a key of a person stands somewhere in it, and it is none. Formats are those of ICAO
//   9303-4 to -7: TD1 3×30, TD2 and MRV-B 2×36, TD3 and MRV-A 2×44; and FRA-ID, the older French card, 2×36.
// - Enter and Tab are line ends of the reader. Enter never activates anything; outside a scan, Tab moves the focus.
// - F1 to F12, Escape, keys that move the caret, and other combinations with Ctrl, Alt and Meta are left to the page.
// - One run of characters without an idle gap gives at most one report (onScan for each complete scan in it that a line end ends). What follows a reported scan within the idle gap, without a line end between, is told by onExtra.
// - A run that follows within 0.6 s on one of ten characters or more that broke off is the rest of that one, whatever it looks like, and is no scan. Runs of fewer
//   than three characters are keys touched by a person and are dropped; whoever types more slowly than one key in idleMs makes
//   only such runs, so that typing by hand is never a scan.
// - A text field with the attribute data-manual-entry, on it or around it, is the officer's. Keys there are left alone, until
//   ten characters have come less than 35 ms apart each: that is a reader. The field is then put back as it was before the first
//   of them, and the rest goes to the scan. This holds for input and textarea; contenteditable, and text that an input method
//   is composing, are left alone altogether.
//
// It holds no state beyond the run under way, and at most 110 characters of that.

const LETTER = /^Key([A-Z])$/;
const DIGIT = /^(?:Digit|Numpad)([0-9])$/;
const PRINTING = /^(?:Digit[0-9]|Space|Minus|Equal|Bracket(?:Left|Right)|Semicolon|Quote|Back(?:quote|slash)|Comma|Period|Slash|Intl(?:Ro|Yen)|Numpad(?:Add|Subtract|Multiply|Divide|Decimal|Comma|Equal))$/;
const MODIFIER = /^(?:Shift|Caps|NumLock)/;
const ENTER = new Set(["Enter", "NumpadEnter"]);
const TEXT_INPUT = new Set(["text", "search", "tel", "url", "email", "password", "number"]);

const FEWEST = 3; // characters; a shorter run is not reported
const NEARLY = [71, 91]; // characters, at least and at most, of a run that can be a zone with one character lost or added: it is reported with its text
const MOST = 200; // characters counted in one run; what follows is dropped until idle
const TORN = 600; // ms after the last character of a run that broke off, within which what comes is its rest: nobody scans again as fast
const MOST_SETTLE = 90; // ms
const BURST_CHARS = 10;
const BURST_GAP = 35; // ms

// decode returns the MRZ character that a US keyboard types with the key, or "" when it types none.
export function decode(code, shift) {
  const letter = LETTER.exec(code);
  if (letter) return letter[1];
  const digit = DIGIT.exec(code);
  if (digit) return shift && code.startsWith("Digit") ? "" : digit[1];
  return code === "IntlBackslash" || (code === "Comma" && shift) ? "<" : "";
}

// checkDigit returns the check digit of a field, 0 to 9 (ICAO 9303-3 §4.9: weights 7, 3, 1; A is 10, Z is 35, < is 0).
export function checkDigit(field) {
  let sum = 0;
  for (let i = 0; i < field.length; i++) {
    const c = field[i];
    sum += (c === "<" ? 0 : parseInt(c, 36)) * [7, 3, 1][i % 3];
  }
  return sum % 10;
}

const checks = (field, digit) => String(checkDigit(field)) === digit;
const isDate = (field, digit) => /^[0-9<]{6}$/.test(field) && checks(field, digit);

// holds reports whether the second line of a two-line document stands in order: nationality, sex, birth date, expiry and
// their check digits, and the document number's, which is < where a TD2 number runs on (ICAO 9303-6 §4.2.2).
function holds(line, longNumber) {
  return /^[A-Z<]{3}$/.test(line.slice(10, 13)) && /[MFX<]/.test(line[20]) &&
    (checks(line.slice(0, 9), line[9]) || (longNumber && line[9] === "<")) &&
    isDate(line.slice(13, 19), line[19]) && isDate(line.slice(21, 27), line[27]);
}

// holdsFrance reports whether the whole of the older French card stands in order: a number of twelve characters, a birth date, and a
// composite check digit over all before it.
function holdsFrance(text) {
  const line = text.slice(36);
  return checks(line.slice(0, 12), line[12]) && isDate(line.slice(27, 33), line[33]) && /[MF]/.test(line[34]) && checks(text.slice(0, 71), text[71]);
}

const isFrance = (text) => text.startsWith("IDFRA");

// certain72 reports whether 72 characters are a whole TD2, MRV-B or FRA-ID and not the beginning of something longer.
function certain72(text) {
  if (isFrance(text)) return holdsFrance(text);
  const line = text.slice(36);
  if (text[0] === "V") return holds(line, false); // ICAO 9303-7: a visa has no composite check digit
  return holds(line, true) && checks(line.slice(0, 10) + line.slice(13, 20) + line.slice(21, 35), line[35]);
}

// certain88 reports whether 88 characters of a kind of document not known here are a whole TD3 and not the beginning of a TD1.
function certain88(text) {
  const line = text.slice(44);
  return holds(line, false) && checks(line.slice(0, 10) + line.slice(13, 20) + line.slice(21, 43), line[43]);
}

// widths returns the line lengths that a document beginning with the text can have, shortest document first. PU is a single sheet
// too (ICAO 9303-8 §4.1.5).
function widths(text) {
  const first = text[0] ?? "";
  if (first === "P") return text[1] === "U" ? [36, 44] : [44];
  if (first === "V") return [36, 44];
  return "ACI".includes(first) ? [36, 30] : [36, 44, 30];
}

const total = (width) => (width === 30 ? 90 : 2 * width);

function formatOf(width, text) {
  if (width === 30) return "TD1";
  if (text[0] === "V") return width === 36 ? "MRV-B" : "MRV-A";
  if (width === 36 && isFrance(text)) return "FRA-ID";
  return width === 36 ? "TD2" : "TD3";
}

// Scan is one run of characters, without clock or keyboard. Its methods return the scan {text, format} when it became whole.
export class Scan {
  constructor() {
    this.reset();
  }

  reset() {
    this.text = "";
    this.run = ""; // as it came, with its line ends and ? for a character that no MRZ has
    this.chars = 0; // of the whole run, whether kept or not
    this.width = 0; // of the first line, 0 before its end
    this.broken = false; // lines end where no format has them
    this.garbled = false; // a character that no MRZ has
  }

  get spoilt() {
    return this.broken || this.garbled;
  }

  char(c) {
    this.count(c);
    if (this.spoilt) return null;
    this.text += c;
    const n = this.text.length;
    if (this.width) return n === total(this.width) ? this.whole(this.width) : null;
    const possible = widths(this.text);
    if (n === Math.max(...possible.map(total))) return this.whole(possible.find((w) => total(w) === n));
    if (n === 72 && possible.includes(36) && certain72(this.text)) return this.whole(36);
    if (n === 88 && possible.includes(44) && certain88(this.text)) return this.whole(44);
    return null;
  }

  count(c) {
    this.chars = Math.min(this.chars + 1, MOST);
    if (this.chars <= NEARLY[1]) this.run += c;
  }

  lineEnd() {
    const n = this.text.length;
    if (this.run.length < 110 && !this.run.endsWith("\n")) this.run += "\n";
    if (n === 0 || this.spoilt) return null;
    if (this.width) {
      this.broken = n % this.width !== 0;
      return null;
    }
    const possible = widths(this.text);
    const all = possible.find((w) => total(w) === n);
    if (all) return this.whole(all);
    if (possible.includes(n) || (n === 44 && this.text[0] !== "P" && this.text[0] !== "V")) this.width = n;
    else this.broken = true;
    return null;
  }

  garbage() {
    this.count("?");
    this.garbled = true;
  }

  // idle ends the run: {scan}, {partial}, {garbled}, or null when there is nothing to say. A run whose length is that of a
  // document is a scan although its check digits fail: the node repairs and judges, not this page.
  idle() {
    const n = this.chars;
    if (n === 0) return null;
    const possible = widths(this.text);
    const same = !this.spoilt && !this.width && possible.find((w) => total(w) === n);
    if (same) return { scan: this.whole(same) };
    const expected = this.width ? total(this.width) : possible.map(total).find((m) => m > n);
    const long = expected === undefined || expected <= n;
    const garbled = this.garbled || long || (this.broken && possible.some((w) => total(w) === n));
    const text = n >= NEARLY[0] && n <= NEARLY[1] ? this.run.trim() : undefined;
    this.reset();
    if (n < FEWEST) return null;
    return garbled ? { garbled: { chars: n, text } } : { partial: { chars: n, expected, text } };
  }

  whole(width) {
    const text = this.text.match(new RegExp(`.{${width}}`, "g")).join("\n");
    const format = formatOf(width, this.text);
    this.reset();
    return { text, format };
  }
}

function manualField(event) {
  const el = event.composedPath()[0];
  if (!(el instanceof Element) || !el.closest("[data-manual-entry]")) return null;
  if (el.isContentEditable) return el;
  const text = el instanceof HTMLTextAreaElement || (el instanceof HTMLInputElement && TEXT_INPUT.has(el.type));
  return text && !el.readOnly && !el.disabled ? el : null;
}

// Burst watches one manual field for a reader. Until it is sure, every key goes to the field.
class Burst {
  constructor(field) {
    this.field = field;
    this.value = field.value;
    this.start = field.selectionStart; // null where the type of field has no selection
    this.end = field.selectionEnd;
    this.chars = "";
    this.last = 0; // when its last key was pressed
  }

  continues(field, at) {
    return field === this.field && at - this.last < BURST_GAP;
  }

  restore() {
    this.field.value = this.value;
    if (this.start !== null) this.field.setSelectionRange(this.start, this.end);
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

// Wedge listens to the keys of a document. Options, all but onScan optional:
//   onScan({text, format, lastCharAt})  a whole scan; lines joined by \n; lastCharAt as of now() at its last character
//   onPartial({chars, expected, text})  the reader stopped early; text where it can be a zone all the same with one character lost or added
//   onGarbled({chars, text})            a character no MRZ has, or too many, or the rest of a scan that was torn
//   onExtra()                           a character followed the scan that was reported last: it is not to be trusted
//   idleMs                              a pause this long ends a run; 150
//   settleMs                            nothing has followed a scan for at least so long when it is reported; 12
//   now, setTimer, clearTimer           the clock: performance.now, setTimeout, clearTimeout
//   timeOf                              when a key was pressed, in ms: event.timeStamp, so that a busy page is no slow reader
export class Wedge {
  constructor(options) {
    this.onScan = options.onScan;
    this.onPartial = options.onPartial ?? (() => {});
    this.onGarbled = options.onGarbled ?? (() => {});
    this.onExtra = options.onExtra ?? (() => {});
    this.idleMs = options.idleMs ?? 150;
    this.settleMs = options.settleMs ?? 12;
    this.now = options.now ?? (() => performance.now());
    this.setTimer = options.setTimer ?? ((f, ms) => setTimeout(f, ms));
    this.clearTimer = options.clearTimer ?? ((id) => clearTimeout(id));
    this.timeOf = options.timeOf ?? ((event) => event.timeStamp);
    this.scan = new Scan();
    this.burst = null;
    this.timer = null; // runs from a character until idle: while it does, the reader is at work
    this.settling = null; // runs from the last character of a whole scan until it is reported
    this.held = null; // that scan
    this.told = false; // it was reported, and neither line end nor idle has come since
    this.rest = false; // the run is the rest of a torn one
    this.over = 0; // characters of a scan after whose end others came
    this.longest = 0; // pause in the run, in ms
    this.lastCharAt = 0;
    this.tornAt = -Infinity; // when the last character came of a run that broke off
    this.listener = (event) => this.key(event);
  }

  attach(target = document) {
    target.addEventListener("keydown", this.listener, { capture: true });
  }

  detach(target = document) {
    target.removeEventListener("keydown", this.listener, { capture: true });
    this.clearTimer(this.timer);
    this.clearTimer(this.settling);
    this.burst = null;
    this.scan.reset();
    this.endRun();
  }

  endRun() {
    this.timer = this.settling = this.held = null;
    this.told = this.rest = false;
    this.over = this.longest = 0;
  }

  // key takes one keydown event, and keeps it from the page when it belongs to a reader.
  key(event) {
    const combined = event.ctrlKey || event.altKey || event.metaKey;
    if (combined && !ENTER.has(event.code)) return; // browsers activate a button by Ctrl+Enter too
    const work = this.work(event);
    if (!work) return;
    event.preventDefault(); // before the page's own functions run, which may throw
    event.stopImmediatePropagation();
    if (!event.repeat) work(); // a reader releases each key; a repeat is a key held down
  }

  // work returns what is to be done about a key of the reader, and null for a key of the page.
  work(event) {
    const char = decode(event.code, event.shiftKey);
    const busy = this.timer !== null;
    const field = busy ? null : manualField(event);
    if (field) return this.inField(field, char, event);
    if (char) return () => this.take(char);
    if (ENTER.has(event.code) || (event.code === "Tab" && busy)) return () => this.lineEnd();
    if (!busy || !PRINTING.test(event.code)) return null;
    return () => {
      this.scan.garbage();
      this.touch();
    };
  }

  // inField is work for a key in a manual field: null until the keys have turned out to be a reader's.
  inField(field, char, event) {
    if (MODIFIER.test(event.code)) return null;
    if (!char || event.repeat || event.isComposing || field.isContentEditable) {
      this.burst = null;
      return null;
    }
    const at = this.timeOf(event);
    if (!this.burst?.continues(field, at)) this.burst = new Burst(field);
    const { burst } = this;
    burst.last = at;
    burst.chars += char;
    if (burst.chars.length < BURST_CHARS) return null;
    this.burst = null;
    return () => {
      burst.restore();
      for (const c of burst.chars) this.take(c);
    };
  }

  take(char) {
    this.touch();
    if (this.told) {
      this.told = false;
      this.onExtra();
    }
    if (this.held) this.spill();
    if (this.over) this.over++;
    else this.whole(this.scan.char(char));
  }

  // spill drops a whole scan that others follow: where one key too many is in it nothing tells.
  spill() {
    this.over = this.held.text.replaceAll("\n", "").length;
    this.held = null;
    this.clearTimer(this.settling);
  }

  lineEnd() {
    this.told = false;
    if (this.held) this.release();
    else if (!this.over) this.whole(this.scan.lineEnd(), true);
  }

  // touch notes that the reader is at work. The idle time after a whole scan keeps its last line end from the page.
  touch() {
    const at = this.now();
    if (this.timer === null) this.rest = at - this.tornAt < TORN;
    else this.longest = Math.max(this.longest, at - this.lastCharAt);
    this.lastCharAt = at;
    if (this.timer !== null) this.clearTimer(this.timer);
    this.timer = this.setTimer(() => this.idle(), this.idleMs);
  }

  // idle ends a run.
  idle() {
    const { rest, over } = this;
    this.endRun();
    if (over) return this.breakOff(over, () => this.onGarbled({ chars: over, text: undefined }));
    const end = this.scan.idle();
    if (!end) return;
    const { chars } = end.scan ? { chars: end.scan.text.length } : (end.partial ?? end.garbled);
    if (end.scan && !rest) return this.onScan({ ...end.scan, lastCharAt: this.lastCharAt });
    this.breakOff(chars, () => (end.scan ? this.onGarbled({ chars, text: undefined }) : end.partial ? this.onPartial(end.partial) : this.onGarbled(end.garbled)));
  }

  breakOff(chars, tell) {
    if (chars >= BURST_CHARS) this.tornAt = this.lastCharAt; // fewer are keys that a person touched
    tell();
  }

  // whole takes a scan that became whole. ended: a line end said so.
  whole(scan, ended = false) {
    if (!scan) return;
    if (this.rest) {
      this.over = scan.text.replaceAll("\n", "").length;
      return;
    }
    this.held = scan;
    if (ended) return this.release();
    this.settling = this.setTimer(() => this.release(true), Math.min(MOST_SETTLE, Math.max(this.settleMs, 1.5 * this.longest)));
  }

  release(told = false) {
    const scan = this.held;
    this.clearTimer(this.settling);
    this.held = this.settling = null;
    this.told = told;
    this.onScan({ ...scan, lastCharAt: this.lastCharAt });
  }
}

// typeAsReader presses the keys that a document reader would, so that an exercise takes the same way as a true scan.
export function typeAsReader(text) {
  for (const c of text) document.dispatchEvent(new KeyboardEvent("keydown", { ...stroke(c), bubbles: true, cancelable: true }));
}

function stroke(c) {
  if (c === "\n") return { code: "Enter" };
  if (c === "<") return { code: "Comma", shiftKey: true };
  return /[0-9]/.test(c) ? { code: `Digit${c}` } : { code: `Key${c}`, shiftKey: true };
}
