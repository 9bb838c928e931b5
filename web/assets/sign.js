// sign.js signs a digest: with the officer's passkey, or in an exercise with the key of his authority that the exercise keeps.
import { say } from "./dom.js";
import { attempt } from "./page.js";
import { PasskeyError, signIn } from "./passkey.js";
import { send } from "./post.js";

// sign returns the post's answer. base is where the ceremony is, what says what is signed, how is "passkey" or "exercise".
export async function sign(base, what, how) {
  if (how === "exercise") return send(`${base}/exercise`, what);
  const { ceremony, options } = await send(`${base}/begin`, what);
  return send(`${base}/finish`, { ...what, ceremony, response: await signIn(options) });
}

// tried is attempt for work in which a passkey can fail as well.
export async function tried(error, work) {
  try {
    return await attempt(error, work);
  } catch (fault) {
    if (!(fault instanceof PasskeyError)) throw fault;
    say(error, fault.message);
  }
}
