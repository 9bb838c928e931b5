// readers.js accepts a document reader for a lane, once its fingerprint was compared, and dismisses one.
import { $, say } from "./dom.js";
import { attempt, go } from "./page.js";
import { send } from "./post.js";

let what = null;
const dialog = $("reader-deed");

for (const button of document.querySelectorAll("[data-reader]")) {
  button.addEventListener("click", () => {
    const { reader, act } = button.dataset;
    const lane = document.querySelector(`select[data-lane-of="${reader}"]`)?.value ?? "";
    what = { act, reader, lane };
    say($("reader-title"), act === "accept" ? `Accept this reader for lane ${lane}?` : "Dismiss this reader?");
    say($("reader-print"), button.dataset.print);
    say($("reader-words"), act === "accept" ? "Go to the booth and compare: the reader's own screen has to show the same fingerprint." : "It hands nothing over any more until a supervisor accepts it again.");
    say($("reader-go"), act === "accept" ? "Compared: accept" : "Dismiss");
    say($("reader-error"), "");
    dialog.showModal();
  });
}

$("reader-close")?.addEventListener("click", () => dialog.close());
$("reader-go")?.addEventListener("click", async () => {
  const { act, reader, lane } = what;
  const answer = await attempt($("reader-error"), () => send(`/api/readers/${act}`, act === "accept" ? { reader, lane } : { reader }));
  if (answer) go(answer.next);
});
