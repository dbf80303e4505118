// What lies above the page. Everything on the sheet is in CSS px of the page, and the sheet as a whole is scaled.
import { countAround } from "./counting.js";
import { paint, paintBands } from "./heat.js";
import { weighed } from "./softness.js";
import { $, canvas } from "./elements.js";

/** @typedef {import("./api.js").Cell} Cell */
/** @typedef {import("./depths.js").Band} Band */
/** @typedef {{ x: number, y: number, radius: number }} Circle in px of the page */
/** @typedef {{ isFixed: boolean, cells: Cell[], grid: import("./counting.js").Counts }} Layer */
/** @typedef {{ layers: Layer[], hottest: number }} Layers */
/** @typedef {{ x: number, y: number, clientX: number, clientY: number }} Pointer */

const [bed, sheet, picture, outline] = ["bed", "sheet", "picture", "outline"].map($);
const [heat, heatFixed, bands] = ["heat", "heat-fixed", "bands"].map(canvas);
const [glass, spot, marks] = ["glass", "spot", "marks"].map($);

const RULER_PX = 500;
const PING_MS = 1_700;
// Taller pages are cut off, and the numbers say so.
export const TALLEST_PX = 60_000;

const size = { width: 0, height: 0, zoom: 1 };

/** @param {number} width @param {number} height @param {string} zoom */
export function layOut(width, height, zoom) {
  const room = picture.clientWidth - 2 * parseFloat(getComputedStyle(picture).paddingLeft);
  bed.hidden = false;
  size.zoom = zoom === "fit" ? Math.min(1, Math.max(0.1, room / width)) : 1;
  bed.style.width = `${width * size.zoom}px`;
  bed.style.height = `${height * size.zoom}px`;
  sheet.style.transform = `scale(${size.zoom})`;
  sheet.style.width = `${width}px`;
  sheet.style.height = `${height}px`;
  $("fold").style.setProperty("--zoom", String(size.zoom));
  marks.style.fontSize = outline.style.fontSize = `${12 / size.zoom}px`;
  if (size.height !== height) {
    outline.replaceChildren(
      ...Array.from({ length: Math.floor(height / RULER_PX) }, (_, index) => {
        const line = document.createElement("span");
        line.style.top = `${(index + 1) * RULER_PX}px`;
        line.textContent = `${(index + 1) * RULER_PX} px`;
        return line;
      }),
    );
  }
  Object.assign(size, { width, height });
}

/** Until something is laid out again. */
export function hide() {
  bed.hidden = true;
}

// --- What lies above it ---------------------------------------------------------------------------------------------

/**
 * Counts for both layers, the page and what is fixed to the screen above it, and paints them on one scale.
 * @param {Cell[]} cells
 * @param {{ radius: number, foldHeight: number, showFixed: boolean, signal: AbortSignal }} options
 * @returns {Promise<Layers>}
 */
export async function drawHeat(cells, { radius, foldHeight, showFixed, signal }) {
  const { width, height } = size;
  const firstScreen = Math.min(height, Math.max(foldHeight, radius));
  const ofPage = cells.filter((cell) => !cell.pointer_target_fixed);
  const ofScreen = showFixed ? cells.filter((cell) => cell.pointer_target_fixed) : [];
  const layers = [
    { isFixed: false, cells: ofPage, grid: await countAround(ofPage, { width, height, radius, signal }) },
    { isFixed: true, cells: ofScreen, grid: await countAround(ofScreen, { width, height: firstScreen, radius, signal }) },
  ];
  const hottest = Math.max(...layers.map(({ grid }) => grid.hottest));
  for (const { isFixed, grid, cells: counted } of layers) {
    const layer = isFixed ? heatFixed : heat;
    await paint(layer, grid, await weighed(grid, counted, signal), hottest, signal);
    layer.style.width = `${grid.columns * grid.grain}px`;
    layer.style.height = `${grid.rows * grid.grain}px`;
  }
  heatFixed.hidden = !showFixed;
  heat.hidden = false;
  bands.hidden = true;
  marks.querySelectorAll("b").forEach((mark) => mark.remove());
  return { layers, hottest };
}

