// sections.js puts officers on duty on a section, ends patrols, records incidents, and reads an incident's note with a reason.
import { $, h, say } from "./dom.js";
import { attempt } from "./page.js";
import { Refusal, send } from "./post.js";
import { reading } from "./reading.js";
import { fixed } from "./time.js";

const acts = { patrol, incident };

for (const form of document.querySelectorAll("form[data-act]")) form.addEventListener("submit", submit);

async function submit(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("[type=submit]");
  button.disabled = true; // one press is one act
  const answer = await attempt(form.querySelector(".error"), () => acts[form.dataset.act](form.dataset.section, new FormData(form)));
  if (answer) return location.reload();
  button.disabled = false;
}

async function patrol(section, fields) {
  const [from, until] = [instant(fields.get("from")), instant(fields.get("until"))];
  if (Date.parse(until) <= Date.parse(from)) throw mistake("The duty has to end after it begins.");
  const officers = fields.getAll("officers");
  if (!officers.length) throw mistake("Choose at least one officer.");
  return send(`/api/sections/${encodeURIComponent(section)}/patrols`, { from, until, officers });
}

async function incident(section, fields) {
  return send(`/api/sections/${encodeURIComponent(section)}/incidents`, {
    at: instant(fields.get("at")),
    kind: fields.get("kind"),
    kilometre: Number(fields.get("kilometre").replace(",", ".")),
    present: fields.getAll("present"),
    patrol: Number(fields.get("patrol") ?? 0),
    note: fields.get("note").trim(),
  });
}

const mistake = (words) => new Refusal(0, "invalid", words);

// instant reads a local time of the post, and refuses what none of its clocks shows.
function instant(text) {
  const at = fixed(text);
  if (!at) throw mistake(`${text} is no time here. Write it as 2025-01-01 08:00.`);
  return at;
}

const ending = $("end");
let patrolID = "";

for (const button of document.querySelectorAll("[data-end]")) {
  button.addEventListener("click", () => {
    patrolID = button.dataset.end;
    say($("end-which"), `patrol ${patrolID} on ${button.dataset.of}`);
    say($("end-error"), "");
    ending.showModal();
  });
}

$("end-close").addEventListener("click", () => ending.close());
$("end-go").addEventListener("click", async () => {
  const answer = await attempt($("end-error"), () => send(`/api/patrols/${encodeURIComponent(patrolID)}/end`));
  if (answer) location.reload();
});

const note = (answer) => [h("p", { id: "note", class: "note", dir: "auto" }, answer.note)];

reading("[data-note]", (button) => {
  say($("read-which"), button.dataset.note);
  return button.dataset.note;
}, (id) => `/api/incidents/${id}/read`, note);
