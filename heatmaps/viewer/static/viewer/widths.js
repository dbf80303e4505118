// Which kinds of screen the interactions of a page come from. One place on one kind is another on the others, so only one
// kind is shown at first: the busiest.
import { ask } from "./api.js";
import { showChoices } from "./choices.js";
import { current, fillIn, path } from "./current.js";
import { $, radios } from "./elements.js";
import { band, BANDS, filters, isBandOpen, SCROLL_DEPTH } from "./state.js";
import { roundPercent } from "./words.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {{ name: string, count: number, share: number }} BandShare */

const NAMES = ["mobile", "tablet", "desktop"];
const KEPT_MS = 60_000;

// What was asked in the last minute, by the question.
/** @type {Map<string, { at: number, shares: Promise<BandShare[]> }>} */
const known = new Map();
// The band that was taken where nobody chose one.
/** @type {string | null} */
let taken = null;

/** Takes the busiest band of widths where none is chosen. @param {AbortSignal} signal */
export async function takeBusiest(signal) {
  if (!isBandOpen(current())) return;
  const shares = await bandShares(current());
  // Meanwhile, something else may be looked at.
  signal.throwIfAborted();
  const busiest = shares.reduce((most, one) => (one.count > most.count ? one : most), shares[0]);
  if (busiest.count === 0) return;
  const { width_min, width_max } = BANDS[busiest.name];
  taken = busiest.name;
  fillIn({ width_min, width_max });
  showChoices();
}

/** Another page may have another busiest band: what was only taken is open again. */
export function reopen() {
  if (taken !== null && taken === band(current())) fillIn({ width_min: "", width_max: "", widths: "" });
}

/** Shows the share of each band beside its name, and what "any" mixes. */
export async function showShares() {
  const state = current();
  // What is wrong is told where the question itself is answered.
  const shares = await bandShares(state).catch(() => []);
  if (state !== current()) return;
  for (const radio of radios("band")) {
    const share = shares.find(({ name }) => name === radio.value);
    const text = radio.parentElement?.querySelector("small");
    if (text) text.textContent = share?.count ? ` ${roundPercent(share.share)}` : "";
  }
  const mixed = shares.filter(({ count }) => count > 0).sort((one, other) => other.count - one.count);
  const isMixed = band(state) === "any" && mixed.length > 1;
  $("mixed").hidden = !isMixed;
  const parts = mixed.map(({ name, share }) => `${roundPercent(share)} ${name}`).join(", ");
  $("mixed").textContent = `Mixes ${parts}: one element is at different places there.`;
}

/** Takes the shares away, when nobody knows them. */
export function clearShares() {
  for (const radio of radios("band")) radio.parentElement?.querySelector("small")?.replaceChildren();
  $("mixed").hidden = true;
}

/**
 * How much of what is looked at happened in each band, whichever is chosen. What is on fixed elements is not counted.
 * @param {State} state
 */
function bandShares(state) {
  const question = filters({ ...state, width_min: "", width_max: "" });
  const key = JSON.stringify([state.project, question]);
  const kept = known.get(key);
  if (kept && performance.now() - kept.at < KEPT_MS) return kept.shares;
  const shares = askShares(question);
  known.set(key, { at: performance.now(), shares });
  shares.catch(() => known.delete(key));
  return shares;
}

/**
 * Asks for one point a band, and takes the total from what comes with it.
 * @param {Record<string, string>} question
 * @returns {Promise<BandShare[]>}
 */
async function askShares(question) {
  const counts = await Promise.all(
    NAMES.map(async (name) => {
      const { width_min, width_max } = BANDS[name];
      const widths = {
        ...(width_min ? { viewport_width_min: width_min } : {}),
        ...(width_max ? { viewport_width_max: width_max } : {}),
      };
      const reply = await ask(path("heatmaps/"), { ...question, ...widths, limit: 1 });
      if (question.type !== SCROLL_DEPTH) return /** @type {import("./api.js").Points} */ (reply).fold.total_count;
      return /** @type {import("./api.js").Depths} */ (reply).results[0]?.cumulative_count ?? 0;
    }),
  );
  const all = counts.reduce((sum, count) => sum + count, 0);
  return NAMES.map((name, index) => ({ name, count: counts[index], share: all ? counts[index] / all : 0 }));
}
