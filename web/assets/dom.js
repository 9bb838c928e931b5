// dom.js builds elements. Text is always text: nothing here or elsewhere reads markup.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

// h returns an element with attributes and children. An attribute that is false, null or undefined is left out; one whose value
// is a function is a listener, and its name begins with "on".
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

// svg returns an SVG element.
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(el, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") el.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) el.setAttribute(name, value === true ? "" : value);
  }
  el.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return el;
}

// say puts text into an element, and leaves the element alone when it stands there already, so that nothing is read out twice.
export function say(el, text) {
  if (el && el.textContent !== text) el.textContent = text;
}

// show replaces all children.
export function show(el, ...children) {
  el.replaceChildren(...children.flat(Infinity).filter(Boolean));
}
