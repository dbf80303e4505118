// How many interactions are around each place of the picture. Whatever tells such a number, whether as a colour or in
// words, takes it from here. It is worked out in slices, so that the page answers meanwhile, also with a million cells.

/** @typedef {import("./api.js").Cell} Cell */
/**
 * The places of a picture, and how many interactions are within `radius` px of each. Place number
 * `row * columns + column` is in the middle of a square of `grain` px.
 * @typedef {{
 *   counts: Float64Array, columns: number, rows: number, grain: number, width: number, radius: number, hottest: number,
 * }} Counts
 * @typedef {{ x: number, y: number, column: number, row: number, count: number }} Place in px
 * @typedef {() => Promise<void>} Pause
 */

// There are never many more places than these. In a picture that is larger they are further apart.
const MAX_PLACES = 1_500_000;
const FINEST_GRAIN_PX = 2;
const SLICE_MS = 10;
const CELLS_A_LOOK = 1024;
const ROWS_A_LOOK = 32;

const { port1, port2 } = new MessageChannel();
/** @type {(() => void)[]} */
const waiting = [];
port1.onmessage = () => waiting.shift()?.();

/** Everything else that waits has its turn. A timer would add 4 ms to each. @returns {Promise<void>} */
const turn = () =>
  new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(null);
  });

/**
 * Lets the browser do something else whenever a slice of time is over; stops when the signal says so.
 * @param {AbortSignal} [signal]
 * @returns {Pause}
 */
export function slices(signal) {
  let end = performance.now() + SLICE_MS;
  return async () => {
    if (performance.now() < end) return;
    await turn();
    signal?.throwIfAborted();
    end = performance.now() + SLICE_MS;
  };
}

/**
 * Which columns of a row are within the radius of a cell: from the first to the last, none when the last is before it.
 * @param {Pick<Counts, "grain" | "radius" | "width">} counts
 * @param {Cell} cell
 * @param {number} row
 */
export function reach({ grain, radius, width }, cell, row) {
  const away = (row + 0.5) * grain - cell.pointer_y;
  const half = Math.sqrt(radius * radius - away * away) / grain;
  const centre = (cell.pointer_relative_x * width) / grain - 0.5;
  return half >= 0 ? { first: Math.ceil(centre - half), last: Math.floor(centre + half) } : { first: 0, last: -1 };
}

/**
 * Counts what is around each place. Every cell adds its count to the places of a disc: at the beginning of each of its
 * rows, and takes it away behind the end, so that sums along the rows are the counts.
 * @param {Cell[]} cells
 * @param {{ width: number, height: number, radius: number, signal?: AbortSignal }} options
 * @returns {Promise<Counts>}
 */
export async function countAround(cells, { width, height, radius, signal }) {
  const pause = slices(signal);
  // No cell may fall between the places.
  const grain = Math.min(radius, Math.max(FINEST_GRAIN_PX, Math.sqrt((width * height) / MAX_PLACES)));
  const columns = Math.max(1, Math.ceil(width / grain));
  const rows = Math.max(1, Math.ceil(height / grain));
  const counts = new Float64Array(columns * rows);
  const grid = { counts, columns, rows, grain, width, radius, hottest: 0 };
  for (const [index, cell] of cells.entries()) {
    const top = Math.max(0, Math.ceil((cell.pointer_y - radius) / grain - 0.5));
    const bottom = Math.min(rows - 1, Math.floor((cell.pointer_y + radius) / grain - 0.5));
    for (let row = top; row <= bottom; row++) {
      const { first, last } = reach(grid, cell, row);
      if (last < Math.max(first, 0) || first >= columns) continue;
      counts[row * columns + Math.max(first, 0)] += cell.count;
      if (last + 1 < columns) counts[row * columns + last + 1] -= cell.count;
    }
    if (index % CELLS_A_LOOK === 0) await pause();
  }
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let place = row * columns; place < (row + 1) * columns; place++) {
      counts[place] = sum += counts[place];
      if (sum > grid.hottest) grid.hottest = sum;
    }
    if (row % ROWS_A_LOOK === 0) await pause();
  }
  return grid;
}

/**
 * The place that a point of the picture belongs to; null outside.
 * @param {Counts} grid
 * @param {{ x: number, y: number }} point in px
 * @returns {Place | null}
 */
export function placeAt(grid, { x, y }) {
  const [column, row] = [Math.floor(x / grid.grain), Math.floor(y / grid.grain)];
  if (column < 0 || row < 0 || column >= grid.columns || row >= grid.rows) return null;
  return placeOf(grid, column, row);
}

/** @param {Counts} grid @param {number} column @param {number} row */
export function placeOf({ counts, columns, grain }, column, row) {
  return { x: (column + 0.5) * grain, y: (row + 0.5) * grain, column, row, count: counts[row * columns + column] };
}
