// reading.js is the dialog in which something about a person is read, with a reason: what was read stays on the page until the dialog is closed or the session ends.
import { $, say, show } from "./dom.js";
import { attempt, onLive, state } from "./page.js";
import { send } from "./post.js";

// reading opens the dialog for every button that the selector finds, and returns how it is opened for what has no such button. idOf(button) says what it reads, url(id) where, and draw(answer) what is shown.
export function reading(selector, idOf, url, draw) {
  const dialog = $("read");
  const [ask, reasons, remark, shown, error, go, close] = ["read-ask", "read-reason", "read-note", "read-result", "read-error", "read-go", "read-close"].map($);
  let id = "";

  for (const button of document.querySelectorAll(selector)) {
    button.addEventListener("click", () => start(idOf(button)));
  }
  close.addEventListener("click", () => dialog.close());
  go.addEventListener("click", read);
  dialog.addEventListener("close", () => dialog.open || forget()); // the event comes late: by then it can be open for another
  onLive(() => state.ended && forget());

  function start(asked) {
    id = asked;
    forget();
    dialog.showModal();
  }

  // forget removes what was read from the page.
  function forget() {
    reasons.value = remark.value = "";
    ask.hidden = go.hidden = false;
    say(error, "");
    show(shown);
  }

  async function read() {
    const asked = id;
    if (!reasons.value) return say(error, "Choose a reason first.");
    const answer = await attempt(error, () => send(url(encodeURIComponent(asked)), { reason: reasons.value, note: remark.value.trim() }));
    if (!answer || !dialog.open || asked !== id || state.ended) return;
    ask.hidden = go.hidden = true;
    show(shown, ...draw(answer));
    close.focus(); // what had the focus is hidden now
  }

  return start;
}
