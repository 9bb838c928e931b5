// phrases.js says phrases in the page's language. A generated module, which stands before the page's own, brings the texts of the
// page's modules; package phrase does the same in Go.
let lang = "en", rules = new Intl.PluralRules("en"), texts = {};

// fill is called once, before any other module runs.
export function fill(language, catalogue) {
  lang = language;
  rules = new Intl.PluralRules(language);
  texts = catalogue;
}

export function phrase(key, values = {}) {
  const text = texts[key];
  if (text === undefined) return key;
  const form = typeof text === "string" ? text
    : (typeof values.n === "number" && text[rules.select(values.n)]) || text.other;
  return form.replace(/\{([a-z]+)\}/g, (all, name) => (name in values ? value(values[name]) : all));
}

// A number is written in the language's digits; what is none keeps its own order within a line from the right (FSI, PDI).
function value(v) {
  if (lang !== "fa") return String(v);
  if (typeof v === "number") return String(v).replace(/[0-9]/g, (d) => "۰۱۲۳۴۵۶۷۸۹"[d]);
  return v === "" ? "" : `\u2068${v}\u2069`;
}
