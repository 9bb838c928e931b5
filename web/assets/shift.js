// shift.js takes over a shift: what is taken over is what this page shows, by its digest.
import { $, say } from "./dom.js";
import { attempt, go, onLive, state } from "./page.js";
import { send } from "./post.js";

const dialog = $("taking");
const button = $("taking-go");
const { digest } = $("main").dataset;

$("take")?.addEventListener("click", () => {
  say($("taking-error"), "");
  dialog.showModal();
  $("taking-close").focus(); // one press of Enter too many takes nothing over
});
$("taking-close").addEventListener("click", () => dialog.close());

button.addEventListener("click", async () => {
  button.disabled = true; // one press is one handover
  const answer = await attempt($("taking-error"), () => send("/api/shift/take", { digest }));
  if (answer) return go(answer.next ?? "/shift");
  button.disabled = false;
  $("again").hidden = state.ended;
});

onLive(() => state.ended && dialog.close());
