// The picture of a comparison: the cells in which the sides differ, or the depths, over the page.
import * as behind from "./behind.js";
import { CELL_HUNDREDTHS, CELL_PX, GRID, isSure } from "./comparing.js";
import { sharesWords } from "./comparison_words.js";
import { current, currentProject } from "./current.js";
import { $, canvas } from "./elements.js";
import { contextOf } from "./heat.js";
import * as names from "./names.js";
import * as picture from "./picture.js";
import { showError } from "./signing_in.js";
import { frameWidth } from "./state.js";
import { paintOf } from "./two_colours.js";

/** @typedef {import("./answer.js").ComparisonAnswer} ComparisonAnswer */
/** @typedef {import("./comparing.js").Compared} Compared */
/** @typedef {import("./comparing.js").ComparedCell} ComparedCell */
/** @typedef {import("./comparing.js").Stretch} Stretch */

// A cell's place is the middle of its first hundredth, and of the first 16 px: it begins half of these before.
const BEFORE_HUNDREDTHS = 0.5;
const BEFORE_PX = 8;
// What one pixel of the canvas stands for, so that cells begin and end with one.
const PIXEL_HUNDREDTHS = 0.5;
const PIXEL_PX = 8;
const DEPTH_PIXEL_PX = 4;
const MOST_NAMED = 30;

/** The largest difference that is sure; the scale ends there. @param {Compared[]} places */
export const largestOf = (places) =>
  places.filter(isSure).reduce((most, { difference }) => Math.max(most, Math.abs(difference ?? 0)), 0);

/** @param {ComparedCell[]} cells */
export const deepestOf = (cells) =>
  cells.reduce((most, cell) => Math.max(most, cell.pointer_target_fixed ? 0 : cell.pointer_y + CELL_PX), 0);

/**
 * @param {ComparedCell[]} cells
 * @param {{ height: number, foldHeight: number, showFixed: boolean }} options
 */
export function drawCells(cells, { height, foldHeight, showFixed }) {
  const largest = largestOf(cells);
  const [ofPage, ofScreen] = [canvas("heat"), canvas("heat-fixed")];
  paintCells(ofPage, cells.filter((cell) => !cell.pointer_target_fixed), height, largest);
  paintCells(ofScreen, cells.filter((cell) => cell.pointer_target_fixed), Math.min(height, foldHeight), largest);
  ofPage.hidden = false;
  ofScreen.hidden = !showFixed;
  canvas("bands").hidden = true;
  $("marks").replaceChildren();
}

/**
 * @param {HTMLCanvasElement} layer
 * @param {ComparedCell[]} cells
 * @param {number} height
 * @param {number} largest
 */
function paintCells(layer, cells, height, largest) {
  layer.width = 100 / PIXEL_HUNDREDTHS;
  layer.height = Math.ceil(height / PIXEL_PX);
  layer.style.width = "100%";
  layer.style.height = `${layer.height * PIXEL_PX}px`;
  const context = contextOf(layer);
  for (const cell of cells) {
    const paint = paintOf(cell, largest);
    if (!paint) continue;
    const left = (100 * cell.pointer_relative_x - BEFORE_HUNDREDTHS) / PIXEL_HUNDREDTHS;
    context.fillStyle = paint.style;
    context.globalAlpha = paint.alpha;
    context.fillRect(
      Math.round(left),
      Math.round((cell.pointer_y - BEFORE_PX) / PIXEL_PX),
      CELL_HUNDREDTHS / PIXEL_HUNDREDTHS,
      CELL_PX / PIXEL_PX,
    );
  }
}

/** @param {Stretch[]} stretches @param {number} height */
export function drawDepths(stretches, height) {
  const largest = largestOf(stretches);
  const layer = canvas("bands");
  layer.width = 1;
  layer.height = Math.ceil(height / DEPTH_PIXEL_PX);
  const context = contextOf(layer);
  for (const stretch of stretches) {
    const paint = paintOf(stretch, largest);
    if (!paint) continue;
    context.fillStyle = paint.style;
    context.globalAlpha = paint.alpha;
    context.fillRect(0, stretch.top / DEPTH_PIXEL_PX, 1, (stretch.bottom - stretch.top) / DEPTH_PIXEL_PX);
  }
  layer.hidden = false;
  canvas("heat").hidden = canvas("heat-fixed").hidden = true;
  $("marks").replaceChildren();
}

/** @param {ComparisonAnswer} answer @param {picture.Pointer} pointer */
export function wordsAt(answer, pointer) {
  if (answer.of === "depths") {
    const stretch = answer.stretches.find(({ top, bottom }) => pointer.y >= top && pointer.y < bottom);
    return stretch ? `To ${stretch.bottom} px: ${sharesWords(stretch)}` : "Nobody got this far";
  }
  return cellsAt(answer.reply.results, pointer)
    .map((cell) => `${cell.pointer_target_fixed ? "On fixed elements: " : ""}${sharesWords(cell)}`)
    .join("; ");
}

/** The cells at a place, one of the page and one of what is fixed. @param {ComparedCell[]} cells @param {picture.Pointer} pointer */
function cellsAt(cells, { x, y }) {
  const state = current();
  const hundredth = (100 * x) / frameWidth(state) + BEFORE_HUNDREDTHS;
  return cells.filter((cell) => {
    const across = hundredth - 100 * cell.pointer_relative_x;
    const down = y + BEFORE_PX - cell.pointer_y;
    const isShown = !cell.pointer_target_fixed || state.fixed === "";
    return isShown && across >= 0 && across < CELL_HUNDREDTHS && down >= 0 && down < CELL_PX;
  });
}

/** The places of what changed most surely, as many as a request for names may have. @param {ComparedCell[]} cells */
export const placesToName = (cells) => cells.slice(0, MOST_NAMED).map((cell) => names.placeOfCell(cell, GRID));

/** A circle around a cell. @param {ComparedCell} cell */
function circle({ pointer_relative_x, pointer_y }) {
  const width = frameWidth(current());
  const across = (pointer_relative_x + (CELL_HUNDREDTHS / 2 - BEFORE_HUNDREDTHS) / 100) * width;
  const radius = Math.max(CELL_PX, (CELL_HUNDREDTHS * width) / 100) * 0.7;
  return { x: across, y: pointer_y + CELL_PX / 2 - BEFORE_PX, radius };
}

/** Points at a cell; at none, at the one that is chosen. @param {ComparedCell | null} cell */
export const point = (cell) => picture.markSpot(cell ? circle(cell) : behind.place());

/** Opens what is behind cells that lie above each other, on this side. @param {ComparedCell[]} cells */
export function choose(cells, { scroll = false } = {}) {
  const { asked } = behind.pointsOf(cells);
  void behind.open({
    title: `Behind this place, on this side${names.probably(cells.map((cell) => names.placeOfCell(cell, GRID)))}`,
    asked: { ...asked, ...GRID },
    place: circle(cells[0]),
    scroll,
    state: current(),
    project: currentProject(),
    showError,
  });
}

/** Opens what is behind a place, if there is anything. @param {ComparisonAnswer} answer @param {picture.Pointer} pointer */
export function chooseAt(answer, pointer) {
  const cells = answer.of === "points" ? cellsAt(answer.reply.results, pointer) : [];
  if (cells.length) choose(cells);
  else behind.close();
}
