// programs.js accepts another program by the fingerprint of its key, and dismisses one.
import { $, say } from "./dom.js";
import { attempt, go } from "./page.js";
import { send } from "./post.js";

$("accept").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new FormData(event.target);
  const actions = ["read-journal", ...["read-record", "manage-lists"].filter((name) => fields.has(name))];
  const client = fields.get("client").replace(/[\s:]/g, "").toLowerCase();
  const answer = await attempt($("error"), () => send("/api/programs/accept", { client, purpose: fields.get("purpose").trim(), actions, days: Number(fields.get("days")) }));
  if (answer) go(answer.next);
});

const dialog = $("dismiss");
let leaving = "";

for (const button of document.querySelectorAll("[data-dismiss]")) {
  button.addEventListener("click", () => {
    leaving = button.dataset.dismiss;
    say($("dismiss-purpose"), button.dataset.purpose);
    say($("dismiss-print"), button.dataset.print);
    say($("dismiss-error"), "");
    dialog.showModal();
  });
}

$("dismiss-close").addEventListener("click", () => dialog.close());
$("dismiss-go").addEventListener("click", async () => {
  const answer = await attempt($("dismiss-error"), () => send("/api/programs/dismiss", { client: leaving }));
  if (answer) go(answer.next);
});
