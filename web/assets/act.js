// act.js prints an act of handover, and signs it: with a session, or for the relieved commander with the code that his page got when he armed.
import { $ } from "./dom.js";
import { sign, tried } from "./sign.js";

const { id, digest, code, sign: how } = $("main").dataset;

$("print").addEventListener("click", () => print());

$("sign")?.addEventListener("click", async () => {
  const button = $("sign");
  button.disabled = true; // one press is one signature
  const answer = await tried($("error"), () => (code
    ? sign(`/relieved/${encodeURIComponent(code)}`, { digest }, how)
    : sign("/api/transfer/sign", { says: "close", id, digest }, how)));
  if (answer) return location.reload();
  button.disabled = false;
});
