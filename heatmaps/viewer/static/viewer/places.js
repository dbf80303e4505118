// The places of a picture that stand out, and the cells that make up the count of one.
import { placeAt, placeOf, reach, slices } from "./counting.js";

/** @typedef {import("./api.js").Cell} Cell */
/** @typedef {import("./counting.js").Counts} Counts */
/** @typedef {import("./counting.js").Place} Place */

/**
 * The cells that make up a place's count.
 * @param {Counts} grid
 * @param {Cell[]} cells
 * @param {Place} place
 */
export function cellsAround(grid, cells, { column, row, y }) {
  return cells.filter((cell) => {
    if (Math.abs(cell.pointer_y - y) > grid.radius) return false;
    const { first, last } = reach(grid, cell, row);
    return first <= column && column <= last;
  });
}

/**
 * The hottest place, then the hottest of those that share nothing with it, and so on.
 * @param {Counts} grid
 * @param {Cell[]} cells
 * @param {number} most
 * @param {AbortSignal} [signal]
 */
export async function hottestPlaces(grid, cells, most, signal) {
  const pause = slices(signal);
  const left = grid.counts.slice();
  /** @type {Place[]} */
  const found = [];
  while (found.length < most) {
    let best = 0;
    for (let index = 1; index < left.length; index++) {
      if (left[index] > left[best]) best = index;
      if (index % 262_144 === 0) await pause();
    }
    if (left[best] <= 0) break;
    const place = middle(grid, cells, placeOf(grid, best % grid.columns, Math.floor(best / grid.columns)));
    found.push(place);
    takeAway(left, grid, place);
  }
  return found;
}

/**
 * Places side by side often have the same count: then the one in the middle of what is counted stands for them.
 * @param {Counts} grid
 * @param {Cell[]} cells
 * @param {Place} place
 */
function middle(grid, cells, place) {
  const sum = { x: 0, y: 0, count: 0 };
  for (const { pointer_relative_x, pointer_y, count } of cellsAround(grid, cells, place)) {
    sum.x += pointer_relative_x * grid.width * count;
    sum.y += pointer_y * count;
    sum.count += count;
  }
  const found = placeAt(grid, { x: sum.x / sum.count, y: sum.y / sum.count });
  return found?.count === place.count ? found : place;
}

/** Leaves nothing within two radii of a place. @param {Float64Array} left @param {Counts} grid @param {Place} place */
function takeAway(left, { columns, rows, grain, radius }, place) {
  const far = Math.floor((2 * radius) / grain);
  for (let row = Math.max(0, place.row - far); row <= Math.min(rows - 1, place.row + far); row++) {
    const half = Math.floor(Math.sqrt(far * far - (row - place.row) ** 2));
    const begin = row * columns + Math.max(0, place.column - half);
    left.fill(0, begin, row * columns + Math.min(columns, place.column + half + 1));
  }
}
