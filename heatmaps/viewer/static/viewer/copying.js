// Offers words to be copied, in a dialog where they can be read as well.
import { $, make } from "./elements.js";

/** One way to say the same: its name, what is to be known of it, and its words. @typedef {{ name: string, hint: string, words: string }} Kind */

const dialog = /** @type {HTMLDialogElement} */ ($("copy-dialog"));
const field = /** @type {HTMLTextAreaElement} */ ($("copy-text"));
// Whoever has chosen a kind is offered it again.
let lastKind = "";

/** @param {string} heading @param {string} hint @param {string} words */
export function offer(heading, hint, words) {
  offerOne(heading, [{ name: "", hint, words }]);
}

/** The same in several kinds, of which one is chosen. @param {string} heading @param {Kind[]} kinds */
export function offerOne(heading, kinds) {
  const chosen = kinds.find(({ name }) => name === lastKind) ?? kinds[0];
  $("copy-title").textContent = heading;
  $("copy-kinds").hidden = kinds.length < 2;
  $("copy-kinds").replaceChildren(...(kinds.length < 2 ? [] : kinds.map((kind) => segment(kind, kind === chosen))));
  show(chosen);
  dialog.showModal();
  field.select();
}

/** @param {Kind} kind @param {boolean} checked */
function segment(kind, checked) {
  const label = make("label");
  const radio = make("input", { type: "radio", name: "copy-kind", value: kind.name, checked });
  radio.addEventListener("change", () => {
    lastKind = kind.name;
    show(kind);
  });
  label.append(radio, make("span", { textContent: kind.name }));
  return label;
}

/** @param {Kind} kind */
function show({ hint, words }) {
  $("copy-hint").textContent = hint;
  field.value = words;
  $("copied").textContent = "";
}

$("copy").addEventListener("click", async () => {
  field.select();
  $("copied").textContent = (await toClipboard(field.value)) ? "Copied" : "Selected; copy it with the keyboard";
});

/** Whether it is there: only pages on https or on this very machine may write to the clipboard. @param {string} words */
export async function toClipboard(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return false;
  }
}
