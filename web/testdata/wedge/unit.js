// The logic of wedge.js under a clock that stands still unless told to move. Keys are events made by script: they insert nothing,
// so that press() inserts what the wedge leaves to a field.
import { Scan, Wedge, checkDigit, decode } from "/assets/wedge.js";

const TD1 = ["I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"];
const TD2 = ["I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"];
const TD3 = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
const MRVA = ["V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"];
const MRVB = ["V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L8988901C4XXX4009078F9612109<<<<<<<<"];
const FRANCE = ["IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<", "8806923102858CORINNE<<<<<<<6512068F6"];
const ALL = { TD1, TD2, TD3, "MRV-A": MRVA, "MRV-B": MRVB, "FRA-ID": FRANCE };
const flat = (lines) => lines.join("");

const $ = (id) => document.getElementById(id);
const same = (got, want) => {
  const [g, w] = [JSON.stringify(got), JSON.stringify(want)];
  if (g !== w) throw new Error(`got ${g}, want ${w}`);
};

class Rig {
  constructor(options = {}) {
    this.time = 1000;
    this.timers = [];
    this.extra = 0;
    this.scans = [];
    this.partial = [];
    this.garbled = [];
    this.texts = []; // that came with partial and garbled
    this.page = [];
    this.wedge = new Wedge({
      onScan: (s) => this.scans.push(s),
      onPartial: ({ text, ...p }) => this.partial.push(p) && this.texts.push(text),
      onGarbled: ({ text, ...g }) => this.garbled.push(g) && this.texts.push(text),
      now: () => this.time,
      timeOf: () => this.time,
      onExtra: () => this.extra++,
      setTimer: (f, ms) => this.timers[this.timers.push({ f, ms, at: this.time + ms }) - 1],
      clearTimer: (timer) => (this.timers = this.timers.filter((t) => t !== timer)),
      ...options,
    });
    this.listen = (e) => this.page.push(e.code);
    document.body.addEventListener("keydown", this.listen);
    this.wedge.attach();
    this.focus($("button"));
  }

  close() {
    this.wedge.detach();
    document.body.removeEventListener("keydown", this.listen);
  }

  focus(el) {
    el.focus();
    this.target = el;
  }

  wait(ms) {
    this.time += ms;
    this.run((t) => t.at <= this.time);
  }

  run(which) {
    for (const t of this.timers.filter(which).sort((a, b) => a.at - b.at)) {
      if (!this.timers.includes(t)) continue;
      this.timers = this.timers.filter((o) => o !== t);
      t.f();
    }
  }

  // settle lets pass what a whole scan waits for before it is reported, and no more.
  settle() {
    this.run((t) => t.ms <= 90);
  }

  // press returns whether the key was left to the page.
  press(code, more = {}) {
    const e = new KeyboardEvent("keydown", { code, key: "Dead", bubbles: true, cancelable: true, composed: true, ...more });
    const left = this.target.dispatchEvent(e);
    if (left && "value" in this.target && more.text) this.target.value += more.text;
    return left;
  }

  type(text, gap = 1) {
    for (const c of text) {
      this.wait(gap);
      if (c === "\n") this.press("Enter");
      else if (c === "\t") this.press("Tab");
      else if (c === "<") this.press("Comma", { shiftKey: true, text: "x" });
      else if (c >= "A") this.press("Key" + c, { shiftKey: true, text: "y" });
      else this.press("Digit" + c, { text: "z" });
    }
  }

  // saw compares all reports so far, and forgets them.
  saw({ scans = [], partial = [], garbled = [] }) {
    this.settle();
    same({ scans: this.scans.map((s) => [s.format, s.text]), partial: this.partial, garbled: this.garbled }, { scans, partial, garbled });
    this.scans.length = this.partial.length = this.garbled.length = 0;
  }
}

