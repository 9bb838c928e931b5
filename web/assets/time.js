// time.js shows instants and spans. The post's clock is the only one: the booth's own clock measures only how long ago the
// post last told the time.

import { phrase } from "./phrases.js";

let offset = 0; // ms to add to performance.now() for the post's time
let zone = "UTC";
const formats = new Map();

// setTime notes what the post's clock showed just now.
export function setTime(instant) {
  offset = Date.parse(instant) - performance.now();
}

// now returns the post's time in ms since 1970.
export const now = () => offset + performance.now();

// setZone sets the zone in which instants are shown. What this browser does not know is UTC.
export function setZone(name) {
  zone = name || "UTC";
  formats.clear();
}

function format(name, options) {
  if (!formats.has(name)) {
    try {
      formats.set(name, new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone }));
    } catch {
      formats.set(name, new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" }));
    }
  }
  return formats.get(name);
}

const ms = (instant) => (typeof instant === "number" ? instant : Date.parse(instant));

export const clock = (instant) =>
  format("clock", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(ms(instant));
// day writes a day as the page's language does, and in Persian by the Solar Hijri calendar; package phrase has the same.
export function day(instant) {
  const part = {};
  const calendar = document.documentElement.lang === "fa" ? "persian" : "gregory";
  for (const { type, value } of format("day", { day: "numeric", month: "numeric", year: "numeric", calendar, numberingSystem: "latn" })
    .formatToParts(ms(instant))) part[type] = Number(value);
  return phrase(`month.${part.month}`, { day: part.day, year: part.year });
}

// date writes an instant's day as a date field does: 2025-01-01.
export const date = (instant) =>
  format("date", { day: "2-digit", month: "2-digit", year: "numeric" }).format(ms(instant)).split("/").reverse().join("-");

// startOf returns when a date begins in the zone, in ms since 1970. Its second round is for a zone that changed its offset in between.
export function startOf(text) {
  const begin = Date.parse(`${text}T00:00:00Z`);
  let at = begin;
  for (let i = 0; i < 2; i++) at += begin - Date.parse(`${date(at)}T${clock(at)}Z`);
  return at;
}

export const both = (instant) => `${day(instant)}, ${clock(instant)}`;

const two = (n) => String(n).padStart(2, "0");

// span writes a length of time: 0:07, 12:31, 3:05:09, and with days in words.
export function span(length) {
  const s = Math.max(0, Math.floor(length / 1000));
  const d = Math.floor(s / 86400);
  const hours = Math.floor((s % 86400) / 3600);
  const rest = `${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
  if (d) return phrase("time.days", { n: d, rest: `${two(hours)}:${rest}` });
  return hours ? `${hours}:${rest}` : rest.replace(/^0/, "");
}

// ago says roughly how long ago an instant was.
export function ago(instant) {
  const s = Math.floor((now() - ms(instant)) / 1000);
  if (Number.isNaN(s)) return "";
  if (s < 60) return phrase("time.now");
  if (s < 3600) return phrase("time.minutes", { n: Math.floor(s / 60) });
  if (s < 86400) return phrase("time.hours", { n: Math.floor(s / 3600) });
  return phrase("time.ago", { n: Math.floor(s / 86400) });
}

// wall returns what the clocks of the post show at an instant, as ms since 1970 on a clock without a zone.
function wall(instant) {
  const part = {};
  for (const { type, value } of format("wall", { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
    second: "2-digit", hourCycle: "h23" }).formatToParts(instant)) part[type] = Number(value);
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
}

// fixed gives a local time of the post ("2025-01-01 08:00", with seconds or without) its offset, as RFC 3339. It returns "" for what
// its clocks never show: 31 February, or an hour that they skip.
export function fixed(text) {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d)?$/.exec(text.trim());
  if (!match) return "";
  const local = `${match[1]}T${match[2]}${match[3] ?? ":00"}`;
  const shown = Date.parse(`${local}Z`);
  if (Number.isNaN(shown) || new Date(shown).toISOString() !== `${local}.000Z`) return "";
  const guess = 2 * shown - wall(shown);
  const instant = guess + shown - wall(guess);
  if (wall(instant) !== shown) return "";
  const minutes = (shown - instant) / 60e3;
  if (!Number.isInteger(minutes)) return new Date(instant).toISOString(); // an old local mean time
  const east = Math.abs(minutes);
  return `${local}${minutes < 0 ? "-" : "+"}${two(Math.floor(east / 60))}:${two(east % 60)}`;
}
