// transfer.js is the commanders' page. It draws what the post says, asks again after every change, and takes a step only through a dialog that says what it does.
//
// It promises:
// - Facts are drawn by facts.js from what both sides get alike; who looks decides the buttons and nothing else.
// - A key is turned only for the digest that the dialog showed. When that changes meanwhile the dialog can do nothing any more.
// - Names of alerts leave the page with the session.
import { deeds, drawAlerts, forget, unchoose } from "./alerts.js";
import { check, field, open, reasonField, text } from "./deed.js";
import { $, h, say, show } from "./dom.js";
import { caseOf, drawFacts, drawTime, nameOf } from "./facts.js";
import { attempt, keepRelieved, onLive, relieved, state } from "./page.js";
import { drawDigest, lanesOf } from "./passing.js";
import { Refusal, get, send } from "./post.js";
import { sign } from "./sign.js";
import { both, clock, date, fixed, now } from "./time.js";

const main = $("main");
let body = JSON.parse(main.dataset.body);
delete main.dataset.body; // what it says is on the page where it belongs, and leaves with it
let asking = false;
let again = false;

const can = (step) => (body.Can ?? []).includes(step);
const t = () => body.Transfer;
const reasons = (...names) => names.map((n) => body.Reasons?.[n]).find((r) => r?.length);
const named = (step) => ({ id: t().plan.id, ...step });

// following the post

onLive(({ live, ended }) => {
  if (ended) {
    body = { Can: [] };
    return forget();
  }
  if (live) refresh();
});

async function refresh() {
  again = asking;
  if (asking) return;
  asking = true;
  const answer = await attempt($("error"), () => get("/api/transfer"));
  asking = false;
  if (state.ended) return;
  if (answer) {
    body = answer;
    draw();
  }
  if (again) refresh();
}

setInterval(() => !state.ended && t() && drawTime(t()), 250);

// drawing

let phase = "";

function draw() {
  const transfer = t();
  $("none").hidden = Boolean(transfer);
  $("relief").hidden = !transfer;
  if (!transfer) return say($("side"), "");
  say($("side"), { outgoing: `You are a commander of the outgoing authority, ${body.Own}.`, incoming: `You are a commander of the incoming authority, ${body.Own}.` }[body.Side] ?? `You look on for ${body.Own}.`);
  drawFacts(transfer);
  for (const el of document.querySelectorAll("[data-deeds]")) buttons(el);
  say($("cannot"), body.Cannot ?? "");
  $("act-link").href = `/transfer/${encodeURIComponent(transfer.plan.id)}/act`;
  drawAlerts(body.Alerts, body.Side);
  deeds(dispositions(), dispose);
  drawKept();
  drawCommission();
  if (phase && phase !== transfer.phase) say($("news"), `The transfer is ${transfer.phase} now.`);
  phase = transfer.phase;
  check();
}

const labels = {
  open: "Begin preparation", postpone: "Set another instant", refuse: "Declare refusal", cancel: "Cancel the transfer", count: "Enter counts",
  present: "Present the instrument", arm: "Turn my key", disarm: "Take key back", now: "The instant has come",
};

function buttons(el) {
  const names = el.dataset.deeds.split(" ").filter(can);
  if (el.dataset.shown === names.join(" ")) return;
  el.dataset.shown = names.join(" ");
  const had = el.contains(document.activeElement) ? document.activeElement.dataset.deed : "";
  show(el, names.map((name) => h("button", { type: "button", "data-deed": name, class: name === "arm" ? "main-action" : "", onclick: () => asks[name]() }, labels[name])));
  if (had) (el.querySelector(`[data-deed="${had}"]`) ?? el.querySelector("button"))?.focus();
}

// drawKept shows the outgoing commander the page on which he signs the act once he is relieved. It is told once, to the window in which he turned his key.
function drawKept() {
  const address = relieved();
  const turned = t().keys.some((k) => k.authority === body.Own && k.at); // a key that fell opens nothing
  show($("kept"), address && turned && body.Side === "outgoing" && [
    h("p", {}, "When control passes your access ends. You review and sign the act on this page, from any browser at the post. Note it down: ",
      h("a", { href: address, class: "mono", id: "kept-link" }, location.origin + address))]);
}

