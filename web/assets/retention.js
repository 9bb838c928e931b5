// retention.js puts a schedule in force, holds records and releases them, each after a second press.
import { $, say } from "./dom.js";
import { attempt, go } from "./page.js";
import { send } from "./post.js";

const dialog = $("retention-deed");
let work = null;

const deeds = {
  set: ({ digest }) => ({
    title: "Put this schedule in force?",
    words: "It is an entry with your name. From one day later on the node erases what is past its time by it, and that cannot be undone. The clock of this node is at the top of the page: compare it with your watch.",
    go: "Put in force",
    work: () => send("/api/retention/set", { digest }),
  }),
  clock: () => ({
    title: "Is the clock right?",
    words: `This node's clock shows ${$("clock")?.textContent ?? ""}, ${$("date")?.textContent ?? ""}. Compare it with your watch. When you say that it is right, the node erases by it.`,
    go: "It is right",
    work: () => send("/api/retention/clock"),
  }),
  release: ({ hold }) => ({
    title: "Release this hold?",
    words: "The record is erased when its time is up, or at the next look where it is up already.",
    go: "Release",
    work: () => send(`/api/holds/${hold}/release`, { note: "" }),
  }),
  referral: ({ inspection }) => {
    const chosen = document.querySelector(`[data-outcome-of="${inspection}"]`);
    return chosen.value ? {
      title: `Second line of crossing ${inspection} ended: ${chosen.selectedOptions[0].textContent}?`,
      words: "The time for which the record is kept runs from now on.",
      go: "Record it",
      work: () => send(`/api/inspections/${inspection}/referral`, { outcome: chosen.value, note: "" }),
    } : null;
  },
};

for (const button of document.querySelectorAll("[data-act]")) {
  button.addEventListener("click", () => {
    const deed = deeds[button.dataset.act](button.dataset);
    if (!deed) return document.querySelector(`[data-outcome-of="${button.dataset.inspection}"]`).focus();
    work = deed.work;
    say($("retention-title"), deed.title);
    say($("retention-words"), deed.words);
    say($("retention-go"), deed.go);
    say($("retention-error"), "");
    dialog.showModal();
  });
}

$("retention-close").addEventListener("click", () => dialog.close());
$("retention-go").addEventListener("click", async () => {
  const answer = await attempt($("retention-error"), work);
  if (answer) go(answer.next);
});

$("hold-form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const entry = Number($("hold-entry").value.trim());
  if (!Number.isSafeInteger(entry) || entry < 1) return say($("hold-error"), "Give the number of the crossing, or of the entry.");
  if (!$("hold-reason").value) return say($("hold-error"), "Choose a reason first.");
  const answer = await attempt($("hold-error"), () => send("/api/retention/hold", { entry, reason: $("hold-reason").value, note: $("hold-note").value.trim() }));
  if (answer) go(answer.next);
});
