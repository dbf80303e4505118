// Adds a screenshot of the page below the map, for the width at which it is laid out: a chosen file, or one that is dropped.
import { current, path } from "./current.js";
import { $, make } from "./elements.js";
import { sendFile } from "./files.js";
import { say } from "./screenshot_note.js";
import { bindAdding, complain, refresh, tellRefusal } from "./screenshots.js";
import { below, frameWidth } from "./state.js";
import { bytes, number, readable } from "./words.js";

const TYPES = ["image/png", "image/jpeg", "image/webp"];
const MOST_BYTES = 10 * 1024 ** 2;

let isSending = false;

export function bind() {
  const file = make("input", { type: "file", accept: TYPES.join(), hidden: true, id: "screenshot-file" });
  file.addEventListener("change", () => {
    const chosen = file.files?.[0];
    if (chosen) void add(chosen);
    // The same one can be chosen again.
    file.value = "";
  });
  document.body.append(file);
  bindAdding(() => file.click());
  bindDropping();
}

function bindDropping() {
  const stage = /** @type {HTMLElement} */ ($("picture").closest(".stage"));
  /** @param {boolean} isOver */
  const mark = (isOver) => stage.classList.toggle("is-dropping", isOver);
  stage.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files") || !below(current())) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    mark(true);
  });
  stage.addEventListener("dragleave", (event) => {
    const inside = event.relatedTarget instanceof Node && stage.contains(event.relatedTarget);
    if (!inside) mark(false);
  });
  stage.addEventListener("drop", (event) => {
    mark(false);
    const dropped = event.dataTransfer?.files[0];
    if (!dropped || !below(current())) return;
    event.preventDefault();
    void add(dropped);
  });
}

/** @param {File} file */
async function add(file) {
  if (isSending) return;
  const state = current();
  // Another page may be looked at by then, and the note is of that one.
  const isHere = () => current().project === state.project && below(current()) === below(state);
  const width = frameWidth(state);
  const what = `${file.name} as ${readable(below(state))}, ${number(width)} px wide`;
  if (!TYPES.includes(file.type)) return complain(`${file.name} is no picture in PNG, JPEG or WebP.`);
  if (file.size > MOST_BYTES) return complain(`${file.name} has ${bytes(file.size)}; a screenshot may have 10.4 MB.`);
  isSending = true;
  say(`Sending ${what}…`);
  try {
    await sendFile(path("heatmaps/pictures/"), { url_page: below(state), width }, file, (share) => {
      const part = share < 1 ? `${Math.floor(100 * share)} % of ${bytes(file.size)} sent` : "The service draws it anew";
      if (isHere()) say(`Adding ${what}. ${part}…`);
    });
    if (isHere()) await refresh();
  } catch (error) {
    if (isHere()) tellRefusal(error);
  } finally {
    isSending = false;
  }
  return undefined;
}