function drawCommission() {
  const el = $("commission");
  if (el.dataset.gist === (body.Commission ?? "")) return;
  el.dataset.gist = body.Commission ?? "";
  show(el, body.Commission && [
    h("p", {}, h("span", { class: "state", "data-state": "attention" }, "Your passkey does not count yet"), ": your headquarters has to sign that you command here. Take this to it, and bring back what it signed to the register."),
    h("details", {}, h("summary", {}, "What it has to sign"),
      h("p", {}, "Save it as commission.json. Headquarters signs it with ", h("code", {}, `marz register sign --key ${body.Own}.key commission.json`), ", and ",
        h("code", {}, `marz register add commission.signed.json --node ${location.origin} --ca ca.crt`), " brings it here."), h("pre", { class: "mono break", tabindex: "0", role: "region", "aria-label": "Commission to be signed" }, body.Commission))]);
}

// steps

const DONE = true;
const out = () => t().plan.from;
const into = () => t().plan.to;

// step asks for one that the post does at one address, and is out of date once the post no longer lets him do it.
function step(name, { fields = () => ({}), ...rest }) {
  const { id } = t().plan;
  open({
    work: async (form) => {
      await send(`/api/transfer/${name}`, fields(form));
      return DONE;
    },
    still: () => (t()?.plan.id === id && can(name) ? "" : `This can no longer be done: ${body.Cannot || `the transfer is ${t()?.phase ?? "gone"} now`}.`),
    then: refresh,
    ...rest,
  });
}

const mistake = (words) => new Refusal(0, "invalid", words);

const written = (instant) => (instant ? `${date(instant)} ${clock(instant)}`.replace(/:00$/, "") : "");

const instantField = (value) => field("at", "Control passes at, in the time here", { class: "moment", required: true, value, placeholder: "2025-01-01 00:00", title: "Write it as 2025-01-01 00:00", spellcheck: "false", autofocus: true });

function instantOf(form) {
  const at = fixed(form.get("at"));
  if (!at) throw mistake(`${form.get("at")} is no time here. Write it as 2025-01-01 00:00.`);
  if (Date.parse(at) < now()) throw mistake(`${form.get("at")} is past: it is ${both(now())} here.`);
  return at;
}

