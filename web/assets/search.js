// search.js asks for a person's crossings, and goes to the page that shows them.
import { $, say } from "./dom.js";
import { attempt, go } from "./page.js";
import { send } from "./post.js";

const value = (id) => $(`search-${id}`).value.trim();
const upper = (id) => value(id).toUpperCase();

$("search-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!value("reason")) return say($("search-error"), "Choose a reason first.");
  const identity = { issuer: upper("issuer"), number: upper("number"), primary: upper("primary"), secondary: upper("secondary"), birth: value("birth"), nationality: upper("nationality") };
  const answer = await attempt($("search-error"), () => send("/api/person/search", { identity, reason: value("reason"), note: value("note") }));
  if (answer) go(answer.next);
});
