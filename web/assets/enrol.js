// enrol.js makes an invited officer's passkey.
import { $, h, say, show } from "./dom.js";
import { attempt } from "./page.js";
import { PasskeyError, register } from "./passkey.js";
import { send } from "./post.js";

const button = $("passkey");
const error = $("error");
const { code } = $("main").dataset;

button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    await attempt(error, enrol);
  } catch (fault) {
    if (!(fault instanceof PasskeyError)) throw fault;
    say(error, fault.message);
  } finally {
    button.disabled = false;
  }
});

async function enrol() {
  const { ceremony, options } = await send("/enrol/begin", { code });
  const { next, commission } = await send("/enrol/finish", { code, ceremony, response: await register(options) });
  button.hidden = true;
  show($("done"), "Your passkey is made. ", !commission && h("a", { href: next, class: "button" }, "Sign in"));
  if (commission) ask(commission, next);
}

// ask shows what the officer's own authority has to sign before a passkey by another's invitation opens anything.
function ask({ by, passkey, command, file }, next) {
  const box = (label, text) => h("pre", { class: "mono break", tabindex: "0", role: "region", "aria-label": label }, text);
  const el = $("commission");
  show(el, h("h2", { id: "commission-heading" }, `It opens nothing until ${by} commissions it`),
    h("p", {}, `Another authority invited you, so ${by} itself has to say that this passkey is yours. Take this to its headquarters:`),
    h("h3", {}, "Public key of the passkey"), box("Public key of the passkey", passkey),
    h("h3", {}, "Command that signs it there"), box("Command that signs it", command),
    h("p", {}, "Whoever has the signed file delivers it to this post with ", h("code", {}, "marz register add"), ". Then sign in."),
    h("details", {}, h("summary", {}, "The same as a file to be signed"), box("Commission to be signed", file)),
    h("p", {}, h("a", { href: next, class: "button" }, "Sign in")));
  el.hidden = false;
}