const asks = {
  open() {
    const lanes = t().plan.lanes?.length ? t().plan.lanes : (state.live?.lanes ?? []).map((l) => l.id);
    step("open", {
      title: "Begin preparation?",
      go: "Begin preparation",
      body: [
        text("From now on both commanders see the same page, count, and dispose of alerts. Control does not move. It can be cancelled until control has passed."),
        instantField(written(t().plan.at || t().plan.agreed)),
        h("fieldset", {}, h("legend", {}, t().plan.lanes?.length ? "Lanes that pass; none chosen: all that the article names" : "Lanes that pass; none chosen: the whole post"),
          lanes.map((l) => h("label", { class: "choice" }, h("input", { type: "checkbox", name: "lanes", value: l }), ` ${l}`))),
      ],
      fields: (form) => ({ article: t().plan.article, lanes: form.getAll("lanes").length ? form.getAll("lanes") : t().plan.lanes ?? [], at: instantOf(form) }),
    });
  },

  count() {
    const mine = body.Side === "outgoing" ? "outgoing" : "incoming";
    const lines = t().inventory.filter((l) => !l.measured);
    step("count", {
      title: `Counts of ${body.Own}`,
      go: "Record counts",
      body: [
        text("What you counted by hand. The other side sees each number as soon as it is recorded. A difference is no hindrance: both sign it."),
        h("div", { class: "counts" }, lines.map((l, i) => field(`n-${i}`, nameOf(l.what), { type: "number", min: 0, max: 1000000, step: 1, inputmode: "numeric", value: l[mine] ?? "", autofocus: i === 0 }))),
        h("div", { class: "row" }, field("more", "Something else that you counted", { maxlength: 63, spellcheck: "false" }), field("n-more", "How many", { type: "number", min: 0, max: 1000000, inputmode: "numeric" })),
        field("note", "Note, if needed", { maxlength: 200, dir: "auto" }),
      ],
      work: async (form) => {
        const found = lines.map((l, i) => [l.what, form.get(`n-${i}`), l[mine]]);
        const more = form.get("more").trim().toLowerCase().replace(/\s+/g, "-");
        if (more && !/^[a-z0-9-]+$/.test(more)) throw mistake(`Write ${form.get("more").trim()} in Latin letters and digits: its name stands in the act for both sides. Nothing was recorded.`);
        if (Boolean(more) !== (form.get("n-more") !== "")) throw mistake(more ? `Write how many: ${more}. Nothing was recorded.` : `Write what you counted ${form.get("n-more")} of. Nothing was recorded.`);
        if (more) found.push([more, form.get("n-more"), null]);
        const fresh = found.filter(([, n, before]) => n !== "" && Number(n) !== before);
        if (!fresh.length) throw mistake("Nothing is new: write a number first.");
        for (const [what, n] of fresh) await send("/api/transfer/count", named({ what, n: Number(n), note: form.get("note").trim() }));
        return DONE;
      },
    });
  },

  present() {
    step("present", {
      title: "Present the instrument?",
      go: "Present the instrument",
      body: [text("All that stands on this page is taken down as one instrument with one digest: plan, readiness, inventory with its differences, dispositions."),
        text("Any change after that voids it, and keys that were turned fall.")],
      fields: () => named(),
    });
  },

  disarm() {
    step("disarm", {
      title: `Take the key of ${body.Own} back?`,
      go: "Take key back",
      body: [text("Control does not pass until the key is turned again. The other side sees it at once."), reasonField(reasons("disarm"), "Why", true)],
      fields: (form) => named({ why: form.get("reason").trim() }),
    });
  },

  postpone() {
    step("postpone", {
      title: "Set another instant?",
      go: "Set this instant",
      body: [text("The instrument is void and all keys fall: both commanders turn them again for the new one."), instantField(written(t().plan.at)), reasonField(reasons("postpone"), "Why", true)],
      fields: (form) => named({ at: instantOf(form), why: form.get("reason").trim() }),
    });
  },

  refuse() {
    step("refuse", {
      title: `Declare that ${body.Own} will not turn its key?`,
      go: "Declare refusal",
      body: [text("The declaration stands in the journal and in the act. It does not cancel the transfer: what follows from it is the agreement's matter."), reasonField(reasons("refuse"), "Why", true)],
      fields: (form) => named({ why: form.get("reason").trim() }),
    });
  },

  cancel() {
    step("cancel", {
      title: "Cancel this transfer?",
      go: "Cancel the transfer",
      body: [text(`${out()} stays in control. What was counted and disposed of counts for nothing; preparation can begin anew.`), reasonField(reasons("cancel"), "Why", true)],
      fields: (form) => named({ why: form.get("reason").trim() }),
    });
  },

  arm() { signs("arm"); },
  now() { signs("now"); },
};

// summary says in few words what a key is turned for.
function summary({ plan, cases, open: lapsing, dispositions: d, inventory }) {
  const differ = inventory.filter((l) => Number.isInteger(l.outgoing) && Number.isInteger(l.incoming) && l.outgoing !== l.incoming);
  const row = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
  return h("dl", { class: "facts", id: "deed-summary" },
    row("Control", `${plan.from} → ${plan.to}, ${plan.lanes?.length ? lanesOf(plan.lanes) : "the whole post"}`), row("At", both(plan.at)), row("Under", plan.article),
    row("Inventory", differ.length ? `differs: ${differ.map((l) => `${nameOf(l.what).toLowerCase()} ${l.outgoing} / ${l.incoming}`).join(", ")}` : "no difference"),
    row("Alerts", `${d.adopted} adopted, ${d.returned} returned, ${d.lapsed + lapsing} lapse`),
    row("Destroyed after it", plan.destroy?.length ? `${plan.destroy.join(" and ")} of ${plan.from}` : "nothing"),
    cases?.length > 0 && row("Cases", cases.map(caseOf).join("; ")));
}

