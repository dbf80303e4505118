// Spots of the picture: what is around a place, and what is behind it.
import * as behind from "./behind.js";
import { current, currentProject } from "./current.js";
import * as names from "./names.js";
import * as picture from "./picture.js";
import { cellsAround, hottestPlaces } from "./places.js";
import { showError } from "./signing_in.js";

/** @typedef {import("./api.js").Cell} Cell */
/** @typedef {import("./picture.js").Layers} Layers */
/** @typedef {import("./layers.js").Spot} Spot */

export { spotsAt } from "./layers.js";

const MOST_SPOTS = 10;

/**
 * The hottest spots of all layers.
 * @param {Layers} drawn
 * @param {AbortSignal} signal
 */
export async function hottestSpots({ layers }, signal) {
  /** @type {Spot[]} */
  const spots = [];
  for (const layer of layers) {
    const places = await hottestPlaces(layer.grid, layer.cells, MOST_SPOTS, signal);
    spots.push(...places.map((place) => ({ place, layer })));
  }
  return spots.sort((one, other) => other.place.count - one.place.count).slice(0, MOST_SPOTS);
}

/** Points at a spot; at none, at the one that is chosen. @param {Spot | null} spot */
export const point = (spot) => picture.markSpot(spot ? circle(spot) : behind.place());

/** Opens what is behind spots that lie above each other. @param {Spot[]} spots */
export function choose(spots, { scroll = false } = {}) {
  const cells = spots.flatMap(({ place, layer }) => cellsAround(layer.grid, layer.cells, place));
  cells.sort((one, other) => other.count - one.count);
  const place = circle(spots[0]);
  const title = `Behind this spot${names.probably(spots.map(names.placeOf))}`;
  void behind.open({ title, ...behind.pointsOf(cells), place, scroll, state: current(), project: currentProject(), showError });
}

/** @param {Spot} spot */
const circle = ({ place: { x, y }, layer }) => ({ x, y, radius: layer.grid.radius });
