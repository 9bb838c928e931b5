// officers.js invites an officer and shows the one-time link.
import { $, h, show } from "./dom.js";
import { attempt } from "./page.js";
import { send } from "./post.js";
import { both } from "./time.js";

const form = $("invite");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { number, name, role } = Object.fromEntries(new FormData(form));
  const officer = `${form.dataset.own}/${number.trim()}`;
  show($("invited"));
  const invitation = await attempt($("error"), () => send("/api/officers/invite", { officer, name: name.trim(), role }));
  if (!invitation) return;
  form.reset();
  show($("invited"),
    h("p", {}, `Give ${invitation.officer} this link. It works once, until ${both(invitation.expires)}.`),
    h("pre", { class: "mono break", id: "invitation-link" }, invitation.link));
});
