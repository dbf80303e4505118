// Asks what is looked at, and has the answer shown.
import { answerTo } from "./answer.js";
import * as areas from "./areas.js";
import { current } from "./current.js";
import { clear, draw, say, showTitle, stopDrawing } from "./drawing.js";
import { showEmpty } from "./empty.js";
import { $, keepFocus } from "./elements.js";
import * as pageElements from "./page_elements.js";
import { findMatches } from "./page_list.js";
import { mayPass, showError, showProblem } from "./signing_in.js";
import { clearShares, showShares, takeBusiest } from "./widths.js";
import { bytes } from "./words.js";

/** @typedef {import("./answer.js").Answer} Answer */

// What is quicker than this shows no progress, so that nothing blinks.
const QUICK_MS = 200;

/** @type {Answer | null} */
let shown = null;
let loading = new AbortController();
// There is no answer yet to what is looked at, and so nothing to draw.
let isAsking = false;
// Nothing is shown, as the service could not answer; the next time it may.
let isWorthAnotherTry = false;
let tookMs = 0;
/** @type {() => void} */
let settled = () => undefined;

export const answer = () => shown;
/** Whether looking again may show something new. */
export const canLook = () => shown !== null || isWorthAnotherTry;
export const lastTookMs = () => tookMs;
export const isBusy = () => $("picture").getAttribute("aria-busy") === "true";

/** @param {boolean} yes */
const busy = (yes) => $("picture").setAttribute("aria-busy", String(yes));

/** Calls back whenever an answer is there, or a question has failed. @param {() => void} callback */
export function whenSettled(callback) {
  settled = callback;
}

/** Asks, and shows the answer, or what went wrong. */
export async function load() {
  stopDrawing();
  const { signal } = restart();
  const slow = setTimeout(() => showProgress(signal), QUICK_MS);
  busy(true);
  isAsking = true;
  try {
    await Promise.all([findMatches(signal), takeBusiest(signal)]);
    signal.throwIfAborted();
    const found = await timed(signal, null, showReceived);
    // What is shown from here on is the answer, which must not be taken away.
    clearTimeout(slow);
    showProblem("");
    shown = found;
    isAsking = false;
    await draw(found, { signal });
    say(found);
    void showShares();
    void areas.load();
    void pageElements.load();
  } catch (error) {
    if (signal.aborted) return;
    forget();
    showTitle();
    clearShares();
    showEmpty(null);
    isWorthAnotherTry = mayPass(error);
    showError(error, load);
  } finally {
    clearTimeout(slow);
    if (loading.signal === signal) settle();
  }
}

/**
 * Looks for news, and keeps what is shown until there is something else to show. Returns what was shown before, or null
 * when nothing is new.
 */
export async function look() {
  const before = shown;
  const { signal } = restart();
  try {
    const found = await timed(signal, before);
    showProblem("");
    if (found.text === before?.text) return null;
    shown = found;
    await draw(found, { signal });
    void areas.load({ again: true });
    void pageElements.load({ again: true });
    if (!before) say(found);
    return before;
  } finally {
    if (loading.signal === signal) settled();
  }
}

function settle() {
  isAsking = false;
  keepFocus($("progress"));
  $("progress").hidden = true;
  busy(false);
  settled();
}

/** Takes away what is shown, and asks for nothing any more. */
export function abandon() {
  loading.abort();
  stopDrawing();
  forget();
  settle();
}

function restart() {
  loading.abort();
  loading = new AbortController();
  return loading;
}

/**
 * @param {AbortSignal} signal
 * @param {Answer | null} before
 * @param {(received: number) => void} [onProgress]
 */
async function timed(signal, before, onProgress) {
  const began = performance.now();
  const found = await answerTo(current(), { signal, before, onProgress });
  tookMs = performance.now() - began;
  return found;
}

/** Draws what is there once more, in another way. An answer that is still to come is drawn in that way by itself. */
export async function redraw() {
  if (isAsking) return;
  busy(true);
  if (await draw(shown)) busy(false);
}

function forget() {
  pageElements.forget();
  shown = null;
  isWorthAnotherTry = false;
  areas.forget();
  clear();
}

/** @param {AbortSignal} signal of the question that takes so long */
function showProgress(signal) {
  if (signal.aborted) return;
  shown = null;
  pageElements.forget();
  areas.forget();
  clear();
  showEmpty(null);
  showTitle();
  $("progress-text").textContent = "Asking…";
  $("progress").hidden = false;
}

/** @param {number} received */
function showReceived(received) {
  if (!$("progress").hidden) $("progress-text").textContent = `Receiving… ${bytes(received)}`;
}

$("cancel").addEventListener("click", () => {
  abandon();
  showProblem("Cancelled.", load);
});
