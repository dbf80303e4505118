// The layers of a map, painted on canvases of whoever shows them: the viewer above a frame, the overlay above a live page.
import { countAround, placeAt } from "./counting.js";
import { paint, paintBands } from "./heat.js";
import { weighed } from "./softness.js";

/** @typedef {import("./api.js").Cell} Cell */
/** @typedef {import("./counting.js").Place} Place */
/** @typedef {import("./depths.js").Band} Band */
/** @typedef {{ heat: HTMLCanvasElement, heatFixed: HTMLCanvasElement, bands: HTMLCanvasElement }} Canvases */
/** @typedef {{ isFixed: boolean, cells: Cell[], grid: import("./counting.js").Counts }} Layer */
/** @typedef {{ layers: Layer[], hottest: number }} Layers */
/** A place of a layer, with its count. @typedef {{ place: Place, layer: Layer }} Spot */

/**
 * Counts for both layers, the page and what is fixed to the screen above it, and paints them on one scale.
 * @param {Canvases} canvases
 * @param {Cell[]} cells
 * @param {{
 *   width: number, height: number, radius: number, foldHeight: number, showFixed: boolean, signal: AbortSignal,
 * }} options in CSS px of the page
 * @returns {Promise<Layers>}
 */
export async function drawHeat(canvases, cells, { width, height, radius, foldHeight, showFixed, signal }) {
  const firstScreen = Math.min(height, Math.max(foldHeight, radius));
  const ofPage = cells.filter((cell) => !cell.pointer_target_fixed);
  const ofScreen = showFixed ? cells.filter((cell) => cell.pointer_target_fixed) : [];
  const layers = [
    { isFixed: false, cells: ofPage, grid: await countAround(ofPage, { width, height, radius, signal }) },
    { isFixed: true, cells: ofScreen, grid: await countAround(ofScreen, { width, height: firstScreen, radius, signal }) },
  ];
  const hottest = Math.max(...layers.map(({ grid }) => grid.hottest));
  for (const { isFixed, grid, cells: counted } of layers) {
    const layer = isFixed ? canvases.heatFixed : canvases.heat;
    await paint(layer, grid, await weighed(grid, counted, signal), hottest, signal);
    layer.style.width = `${grid.columns * grid.grain}px`;
    layer.style.height = `${grid.rows * grid.grain}px`;
  }
  canvases.heatFixed.hidden = !showFixed;
  canvases.heat.hidden = false;
  canvases.bands.hidden = true;
  return { layers, hottest };
}

/** @param {Canvases} canvases @param {Band[]} found @param {number} height */
export function drawBands(canvases, found, height) {
  paintBands(canvases.bands, found, height);
  canvases.bands.hidden = false;
  canvases.heat.hidden = canvases.heatFixed.hidden = true;
}

/** Where the bands get a label: each tenth that is reached. @param {Band[]} found */
export function bandLabels(found) {
  const labels = [];
  let next = 0.9;
  for (const { top, bottom, share } of found) {
    if (share > next || bottom === top) continue;
    labels.push({ at: top, words: `${(100 * share).toFixed(1)} %` });
    next = Math.ceil(share * 10 - 1) / 10;
  }
  return labels;
}

/** @param {Canvases} canvases @param {number} percent */
export function setOpacity({ heat, heatFixed, bands }, percent) {
  heat.style.opacity = heatFixed.style.opacity = String(percent / 100);
  // Bands cover the whole page, which is to be seen through them.
  bands.style.opacity = String((0.6 * percent) / 100);
}

/** The spots at a point of the page, one a layer that has something there. @param {Layers} drawn @param {{ x: number, y: number }} point */
export function spotsAt({ layers }, point) {
  return layers.flatMap((layer) => spotOf(layer, point) ?? []);
}

/** The spot of one layer. @param {Layer} layer @param {{ x: number, y: number }} point @returns {Spot | null} */
export function spotOf(layer, point) {
  const place = placeAt(layer.grid, point);
  return place && place.count > 0 ? { place, layer } : null;
}
