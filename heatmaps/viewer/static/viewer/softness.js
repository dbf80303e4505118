// How opaque the picture is: the colour of a place is its count, and where that comes from further away the page shows
// through the more, so that nothing ends in hard edges.
import { slices } from "./counting.js";

/** @typedef {import("./api.js").Cell} Cell */
/** @typedef {import("./counting.js").Counts} Counts */
/** @typedef {import("./counting.js").Pause} Pause */
/** @typedef {{ from: Float32Array, to: Float32Array, columns: number, rows: number, half: number, pause: Pause }} Sum */

const ROWS_A_LOOK = 32;
// So many sums in a row come close to a bell curve, which is round although rows and columns are summed apart.
const BOXES = 4;

/**
 * The counts of the places, each cell weighed the less, the further away it is: no more than the counts themselves.
 * Where cells lie close all around, these are the counts; where they end, it fades.
 * @param {Counts} grid
 * @param {Cell[]} cells
 * @param {AbortSignal} [signal]
 */
export async function weighed({ counts, columns, rows, grain, width, radius }, cells, signal) {
  const pause = slices(signal);
  const values = new Float32Array(counts.length);
  for (const [index, { count, pointer_relative_x, pointer_y }] of cells.entries()) {
    const column = Math.min(columns - 1, Math.max(0, Math.floor((pointer_relative_x * width) / grain)));
    const row = Math.floor(pointer_y / grain);
    if (row >= 0 && row < rows) values[row * columns + column] += count;
    if (index % 4096 === 0) await pause();
  }
  const reach = radius / grain;
  // Together they end where what is counted does, and not before: no edge is seen.
  const halves = Array.from({ length: BOXES }, (_, box) => Math.floor((Math.floor(reach) + box) / BOXES));
  const spare = new Float32Array(counts.length);
  for (const half of halves) {
    await sumAlongRows({ from: values, to: spare, columns, rows, half, pause });
    await sumAlongColumns({ from: spare, to: values, columns, rows, half, pause });
  }
  // What would be counted if all around were as here.
  const weight = (Math.PI * reach ** 2) / halves.reduce((all, half) => all * (2 * half + 1), 1) ** 2;
  for (let index = 0; index < values.length; index++) {
    values[index] = Math.max(0, Math.min(counts[index], values[index] * weight));
    if (index % 262_144 === 0) await pause();
  }
  return values;
}

/** @param {Sum} sum */
async function sumAlongRows({ from, to, columns, rows, half, pause }) {
  const reached = Math.min(half, columns);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    let sum = 0;
    for (let column = 0; column < reached; column++) sum += from[start + column];
    for (let column = 0; column < columns; column++) {
      if (column + half < columns) sum += from[start + column + half];
      if (column > half) sum -= from[start + column - half - 1];
      to[start + column] = sum;
    }
    if (row % ROWS_A_LOOK === 0) await pause();
  }
}

/** @param {Sum} sum */
async function sumAlongColumns({ from, to, columns, rows, half, pause }) {
  const sums = new Float64Array(columns);
  for (let row = -half; row < rows; row++) {
    const enters = (row + half) * columns;
    const leaves = (row - half - 1) * columns;
    if (row + half < rows) for (let column = 0; column < columns; column++) sums[column] += from[enters + column];
    if (leaves >= 0) for (let column = 0; column < columns; column++) sums[column] -= from[leaves + column];
    if (row >= 0) to.set(sums, row * columns);
    if (row % ROWS_A_LOOK === 0) await pause();
  }
}
