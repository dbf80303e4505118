// What is probably under the spots: asked for once the picture is there, and told beside each place.
import { ask, budget } from "./api.js";
import { current, path } from "./current.js";
import { make } from "./elements.js";
import { calledElement } from "./element_words.js";
import { filters, frameWidth } from "./state.js";
import { percent } from "./words.js";

/** @typedef {import("./areas.js").Shape} Shape */
/** @typedef {import("./areas.js").AreaElement & { attr_id: string | null, href: string | null }} Element */
/** @typedef {import("./answer.js").Answer} Answer */
/** @typedef {import("./comparing.js").ComparedCell} ComparedCell */
/** @typedef {import("./spots.js").Spot} Spot */
/**
 * A place of the page: x and the radius in shares of its width, y in px, and the part of the page that belongs to it.
 * @typedef {{ x: number, y: number, radius: number, isFixed: boolean, shape: Shape }} Place
 * @typedef {{ place: Place, element: Element | null }} Known
 */

// Other kinds happen while nothing is clicked, and what was clicked before or after need not be under them.
const CLICKS = ["click", "rageclick", "deadclick"];
const CORNERS = 24;
// Requests that a key keeps for its pictures.
const SPARED = 20;

/** @type {Known[]} */
let known = [];
let question = "";
/** @type {Answer | null} */
let answered = null;
let asking = new AbortController();
/** @type {() => unknown} */
let told = () => undefined;
/** Labels of the table that is shown, each with its place. @type {Map<HTMLElement, Place>} */
let labels = new Map();

/** @param {Spot} spot @returns {Place} */
export function placeOf({ place: { x, y }, layer: { isFixed, grid } }) {
  // The circle lies within the corners.
  const reach = grid.radius / Math.cos(Math.PI / CORNERS);
  const polygon = Array.from({ length: CORNERS }, (_, corner) => {
    const angle = (2 * Math.PI * corner) / CORNERS;
    return /** @type {[number, number]} */ ([
      rounded((x + reach * Math.cos(angle)) / grid.width),
      rounded(y + reach * Math.sin(angle)),
    ]);
  });
  return { x: x / grid.width, y, radius: grid.radius / grid.width, isFixed, shape: { polygon } };
}

/** @param {ComparedCell} cell @param {{ cell_width: number, cell_height: number }} grid @returns {Place} */
export function placeOfCell({ pointer_relative_x: x, pointer_y: y, pointer_target_fixed }, { cell_width, cell_height }) {
  const width = cell_width / 100;
  const shape = /** @type {Shape} */ ({ x: [x, rounded(x + width - 0.01)], y: [y, y + cell_height - 1] });
  return { x: x + width / 2, y: y + cell_height / 2, radius: width / 2, isFixed: pointer_target_fixed, shape };
}

/** @param {number} value */
const rounded = (value) => Number(value.toFixed(4));

/** Calls back when more is known. @param {() => unknown} callback */
export function whenKnown(callback) {
  told = callback;
}

/** Stops asking; what is known stays until another question. */
export function stop() {
  asking.abort();
}

/**
 * Asks for the names of places that are not known yet, once for an answer: other pictures of the same answer make do
 * with what is known.
 * @param {Answer} answer
 * @param {Place[]} places
 */
export function find(answer, places) {
  const state = current();
  const asked = filters(state);
  const key = JSON.stringify([state.project, asked]);
  if (key !== question) {
    known = [];
    question = key;
  }
  if (answer === answered || !CLICKS.includes(state.type)) return;
  answered = answer;
  stop();
  const wanted = places.filter((place) => !nearest(place, place.radius / 2));
  if (!wanted.length || budget.remaining < SPARED) return;
  asking = new AbortController();
  void askFor(wanted, asked, asking.signal);
}

/** @param {Place[]} places @param {Record<string, string>} asked @param {AbortSignal} signal */
async function askFor(places, asked, signal) {
  const areas = places.map(({ shape, isFixed }, index) => ({ name: String(index), target_fixed: isFixed, ...shape }));
  try {
    const parameters = { ...asked, areas: JSON.stringify(areas), include: "elements" };
    const { results } = await ask(path("heatmaps/areas/"), parameters, { signal });
    if (signal.aborted) return;
    known.push(...places.map((place, index) => ({ place, element: results[index].elements[0] ?? null })));
    for (const [label, place] of labels) fill(label, place);
    told();
  } catch {
    // The picture says what is wrong with a question; without names, a place is its name.
  }
}

/** What is known nearest to a place and no further away than that, in shares of the width. @param {Place} place @param {number} most */
function nearest(place, most) {
  const width = frameWidth(current());
  /** @param {Known} one */
  const away = (one) => Math.hypot(one.place.x - place.x, (one.place.y - place.y) / width);
  return known
    .filter((one) => one.place.isFixed === place.isFixed && away(one) <= most)
    .toSorted((one, other) => away(one) - away(other))[0];
}

/** What is probably there; null where nobody knows. @param {Place} place */
const elementAt = (place) => nearest(place, place.radius)?.element ?? null;

/** "Shop now · button", or nothing. @param {Place} place */
export function nameAt(place) {
  const element = elementAt(place);
  return element ? calledElement(element) : "";
}

/** The end of a sentence about places. @param {Place[]} places */
export function probably(places) {
  const found = [...new Set(places.map(nameAt).filter(Boolean))];
  return found.length ? ` · probably ${found.join(", ")}` : "";
}

/** Where in the table an element is known to be. @param {(element: Element) => boolean} isIt */
export const placesOf = (isIt) => known.filter(({ element }) => element && isIt(element)).map(({ place }) => place);

/** Forgets the labels of the last table. */
export function forgetLabels() {
  labels = new Map();
}

/** A label of a place, which gets its name when that comes. @param {Place} place */
export function labelOf(place) {
  const label = make("span", { className: "under" });
  labels.set(label, place);
  fill(label, place);
  return label;
}

/** @param {HTMLElement} label @param {Place} place */
function fill(label, place) {
  const element = elementAt(place);
  label.hidden = !element;
  if (!element) return;
  label.textContent = calledElement(element);
  const share = element.share === null ? "" : `, of ${percent(element.share, 1)} of what happened here`;
  label.title = `${element.text || element.selector}${share}. Likely, not certain: from the clicks that were captured at about the same time.`;
}
