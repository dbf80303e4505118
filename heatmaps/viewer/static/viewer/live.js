// Live: looks for news every few seconds, while the tab is looked at.
import { countOf } from "./answer.js";
import { budget, Refused } from "./api.js";
import { current } from "./current.js";
import { say } from "./drawing.js";
import { answer, canLook, isBusy, lastTookMs, look, whenSettled } from "./loading.js";
import { $, input } from "./elements.js";
import { refresh } from "./page_list.js";
import * as picture from "./picture.js";
import { isOpen, signIn } from "./signing_in.js";
import { showShares } from "./widths.js";
import { counted } from "./words.js";

/** @typedef {import("./answer.js").Answer} Answer */
/** @typedef {import("./api.js").Cell} Cell */

const LIVE_MS = 5_000;
const SLOWEST_LIVE_MS = 60_000;
const MOST_PINGS = 40;

let nextLook = 0;

export const stop = () => clearTimeout(nextLook);

// Slower where asking takes long, or where a key has not much of its budget left.
function lookAfterMs() {
  const spared = budget.remaining > 0 ? (1000 * budget.reset) / budget.remaining : SLOWEST_LIVE_MS;
  return Math.min(SLOWEST_LIVE_MS, Math.max(LIVE_MS, 4 * lastTookMs(), spared));
}

// Whoever looks at a comparison again and again finds a difference at last, also where there is none.
const isOn = () => input("live").checked && isOpen() && canLook() && !current().against;

function plan() {
  stop();
  $("live-word").textContent = input("live").checked && current().against ? "Live: paused" : "Live";
  if (isOn()) nextLook = window.setTimeout(lookNow, lookAfterMs());
}

async function lookNow() {
  stop();
  // Whoever comes back to the tab looks at once.
  if (document.hidden || current().against) return;
  if (isBusy()) return plan();
  try {
    const before = await look();
    $("live-word").textContent = "Live";
    if (before) tellNews(before);
  } catch (error) {
    if (error instanceof Refused && error.status === 401) signIn(error.message);
    else if (error instanceof Refused) $("live-word").textContent = "Live: no answer";
    else if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
  }
}

/** @param {Answer} before */
function tellNews(before) {
  const shown = answer();
  if (!shown) return;
  void refresh();
  void showShares();
  if (shown.kind !== "points" || before.kind !== "points") return say(shown);
  /** @param {Cell} cell */
  const place = (cell) => `${cell.pointer_target_fixed} ${cell.pointer_y} ${cell.pointer_relative_x}`;
  const known = new Map(before.reply.results.map((cell) => [place(cell), cell.count]));
  const risen = shown.reply.results.filter((cell) => cell.count > (known.get(place(cell)) ?? 0));
  if (risen.length <= MOST_PINGS) picture.ping(risen);
  const more = (countOf(shown, current()) ?? 0) - (countOf(before, current()) ?? 0);
  if (more > 0) $("said").textContent = `${counted(more, current())} came in.`;
  else say(shown);
}

whenSettled(plan);
input("live").addEventListener("change", () => (isOn() ? void lookNow() : plan()));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && isOn()) void lookNow();
});
