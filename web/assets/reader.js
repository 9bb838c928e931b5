// reader.js is what a lane's page shows of the document reader at it and of what the chip holds: how far a document is read, whether what was read waits to be taken, and the portrait.
import { $, h, show } from "./dom.js";

const isRead = ({ reader }, own) => reader?.state === "read" && (reader.for ?? []).includes(own);

// toTake returns the reading that waits to be taken by this officer's authority, or nothing.
export const toTake = (lane, own) => (isRead(lane, own) ? lane.reader.reading : "");

// underWay returns the reading of a document that is being read now, once its zone was found.
export const underWay = ({ reader }) => (reader?.state === "reading" ? reader.reading : "");

const steps = { zone: "Zone read. Looking for the chip", "EF.DG2": "Reading the portrait" };

// progress says how far a document is read, and that a reader is not heard of.
export function progress({ reader }) {
  if (reader?.state === "silent") return "The document reader is not heard of. Type the zone, or have it looked at";
  if (reader?.state !== "reading") return "";
  const words = steps[reader.step] ?? `Reading ${reader.step.replace("EF.", "")}`;
  return reader.of ? `${words}, ${Math.floor((100 * reader.done) / reader.of)} %` : words;
}

// drawPortrait shows the portrait of the chip, and in words whether the state signed it, or why there is none. Without a chip nothing is shown.
export function drawPortrait(portrait) {
  const figure = $("portrait");
  figure.hidden = !portrait;
  if (!portrait) return show(figure);
  figure.dataset.proven = Boolean(portrait.address && portrait.proven);
  const words = portrait.proven ? "Chip: signed by the state" : [h("strong", {}, "Not proven"), ": signed by nobody who is known here"];
  if (!portrait.address) return show(figure, h("figcaption", {}, h("strong", {}, "No portrait"), `: ${portrait.why}. Compare the printed one.`));
  const old = figure.querySelector("img");
  const image = old?.getAttribute("src") === portrait.address ? old : h("img", { src: portrait.address, alt: "Portrait on the document's chip", decoding: "async" });
  show(figure, image, h("figcaption", {}, words));
}
