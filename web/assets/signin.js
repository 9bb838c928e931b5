// signin.js signs an officer in with a passkey, and in an exercise with one press.
import { $, h, say } from "./dom.js";
import { attempt, go, relieved } from "./page.js";
import { PasskeyError, signIn } from "./passkey.js";
import { phrase } from "./phrases.js";
import { send } from "./post.js";

const error = $("error");

// A commander whose session ended, and who loaded his page again, still finds the act that he has to sign.
if (relieved()) $("ended")?.after(h("p", {}, h("a", { href: relieved(), class: "button", id: "relieved" }, phrase("signin.relieved"))));

$("passkey").addEventListener("click", () => once(async () => {
  const { ceremony, options } = await send("/signin/begin");
  go((await send("/signin/finish", { ceremony, response: await signIn(options) })).next);
}));

for (const button of document.querySelectorAll("[data-officer]")) {
  button.addEventListener("click", () => once(async () => {
    go((await send("/exercise/signin", { officer: button.dataset.officer })).next);
  }));
}

let busy = false;

async function once(work) {
  if (busy) return;
  busy = true;
  try {
    await attempt(error, work);
  } catch (fault) {
    if (!(fault instanceof PasskeyError)) throw fault;
    say(error, fault.message);
  } finally {
    busy = false;
  }
}
