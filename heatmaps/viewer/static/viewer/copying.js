// Offers words to be copied, in a dialog where they can be read as well.
import { $ } from "./elements.js";

const dialog = /** @type {HTMLDialogElement} */ ($("copy-dialog"));
const field = /** @type {HTMLTextAreaElement} */ ($("copy-text"));


/** @param {string} heading @param {string} hint @param {string} words */
export function offer(heading, hint, words) {
  $("copy-title").textContent = heading;
  $("copy-hint").textContent = hint;
  field.value = words;
  $("copied").textContent = "";
  dialog.showModal();
  field.select();
}

$("copy").addEventListener("click", async () => {
  field.select();
  // Only pages on https or on this very machine may write to the clipboard themselves.
  try {
    await navigator.clipboard.writeText(field.value);
    $("copied").textContent = "Copied";
  } catch {
    $("copied").textContent = "Selected; copy it with the keyboard";
  }
});
