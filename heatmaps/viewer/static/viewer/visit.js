// The sentence that says what the page in the frame does there, until somebody has read it.
import { act } from "./cards.js";
import { $, make } from "./elements.js";

// Remembered by the browser, for all projects: it is the same everywhere.
const READ = "heatmaps.visit-read";
const SENTENCE =
  "This is a visit: the page below runs as for any visitor, and its analytics may count it, but it cannot reach the viewer.";

/** @type {HTMLElement | null} */
let note = null;

/** Shows the sentence, unless it has been dismissed, or takes it away. @param {boolean} isVisit */
export function tellOfVisit(isVisit) {
  const isWanted = isVisit && !isRead();
  if (isWanted) note ??= made();
  if (note) note.hidden = !isWanted;
}

function made() {
  const box = make("p", { id: "visit-note", className: "note visit" });
  box.setAttribute("role", "status");
  const dismiss = act("Got it", () => {
    remember();
    box.hidden = true;
    // Where the keyboard was is gone.
    $("picture").focus({ preventScroll: true });
  });
  dismiss.className = "quiet";
  box.append(make("span", { textContent: SENTENCE }), dismiss);
  $("frame-note").after(box);
  return box;
}

// A browser may keep nothing, and then says so by an error.
let isReadHere = false;

function isRead() {
  try {
    return isReadHere || localStorage.getItem(READ) !== null;
  } catch {
    return isReadHere;
  }
}

function remember() {
  isReadHere = true;
  try {
    localStorage.setItem(READ, "yes");
  } catch {
    // Then for as long as this tab is open.
  }
}
