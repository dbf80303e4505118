// Colours: a table turns counts into colours, which are painted in slices, so that the page answers meanwhile.
import { slices } from "./counting.js";
import { PALETTES } from "./palettes.js";

/** @typedef {import("./counting.js").Counts} Counts */

// Cold places let the page through, and single clicks most of all.
const SOLID_FROM = 0.45;
const FADING = 1.4;
// Of a pixel as one number, red, green and blue: the bytes that come first, which all browsers' machines have lowest.
const COLOUR_BITS = 0x00ff_ffff;

/** @param {import("./palettes.js").Stops} stops */
function tableOf(stops) {
  return Uint8ClampedArray.from({ length: 256 * 4 }, (_, index) => {
    const share = (index >> 2) / 255;
    if (index % 4 === 3) return 255 * Math.min(1, share / SOLID_FROM) ** FADING;
    const place = share * (stops.length - 1);
    const from = Math.min(stops.length - 2, Math.floor(place));
    return stops[from][index % 4] + (place - from) * (stops[from + 1][index % 4] - stops[from][index % 4]);
  });
}

// Red, green, blue and opacity of 0 to 255, in the colours that are chosen.
export let COLOURS = tableOf(PALETTES.inferno);

/** From now on, all is painted in these colours. @param {string} palette */
export function usePalette(palette) {
  COLOURS = tableOf(PALETTES[palette]);
}

/**
 * Weak places would drown beside one that is strong: half the way up the table is a quarter of the hottest.
 * @param {number} value
 * @param {number} hottest
 */
export function warmth(value, hottest) {
  return hottest > 0 ? Math.sqrt(Math.min(1, value / hottest)) : 0;
}

/** @param {number} value @param {number} hottest */
const tableIndex = (value, hottest) => Math.round(255 * warmth(value, hottest));

/** @param {number} share */
export function colour(share) {
  const index = Math.round(255 * share) * 4;
  const [red, green, blue] = COLOURS.subarray(index, index + 3);
  return `rgb(${red} ${green} ${blue})`;
}

/** @param {HTMLCanvasElement} canvas */
export function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser draws nothing");
  return context;
}

/**
 * Paints counts in one go once they are ready, so that nothing flickers: the colour is that of the count, and how much of
 * the page shows through is that of the weighed count.
 * @param {HTMLCanvasElement} canvas
 * @param {Counts} grid
 * @param {Float32Array} weighed
 * @param {number} hottest
 * @param {AbortSignal} [signal]
 */
export async function paint(canvas, { counts, columns, rows }, weighed, hottest, signal) {
  const pause = slices(signal);
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const table = new Uint32Array(COLOURS.buffer);
  for (let index = 0; index < counts.length; index++) {
    if (counts[index] > 0) {
      const colourOf = table[tableIndex(counts[index], hottest)];
      pixels[index] = (colourOf & COLOUR_BITS) | (table[tableIndex(weighed[index], hottest)] & ~COLOUR_BITS);
    }
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
