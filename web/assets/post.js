// post.js talks with the post: one request at a time, and the stream of live events.

// Refusal is an answer of the post that is not the one hoped for, or none at all (status 0). Its message is in words for the officer.
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const PATIENCE = 8000; // ms for one answer
const LONG = 40_000; // ms for one that takes the post as long as it must: a photograph is read
const SILENCE = 1900; // ms without a sign of life from the post; it gives one each 500 ms
const AGAIN = 700; // ms before the stream is asked for again

const unanswered = "The post did not answer. It may or may not have recorded this: wait for the connection, then look again.";

export const get = (url) => ask(url, { headers: { Accept: "application/json" } });

export const send = (url, body = {}) => ask(url, {
  method: "POST",
  headers: { Accept: "application/json", "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

export const sendPicture = (url, file) => ask(url, { method: "POST", headers: { Accept: "application/json", "Content-Type": file.type }, body: file }, LONG);

async function ask(url, options, patience = PATIENCE) {
  let response;
  let answer;
  try {
    response = await fetch(url, { ...options, credentials: "same-origin", signal: AbortSignal.timeout(patience) });
    answer = await response.text();
  } catch {
    throw new Refusal(0, "unanswered", unanswered);
  }
  let value = null;
  try {
    value = JSON.parse(answer);
  } catch {
    if (response.ok) throw new Refusal(0, "unanswered", "The post's answer could not be read. Reload the page.");
  }
  if (!response.ok) {
    throw new Refusal(response.status, value?.code ?? "internal", value?.error ?? `The post answered with status ${response.status}.`);
  }
  return value;
}

// whyEnded is why the session is over that the post knew when the stream was last up; "" when it does not say.
async function whyEnded(response) {
  try {
    return /this session has ended: (.+)$/.exec((await response.json()).error)?.[1] ?? "";
  } catch {
    return "";
  }
}

// follow reads /events for as long as the page lives. onLive gets each live event, onState "up" and "down", onEnded is told when the
// post no longer knows the session, and why where it says so. A stream that ends or falls silent is down at once, and asked for again; after an event that
// ended the session it is not.
export async function follow({ onLive, onState, onEnded }) {
  for (;;) {
    const stop = new AbortController();
    const leave = () => stop.abort();
    addEventListener("pagehide", leave, { once: true });
    try {
      const response = await fetch("/events", { headers: { Accept: "text/event-stream" }, signal: silence(stop) });
      if (response.status === 401) return onEnded(await whyEnded(response));
      if (response.ok && await read(response.body, stop, onLive, onState)) return;
    } catch {
      // Whatever it was, the stream is down, and is said to be.
    }
    stop.abort();
    removeEventListener("pagehide", leave);
    onState("down");
    await new Promise((done) => setTimeout(done, AGAIN));
  }
}

// silence ends a request that has no answer in time.
function silence(stop) {
  const timer = setTimeout(() => stop.abort(), SILENCE);
  stop.signal.addEventListener("abort", () => clearTimeout(timer));
  stop.heard = () => clearTimeout(timer);
  return stop.signal;
}

// read returns true when an event has ended the session.
async function read(body, stop, onLive, onState) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  stop.heard();
  let timer = 0;
  let rest = "";
  const listen = () => {
    clearTimeout(timer);
    // A hidden page's timers run late, and would take that for silence.
    timer = setTimeout(() => (document.hidden ? listen() : stop.abort()), SILENCE);
  };
  try {
    for (;;) {
      listen();
      const { done, value } = await reader.read();
      if (done) return false;
      onState("up");
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      for (const event of events) if (dispatch(event, onLive)) return true;
    }
  } finally {
    clearTimeout(timer);
  }
}

function dispatch(event, onLive) {
  let name = "";
  let data = "";
  for (const line of event.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (name !== "live") return false;
  const live = JSON.parse(data);
  onLive(live);
  return Boolean(live.ended);
}
