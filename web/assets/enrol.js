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
  const { next } = await send("/enrol/finish", { code, ceremony, response: await register(options) });
  button.hidden = true;
  show($("done"), "Your passkey is made. ", h("a", { href: next, class: "button" }, "Sign in"));
}
