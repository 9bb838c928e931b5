// officers.js invites an officer and shows the one-time link, and ends the access of one after asking.
import { $, h, say, show } from "./dom.js";
import { attempt, go } from "./page.js";
import { send } from "./post.js";
import { both } from "./time.js";

const form = $("invite");

// of is whose officer is invited: one's own, or the first supervisor of an authority that is to take control.
const of = () => $("officer-authority")?.value ?? form.dataset.own;

function settle() {
  const first = of() !== form.dataset.own;
  say($("officer-prefix"), `${of()}/`);
  if (first) $("officer-role").value = "supervisor";
  $("officer-role").disabled = first;
}

$("officer-authority")?.addEventListener("change", settle);
settle(); // the browser may have kept what was chosen before

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { number, name } = Object.fromEntries(new FormData(form));
  const role = $("officer-role").value; // also where it is settled
  const officer = `${of()}/${number.trim()}`;
  show($("invited"));
  const invitation = await attempt($("error"), () => send("/api/officers/invite", { officer, name: name.trim(), role }));
  if (!invitation) return;
  form.reset();
  settle();
  show($("invited"),
    h("p", {}, `Give ${invitation.officer} this link. It works once, until ${both(invitation.expires)}.`),
    h("pre", { class: "mono break", id: "invitation-link" }, invitation.link));
});

const dialog = $("dismiss");
let leaving = "";

for (const button of document.querySelectorAll("[data-dismiss]")) {
  button.addEventListener("click", () => {
    leaving = button.dataset.dismiss;
    say($("dismiss-who"), leaving);
    say($("dismiss-error"), "");
    dialog.showModal();
  });
}

$("dismiss-close").addEventListener("click", () => dialog.close());
$("dismiss-go").addEventListener("click", async () => {
  const answer = await attempt($("dismiss-error"), () => send("/api/officers/dismiss", { officer: leaving }));
  if (answer) go(answer.next);
});
