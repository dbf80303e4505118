// Drawing: counted cells are splatted onto a grid, the grid is blurred, and a table turns values into colours.
// All of it happens in slices, so that the page answers meanwhile, also with a million cells.

// A picture never has more grid points than these; what is taller gets a coarser grid, which the blur hides.
const MAX_GRID_POINTS = 1_500_000;
const FINEST_GRAIN_PX = 2;
const SLICE_MS = 10;
const ROWS_A_LOOK = 32;

/** @typedef {import("./api.js").Cell} Cell */

// From cold to hot. Lightness rises all the way, so that the order is seen without telling hues apart.
const STOPS = [
  [44, 24, 120],
  [112, 32, 160],
  [192, 44, 120],
  [236, 96, 64],
  [252, 172, 56],
  [255, 244, 140],
];
// Cold places let the page through, and single clicks most of all.
const SOLID_FROM = 0.45;
const FADING = 1.4;

export const COLOURS = Uint8ClampedArray.from({ length: 256 * 4 }, (_, index) => {
  const share = (index >> 2) / 255;
  if (index % 4 === 3) return 255 * Math.min(1, share / SOLID_FROM) ** FADING;
  const place = share * (STOPS.length - 1);
  const from = Math.min(STOPS.length - 2, Math.floor(place));
  return STOPS[from][index % 4] + (place - from) * (STOPS[from + 1][index % 4] - STOPS[from][index % 4]);
});

/**
 * Weak places would drown beside one that is strong: half the way up the table is a quarter of the hottest.
 * @param {number} value
 * @param {number} hottest
 */
export function warmth(value, hottest) {
  return hottest > 0 ? Math.sqrt(Math.min(1, value / hottest)) : 0;
}

/** @param {number} share */
export function colour(share) {
  const index = Math.round(255 * share) * 4;
  const [red, green, blue] = COLOURS.subarray(index, index + 3);
  return `rgb(${red} ${green} ${blue})`;
}

/** Lets the browser do something else whenever a slice of time is over; stops when the signal says so. @param {AbortSignal} [signal] */
export function slices(signal) {
  let end = performance.now() + SLICE_MS;
  return async () => {
    if (performance.now() < end) return;
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    end = performance.now() + SLICE_MS;
  };
}

/**
 * @typedef {{ grid: Float32Array, columns: number, rows: number, hottest: number }} Field
 * @typedef {() => Promise<void>} Pause
 */

/**
 * The values of a grid over width × height px. The value at a point is what happened there, together with what happened
 * within `radius` px around it, the further away the less; a lonely cell has its own count.
 * @param {Cell[]} cells
 * @param {{ width: number, height: number, radius: number, signal?: AbortSignal }} options
 * @returns {Promise<Field>}
 */
export async function field(cells, { width, height, radius, signal }) {
  const grain = Math.max(FINEST_GRAIN_PX, Math.sqrt((width * height) / MAX_GRID_POINTS));
  const columns = Math.max(1, Math.ceil(width / grain));
  const rows = Math.max(1, Math.ceil(height / grain));
  const pause = slices(signal);
  const grid = new Float32Array(columns * rows);
  for (let index = 0; index < cells.length; index++) {
    const { count, pointer_relative_x: x, pointer_y: y } = cells[index];
    const column = Math.min(columns - 1, Math.max(0, Math.floor(x * columns)));
    const row = Math.floor(y / grain);
    if (row >= 0 && row < rows) grid[row * columns + column] += count;
    if (index % 4096 === 0) await pause();
  }
  // Three boxes in a row come close to a bell.
  const half = Math.max(1, Math.round(radius / grain / 2));
  const spare = new Float32Array(grid.length);
  for (let pass = 0; pass < 3; pass++) {
    await sumAlongRows(grid, spare, columns, rows, half, pause);
    await sumAlongColumns(spare, grid, columns, rows, half, pause);
  }
  // What the three sums make of a single count of 1, in the middle of it.
  const peak = (3 * half * half + 3 * half + 1) ** 2;
  let hottest = 0;
  for (let index = 0; index < grid.length; index++) {
    grid[index] /= peak;
    if (grid[index] > hottest) hottest = grid[index];
    if (index % 262_144 === 0) await pause();
  }
  return { grid, columns, rows, hottest };
}

/**
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {number} columns
 * @param {number} rows
 * @param {number} half
 * @param {Pause} pause
 */
async function sumAlongRows(from, to, columns, rows, half, pause) {
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    let sum = 0;
    for (let column = -half; column < columns; column++) {
      if (column + half < columns) sum += from[start + column + half];
      if (column - half - 1 >= 0) sum -= from[start + column - half - 1];
      if (column >= 0) to[start + column] = sum;
    }
    if (row % ROWS_A_LOOK === 0) await pause();
  }
}

/**
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {number} columns
 * @param {number} rows
 * @param {number} half
 * @param {Pause} pause
 */
async function sumAlongColumns(from, to, columns, rows, half, pause) {
  const sums = new Float64Array(columns);
  for (let row = -half; row < rows; row++) {
    const enters = (row + half) * columns;
    const leaves = (row - half - 1) * columns;
    for (let column = 0; column < columns; column++) {
      if (row + half < rows) sums[column] += from[enters + column];
      if (leaves >= 0) sums[column] -= from[leaves + column];
      if (row >= 0) to[row * columns + column] = sums[column];
    }
    if (row % ROWS_A_LOOK === 0) await pause();
  }
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser draws nothing");
  return context;
}

/**
 * Paints a field in one go once it is ready, so that nothing flickers.
 * @param {HTMLCanvasElement} canvas
 * @param {Field} field
 * @param {number} hottest
 * @param {AbortSignal} [signal]
 */
export async function paint(canvas, { grid, columns, rows }, hottest, signal) {
  const pause = slices(signal);
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const table = new Uint32Array(COLOURS.buffer);
  // Rounding leaves specks where there is nothing.
  const nothing = hottest * 1e-4;
  for (let index = 0; index < grid.length; index++) {
    const value = grid[index];
    if (value > nothing) pixels[index] = table[(255 * warmth(value, hottest)) | 0];
    if (index % 65_536 === 0) await pause();
  }
  canvas.width = columns;
  canvas.height = rows;
  contextOf(canvas).putImageData(image, 0, 0);
}

/**
 * Bands, each in the colour of the share of visits that got there.
 * @param {HTMLCanvasElement} canvas
 * @param {import("./depths.js").Band[]} bands
 * @param {number} height
 */
export function paintBands(canvas, bands, height) {
  canvas.width = 1;
  canvas.height = Math.min(Math.max(1, Math.ceil(height)), 16_384);
  const context = contextOf(canvas);
  const scale = canvas.height / height;
  for (const { top, bottom, share } of bands) {
    context.fillStyle = colour(share);
    context.fillRect(0, top * scale, 1, (bottom - top) * scale);
  }
}

/** A strip of the table, for the legend. @param {HTMLCanvasElement} canvas */
export function paintLegend(canvas) {
  canvas.width = 256;
  canvas.height = 1;
  contextOf(canvas).putImageData(new ImageData(COLOURS.slice(), 256, 1), 0, 0);
}
