// What lies above the page. Everything on the sheet is in CSS px of the page, and the sheet as a whole is scaled.
import { $, canvas } from "./elements.js";
import * as layers from "./layers.js";

/** @typedef {import("./api.js").Cell} Cell */
/** @typedef {import("./depths.js").Band} Band */
/** @typedef {{ x: number, y: number, radius: number }} Circle in px of the page */
/** @typedef {import("./layers.js").Layers} Layers */
/** @typedef {{ x: number, y: number, clientX: number, clientY: number }} Pointer */

const [bed, sheet, picture, outline] = ["bed", "sheet", "picture", "outline"].map($);
const [heat, heatFixed, bands] = ["heat", "heat-fixed", "bands"].map(canvas);
const canvases = { heat, heatFixed, bands };
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
 * Paints both layers, the page and what is fixed to the screen above it.
 * @param {Cell[]} cells
 * @param {{ radius: number, foldHeight: number, showFixed: boolean, signal: AbortSignal }} options
 * @returns {Promise<Layers>}
 */
export async function drawHeat(cells, options) {
  const drawn = await layers.drawHeat(canvases, cells, { ...size, ...options });
  marks.querySelectorAll("b").forEach((mark) => mark.remove());
  return drawn;
}

/** Bands; each tenth that is reached gets a label. @param {Band[]} found */
export function drawBands(found) {
  layers.drawBands(canvases, found, size.height);
  marks.replaceChildren(
    ...layers.bandLabels(found).map(({ at, words }) => {
      const mark = document.createElement("b");
      mark.style.top = `${at}px`;
      mark.textContent = words;
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
export const setOpacity = (percent) => layers.setOpacity(canvases, percent);

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