/** Bands; each tenth that is reached gets a label. @param {Band[]} found */
export function drawBands(found) {
  paintBands(bands, found, size.height);
  bands.hidden = false;
  heat.hidden = heatFixed.hidden = true;
  const labels = [];
  let next = 0.9;
  for (const { top, bottom, share } of found) {
    if (share > next || bottom === top) continue;
    labels.push({ at: top, share });
    next = Math.ceil(share * 10 - 1) / 10;
  }
  marks.replaceChildren(
    ...labels.map(({ at, share }) => {
      const mark = document.createElement("b");
      mark.style.top = `${at}px`;
      mark.textContent = `${(100 * share).toFixed(1)} %`;
      return mark;
    }),
  );
}

export function clear() {
  heat.hidden = heatFixed.hidden = bands.hidden = true;
  marks.replaceChildren();
  markSpot(null);
  showFold(null);
}

/** @param {number} percent */
export function setOpacity(percent) {
  heat.style.opacity = heatFixed.style.opacity = String(percent / 100);
  // Bands cover the whole page, which is to be seen through them.
  bands.style.opacity = String((0.6 * percent) / 100);
}

/** @param {number | null} height */
export function showFold(height, text = "") {
  $("fold").hidden = height === null;
  if (height === null) return;
  $("fold").style.top = `${height}px`;
  $("fold-text").textContent = text;
}

/** @param {Circle | null} place */
export function markSpot(place, { scroll = false } = {}) {
  spot.hidden = !place;
  if (!place) return;
  spot.style.left = `${place.x}px`;
  spot.style.top = `${place.y}px`;
  spot.style.width = spot.style.height = `${2 * place.radius}px`;
  if (scroll) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const top = place.y * size.zoom - picture.clientHeight / 2;
    picture.scrollTo({ top, left: place.x * size.zoom - picture.clientWidth / 2, behavior: still ? "auto" : "smooth" });
  }
}

/** A ring around what has just come in. @param {Cell[]} cells */
export function ping(cells) {
  for (const cell of cells) {
    const ring = document.createElement("i");
    ring.style.left = `${cell.pointer_relative_x * size.width}px`;
    ring.style.top = `${cell.pointer_y}px`;
    marks.append(ring);
    setTimeout(() => ring.remove(), PING_MS);
  }
}

// --- The pointer ----------------------------------------------------------------------------------------------------

/**
 * Calls back with the place on the page, in px of the page; onHover with null when the pointer leaves.
 * @param {{ onHover: (pointer: Pointer | null) => void, onClick: (pointer: Pointer) => void }} calls
 */
export function follow({ onHover, onClick }) {
  /** @param {MouseEvent} event */
  const place = (event) => {
    const box = sheet.getBoundingClientRect();
    return {
      x: (event.clientX - box.left) / size.zoom,
      y: (event.clientY - box.top) / size.zoom,
      clientX: event.clientX,
      clientY: event.clientY,
    };
  };
  let waiting = 0;
  glass.addEventListener("pointermove", (event) => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => onHover(place(event)));
  });
  glass.addEventListener("pointerleave", () => {
    cancelAnimationFrame(waiting);
    onHover(null);
  });
  glass.addEventListener("click", (event) => onClick(place(event)));
}

/** Words beside the pointer; none hide it. @param {string} words @param {Pointer | null} place */
export function showTip(words, place) {
  const tip = $("tip");
  tip.hidden = !words || !place;
  if (!words || !place) return;
  tip.textContent = words;
  const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
  tip.style.left = `${Math.min(room, place.clientX + 14)}px`;
  tip.style.top = `${Math.max(4, place.clientY - tip.offsetHeight - 10)}px`;
}

/** Takes the tip away until the pointer moves on; says whether there was one. */
export function hideTip() {
  const wasShown = !$("tip").hidden;
  $("tip").hidden = true;
  return wasShown;
}
