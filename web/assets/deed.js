// deed.js is the dialog in which one deliberate step is taken: it says what the step does, and does it at the press of one button.
import { $, h, say, show } from "./dom.js";
import { onLive, state } from "./page.js";
import { tried } from "./sign.js";

const REST = 600; // ms in which a second press of the same finger counts for nothing

let deed = null; // what the dialog asks, or null

const dialog = () => $("deed");

// open asks for a step: {title, body, go, work, then, still}. body is what the dialog shows, go what its button says. work(fields) does it and returns a true
// value; with a second step it returns {title, body, go, work} instead, and the dialog goes on with that. still() says why it is out of date, or "". then() follows.
export function open(asked) {
  deed = asked;
  say($("deed-error"), "");
  draw(asked);
  dialog().showModal();
  (dialog().querySelector("[autofocus]") ?? $("deed-title")).focus();
  check();
}

function draw({ title, body, go }) {
  say($("deed-title"), title);
  show($("deed-body"), body);
  const button = $("deed-go");
  say(button, go);
  button.hidden = button.disabled = false;
}

// check tells him who has the dialog open when what it asks is out of date, and lets him do it no more.
export function check() {
  const why = deed?.still?.();
  if (!why) return;
  say($("deed-error"), why);
  $("deed-go").hidden = true;
}

export const isOpen = () => deed !== null;

async function act(event) {
  event.preventDefault();
  const asked = deed;
  const button = $("deed-go");
  if (!asked || button.disabled || button.hidden || state.ended) return;
  button.disabled = true;
  const done = await tried($("deed-error"), () => asked.work(new FormData($("deed-form"))));
  if (state.ended || deed !== asked) return;
  button.disabled = false;
  if (done?.work) return next(asked, done);
  if (done) dialog().close();
  asked.then?.(done);
}

// next shows the second act in the place of the first. Its button rests a moment, so that a double press is not two acts.
function next(asked, { title, body, go, work }) {
  deed = { ...asked, work };
  draw({ title, body, go });
  const button = $("deed-go");
  button.disabled = true;
  button.dataset.rests = "";
  setTimeout(() => {
    button.disabled = false;
    delete button.dataset.rests;
    check();
  }, REST);
  $("deed-title").focus();
  check();
}

$("deed-form").addEventListener("submit", act);
$("deed-close").addEventListener("click", () => dialog().close());
dialog().addEventListener("close", () => {
  if (dialog()?.open) return; // it is told late, and the next step's dialog is open already
  deed = null;
  if (!state.ended) show($("deed-body")); // with the session the dialog is gone already
});
onLive(() => state.ended && (deed = null));

// The parts of which dialogs are made.

export const text = (...parts) => h("p", {}, parts);

// choice is the field for a reason: one of those that the post has, or in his own words where it has none.
export function reasonField(reasons, label, required) {
  if (reasons?.length) {
    return h("p", {}, h("label", { for: "deed-reason" }, label), h("br"), h("select", { id: "deed-reason", name: "reason", required },
      h("option", { value: "" }, "Choose a reason"), reasons.map((r) => h("option", { value: r.code }, r.text))));
  }
  return h("p", {}, h("label", { for: "deed-reason" }, label), h("br"), h("input", { id: "deed-reason", name: "reason", required, maxlength: 200, autocomplete: "off", dir: "auto" }));
}

export const field = (name, label, attributes) =>
  h("p", {}, h("label", { for: `deed-${name}` }, label), h("br"), h("input", { id: `deed-${name}`, name, autocomplete: "off", ...attributes }));