const how = () => (body.Sign === "exercise" ? "the exercise's key" : "your passkey");

const second = {
  arm: () => ({
    title: `Turn the key of ${body.Own}`,
    text: [`You sign with ${how()} that control passes from ${out()} to ${into()} at ${both(t().plan.at)}. The post does it at that instant by itself, connected or not. Until then you can take the key back; after it nothing undoes it.`],
    go: "Turn the key",
  }),
  now: () => ({
    title: "Sign that the instant has come",
    text: [`You sign with ${how()} that ${both(t().plan.at)} has come, whatever the clock here shows. As soon as all whose keys are needed have signed it, control passes. Nothing undoes that.`],
    go: "Sign it",
  }),
};

// signs is in two acts: first the digest and what it stands for are read, then the key is turned for that very digest.
function signs(says) {
  const { digest, plan: { id } } = t();
  const { title, text: words, go } = second[says]();
  open({
    title: says === "arm" ? "Read before you turn your key" : "The clock here is in doubt",
    go: "I have read it",
    body: [summary(t()), h("h3", {}, "Digest: compare it aloud with the other commander"), drawDigest(digest)],
    work: () => ({
      title,
      go: body.Sign === "exercise" ? `${go} (exercise: one press plays it)` : `${go} with passkey`,
      body: [text(words), drawDigest(digest)],
      work: async () => {
        const answer = await sign("/api/transfer/sign", { says, id, digest }, body.Sign);
        if (answer?.relieved) keepRelieved(answer.relieved);
        return DONE;
      },
    }),
    still: () => (t()?.plan.id !== id || t().digest !== digest ? "The plan has changed while this was open: nothing was signed. Close, and read the new one." : can(says) ? "" : `This can no longer be done: ${body.Cannot || `the transfer is ${t().phase} now`}.`),
    then: refresh,
  });
}

// dispositions are the choices of the side that looks.
function dispositions() {
  return [
    ...(can("dispose") && body.Side === "outgoing" ? [["offered", `Offer to ${into()}`], ["returned", "Return to their owner"], ["lapsed", "Let lapse"]] : []),
    ...(can("adopt") ? [["adopted", "Adopt"], ["declined", "Decline"]] : []),
  ];
}

const consequences = {
  offered: () => `A commander of ${into()} sees them, and adopts or declines each. What is neither adopted nor returned lapses when control passes.`,
  returned: () => `They go back to ${out()}, and can never hit here again once control has passed.`,
  lapsed: () => "They end when control passes, and can never hit here again, from whatever list they come back.",
  adopted: () => `They become alerts of ${into()}, under its own authority and your name, when control passes. Every hit will say whose they were, who adopted them, and why.`,
  declined: () => `${into()} does not take them over. ${out()} can return them; otherwise they lapse.`,
};

const verbs = { offered: "Offer", returned: "Return", lapsed: "Let lapse", adopted: "Adopt", declined: "Decline" };

function dispose(disposition, { lists, words, size: many }) {
  const verb = verbs[disposition];
  const of = { offered: " to the incoming authority", returned: " to their owner" }[disposition] ?? "";
  step(can("adopt") && body.Side !== "outgoing" ? "adopt" : "dispose", {
    title: `${verb} ${words}${many === 1 ? of.replace("their", "its") : of}?`,
    go: `${verb} ${words}`,
    body: [text(consequences[disposition]()), reasonField(reasons(disposition), "Why", disposition === "adopted" || disposition === "declined")],
    work: async (form) => {
      for (const [list, alerts] of lists) await send("/api/transfer/dispose", named({ list, alerts, disposition, reason: form.get("reason").trim() }));
      if (!state.ended) unchoose();
      return DONE;
    },
  });
}

draw();