const tests = {
  "keys of a US keyboard"() {
    for (const c of "ABCDEFGHIJKLMNOPQRSTUVWXYZ") same([decode("Key" + c, false), decode("Key" + c, true)], [c, c]);
    for (const c of "0123456789") {
      same([decode("Digit" + c, false), decode("Digit" + c, true)], [c, ""]);
      same(decode("Numpad" + c, false), c);
    }
    same([decode("Comma", true), decode("Comma", false), decode("IntlBackslash", false)], ["<", "", "<"]);
    for (const code of ["", "Unidentified", "Period", "KeyÄ", "KeyAB", "Numpad10", "F1", "Enter"]) same(decode(code, false), "");
  },

  "check digits of ICAO 9303-3 and -4"() {
    same(["520727", "AB2134<<<", "L898902C3", "740812", "120415", ""].map(checkDigit), [3, 5, 6, 2, 9, 0]);
  },

  "each format, each way of ending lines, whole at its last character"(rig) {
    for (const [format, lines] of Object.entries(ALL)) {
      for (const [between, after] of [["", ""], ["", "\n"], ["\n", "\n"], ["\t", "\t"], ["\n\n", "\n\n"], ["\n", ""]]) {
        rig.type(lines.join(between));
        rig.settle();
        same(rig.scans[0]?.lastCharAt, rig.time);
        rig.type(after);
        rig.wait(1000);
        rig.saw({ scans: [[format, lines.join("\n")]] });
      }
    }
    same(rig.page, []);
  },

  "a reader that prefers the other keys"(rig) {
    for (const c of flat(TD2)) {
      rig.wait(1);
      if (c === "<") rig.press("IntlBackslash");
      else if (c >= "A") rig.press("Key" + c, { isComposing: true });
      else rig.press("Numpad" + c);
    }
    rig.saw({ scans: [["TD2", TD2.join("\n")]] });
  },

  "scans one after the other without a pause"(rig) {
    rig.type([TD1, TD2, TD3, MRVA, MRVB, TD3].map(flat).join("\n") + "\n" + TD3.join("\n") + "\n" + flat(TD1));
    const scan = (format) => [format, ALL[format].join("\n")];
    rig.saw({ scans: ["TD1", "TD2", "TD3", "MRV-A", "MRV-B", "TD3", "TD3", "TD1"].map(scan) });
    rig.wait(1000);
    rig.saw({});
  },

  "a key of a person in the midst of a scan"(rig) {
    for (const lines of Object.values(ALL)) {
      for (let at = 0; at < flat(lines).length; at++) {
        rig.type(flat(lines).slice(0, at) + "Q" + flat(lines).slice(at));
        rig.wait(1000);
        same(rig.scans, []);
      }
    }
    rig.partial.length = rig.garbled.length = 0;
    rig.type(flat(TD3));
    rig.saw({ scans: [["TD3", TD3.join("\n")]] });
    same(rig.extra, 0);
    rig.type("Q"); // comes when the scan was reported
    same(rig.extra, 1);
    rig.wait(1000);
    rig.type(flat(TD3) + "\n" + flat(TD3) + "\n");
    rig.wait(150);
    same([rig.scans.length, rig.extra], [2, 1]);
  },

  "the rest of a scan that was torn"(rig) {
    const tail = flat(MRVB); // is a whole zone by itself
    for (const [pause, scans] of [[300, 0], [599, 0], [600, 1]]) {
      rig.type("P<UTOERIKSSON<<A");
      rig.wait(pause);
      rig.type(tail.slice(0, 1), 0);
      rig.type(tail.slice(1));
      rig.wait(5000);
      same(rig.scans.length, scans);
      rig.scans.length = 0;
    }
  },

  "wrong check digits wait for idle"(rig) {
    const bad2 = flat(TD2).replace("D231458907", "D231458908");
    rig.type(bad2);
    rig.saw({});
    rig.wait(149);
    rig.saw({});
    rig.wait(1);
    rig.saw({ scans: [["TD2", bad2.slice(0, 36) + "\n" + bad2.slice(36)]] });
    const badB = flat(MRVB).replace("4009078", "4009079");
    rig.type(badB + "\n"); // a line end says as much as a pause
    rig.saw({ scans: [["MRV-B", badB.slice(0, 36) + "\n" + badB.slice(36)]] });
  },

  "a long document number"(rig) {
    // ICAO 9303-6 §4.2.2: the number runs on in the optional data, with < for its check digit
    const two = "D23145890<UTO7408122F1204159734<<<<";
    const line = two + checkDigit(two.slice(0, 10) + two.slice(13, 20) + two.slice(21, 35));
    rig.type(TD2[0] + line);
    rig.saw({ scans: [["TD2", TD2[0] + "\n" + line]] });
  },

  "a document of a kind unknown here"(rig) {
    for (const [format, lines] of Object.entries({ TD1, TD2, TD3 })) {
      const other = ["X" + lines[0].slice(1), ...lines.slice(1)];
      rig.type(flat(other));
      rig.saw({ scans: [[format, other.join("\n")]] });
      rig.wait(150);
      rig.type(other.join("\n"));
      rig.saw({ scans: [[format, other.join("\n")]] });
      rig.wait(1000);
    }
  },

  "half a scan, of any length"(rig) {
    for (const lines of Object.values(ALL)) {
      const text = flat(lines);
      for (let n = 3; n < text.length; n++) {
        rig.wait(1000);
        rig.type(text.slice(0, n));
        rig.wait(149);
        rig.saw({});
        rig.wait(1);
        if (n === 72 && text[0] !== "P") {
          same(rig.scans.length, 1); // as long as a TD2 or MRV-B: the node sees that its check digits fail
          rig.scans.length = 0;
          continue;
        }
        const expected = text[0] === "P" ? 88 : n < 72 ? 72 : text[0] === "V" ? 88 : 90;
        rig.saw({ partial: [{ chars: n, expected }] });
      }
    }
  },

  "half a scan whose first line is whole"(rig) {
    for (const [lines, expected] of [[TD1, 90], [TD2, 72], [TD3, 88], [MRVA, 88], [MRVB, 72]]) {
      rig.type(lines[0] + "\n" + lines[1].slice(0, 12) + "\n");
      rig.wait(150);
      rig.saw({ partial: [{ chars: lines[0].length + 12, expected }] });
    }
    rig.type(TD3[0].slice(1) + "\n" + TD3[1]);
    rig.wait(150);
    rig.saw({ partial: [{ chars: 87, expected: 88 }] });
  },

  "a character that no MRZ has"(rig) {
    for (const [code, shiftKey] of [["Space", false], ["Digit1", true], ["Period", false], ["Comma", false], ["NumpadAdd", false]]) {
      rig.type(flat(TD3).slice(0, 50));
      same(rig.press(code, { shiftKey }), false);
      rig.type(flat(TD3).slice(50));
      rig.saw({});
      rig.wait(150);
      rig.saw({ garbled: [{ chars: 89 }] });
    }
    rig.wait(1000);
    rig.type(flat(TD3)); // and the next scan is sound
    rig.saw({ scans: [["TD3", TD3.join("\n")]] });
  },

  "lines that no format has"(rig) {
    for (const text of [
      TD3[0] + "\n" + TD3[1].slice(4) + "\n" + TD3[1].slice(40), // whole in number, broken in the wrong place
      TD3[0] + "\n" + TD3[1].slice(4) + "\n" + TD3[1],
      TD3[0] + "<\n" + TD3[1],
      TD2[0].slice(1) + "\n<" + TD2[1],
    ]) {
      rig.type(text + "\n");
      rig.saw({});
      rig.wait(150);
      rig.saw({ garbled: [{ chars: text.replace(/\n/g, "").length }] });
    }
  },

  "a run that is nearly a zone comes with its text"(rig) {
    const lost = flat(TD3).slice(0, 50) + flat(TD3).slice(51);
    for (const [typed, text] of [
      [lost, lost],
      [TD3[0].slice(1) + "\n" + TD3[1], TD3[0].slice(1) + "\n" + TD3[1]],
      [TD3[0] + "<\n" + TD3[1] + "\n", TD3[0] + "<\n" + TD3[1]],
      [flat(TD2).slice(1), flat(TD2).slice(1)],
      [flat(TD3).slice(0, 60), undefined],
      [TD3.join("\n").slice(2, -2) + "\n\n" + TD3[0], undefined],
    ]) {
      rig.type(typed);
      rig.wait(150);
      same(rig.texts, [text]);
      rig.texts.length = 0;
    }
    rig.type(flat(TD1).slice(0, 40));
    rig.press("NumpadAdd");
    rig.type(flat(TD1).slice(41));
    rig.wait(150);
    same(rig.texts, [flat(TD1).slice(0, 40) + "?" + flat(TD1).slice(41)]);
  },

  "a flood is bounded"(rig) {
    rig.type("P<UTO\nERIKSSON\n");
    for (let i = 0; i < 5000; i++) rig.type("A7<");
    same(rig.wedge.scan.text.length <= 90 && rig.wedge.scan.run.length <= 110, true);
    rig.wait(150);
    rig.saw({ garbled: [{ chars: 200 }] });
  },

  "a person types slowly"(rig) {
    for (const lines of Object.values(ALL)) rig.type(flat(lines), 150);
    rig.wait(1000);
    rig.saw({});
    rig.type("PV", 80);
    rig.wait(150);
    rig.saw({});
  },

  "Enter and Tab"(rig) {
    same([rig.press("Enter"), rig.press("NumpadEnter"), rig.press("Enter", { repeat: true })], [false, false, false]);
    for (const mod of ["ctrlKey", "altKey", "metaKey", "shiftKey"]) same(rig.press("Enter", { [mod]: true }), false);
    same(rig.press("Tab"), true);
    rig.type(flat(TD3));
    same([rig.press("Tab"), rig.press("Enter")], [false, false]);
    rig.wait(150);
    same(rig.press("Tab"), true);
    rig.saw({ scans: [["TD3", TD3.join("\n")]] });
    same(rig.page, ["Tab", "Tab"]);
  },

  "keys that are the page's"(rig) {
    rig.type(flat(TD3).slice(0, 40));
    const codes = ["F1", "F12", "Escape", "ArrowUp", "PageDown", "Home", "Backspace", "ShiftLeft", ""];
    for (const code of codes) same(rig.press(code), true);
    for (const mod of ["ctrlKey", "altKey", "metaKey"]) same(rig.press("KeyA", { [mod]: true }), true);
    rig.type(flat(TD3).slice(40));
    rig.saw({ scans: [["TD3", TD3.join("\n")]] });
    rig.wait(150);
    same(rig.press("Space"), true);
    same(rig.page, [...codes, "KeyA", "KeyA", "KeyA", "Space"]);
  },

  "a key held down types once"(rig) {
    for (const c of flat(TD3)) {
      rig.type(c);
      if (c === "<") same(rig.press("Comma", { shiftKey: true, repeat: true }), false);
    }
    rig.saw({ scans: [["TD3", TD3.join("\n")]] });
  },

  "manual entry is the officer's"(rig) {
    for (const id of ["manual", "area", "number", "editable"]) {
      rig.focus($(id));
      rig.type("AB12<CD34EF\n", 35);
      same([rig.press("Space"), rig.press("Enter"), rig.press("Tab"), rig.press("Escape")], [true, true, true, true]);
      rig.wait(1000);
      rig.saw({});
      same(rig.wedge.timer, null);
    }
    same($("manual").value.length, 11);
    $("manual").value = $("area").value = $("number").value = "";
    rig.focus($("unmarked"));
    rig.type(flat(TD3));
    rig.saw({ scans: [["TD3", TD3.join("\n")]] });
    same($("unmarked").value, "");
  },

  "a scan into a field of manual entry"(rig) {
    for (const id of ["manual", "area"]) {
      rig.focus($(id));
      $(id).value = "before";
      $(id).setSelectionRange(2, 4);
      let told = 0;
      $(id).addEventListener("input", () => told++, { once: true });
      rig.type(TD3.join("\n") + "\n", 34);
      rig.saw({ scans: [["TD3", TD3.join("\n")]] });
      same([$(id).value, $(id).selectionStart, $(id).selectionEnd, told], ["before", 2, 4, 1]);
      rig.wait(150);
      $(id).value = "";
    }
    same(rig.page.includes("Enter"), false);
  },

  "a field keeps a burst too short for a reader"(rig) {
    rig.focus($("manual"));
    rig.type("ABCDEFGHI");
    rig.wait(35);
    rig.type("ABCDEFGHI");
    rig.press("Backspace");
    rig.type("A");
    same($("manual").value.length, 19);
    rig.wait(1000);
    rig.saw({});
    $("manual").value = "";
  },

  "a page that throws keeps no key"(rig) {
    rig.wedge.onScan = () => {
      throw new Error("on purpose");
    };
    const quiet = (e) => e.preventDefault(); // an exception in a listener is told to the window
    window.addEventListener("error", quiet);
    rig.type(flat(TD3));
    same(rig.press("Enter"), false);
    window.removeEventListener("error", quiet);
  },

  "detached it hears nothing"(rig) {
    rig.type(flat(TD3).slice(0, 40));
    rig.wedge.detach();
    rig.type(flat(TD3));
    rig.wait(1000);
    rig.saw({});
    rig.wedge.attach();
    rig.type(flat(TD3));
    rig.saw({ scans: [["TD3", TD3.join("\n")]] });
  },
};

// bulk feeds texts without line ends or pauses to one Scan, and returns what came out.
window.bulk = (texts) => {
  const scan = new Scan();
  const out = [];
  for (const c of texts.join("")) {
    const whole = scan.char(c);
    if (whole) out.push({ format: whole.format, text: whole.text });
  }
  return out;
};

window.results = Object.entries(tests).map(([name, test]) => {
  const rig = new Rig();
  let fault = "";
  try {
    test(rig);
  } catch (e) {
    fault = e.stack;
  }
  rig.close();
  return { name, fault };
});
