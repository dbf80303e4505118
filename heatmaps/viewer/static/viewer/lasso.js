// Draws over the page with the pointer: a rectangle from corner to corner, or a lasso around something.
import { sketch } from "./area_shapes.js";
import { $ } from "./elements.js";

/** @typedef {import("./areas.js").Pair} Pair */
/** @typedef {import("./areas.js").Shape} Shape */
/** @typedef {"rectangle" | "lasso"} Tool */

// A press that moves less, in px of the screen, has drawn nothing.
const LEAST_PX = 6;
const STEP_PX = 3;
const MOST_CORNERS = 40;
const LEAST_TOLERANCE_PX = 1.5;
// So near an edge of the picture, it goes on.
const EDGE_PX = 28;
const SCROLLED_PX = 18;

const pad = $("pad");
/** @type {Tool} */
let tool = "rectangle";
/** @type {(shape: Shape) => void} */
let drawn = () => undefined;
// The way of the pointer in px of the page as it is on the screen; none while nobody draws.
/** @type {Pair[] | null} */
let way = null;

/** @param {Tool} chosen @param {(shape: Shape) => void} onDrawn */
export function begin(chosen, onDrawn) {
  [tool, drawn] = [chosen, onDrawn];
  pad.hidden = false;
}

export function end() {
  cancel();
  pad.hidden = true;
}

export const isDragging = () => way !== null;

/** What is half drawn goes, and the next press begins anew. */
export function cancel() {
  way = null;
  sketch(null);
}

/** @param {PointerEvent} event @returns {Pair} */
function place(event) {
  const box = pad.getBoundingClientRect();
  const within = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(most, Math.max(0, value));
  return [within(event.clientX - box.left, box.width), within(event.clientY - box.top, box.height)];
}

/** @param {Pair} one @param {Pair} other */
const distance = (one, other) => Math.hypot(one[0] - other[0], one[1] - other[1]);

/** A place of the page as the API takes it. @param {Pair} corner @param {number} digits @returns {Pair} */
function ofPage([x, y], digits) {
  const box = pad.getBoundingClientRect();
  const zoom = box.width / pad.offsetWidth;
  return [Number((x / box.width).toFixed(digits)), Math.round(y / zoom)];
}

/** @param {Pair[]} corners @returns {Shape} */
function shapeOf(corners) {
  if (tool === "lasso") return { polygon: simplified(corners).map((corner) => ofPage(corner, 3)) };
  const [[x, y], [otherX, otherY]] = [corners[0], corners[corners.length - 1]].map((corner) => ofPage(corner, 2));
  return { x: [Math.min(x, otherX), Math.max(x, otherX)], y: [Math.min(y, otherY), Math.max(y, otherY)] };
}

/** The same line with fewer corners, so that it fits into an address. @param {Pair[]} corners */
function simplified(corners) {
  const last = corners[corners.length - 1];
  let tolerance = LEAST_TOLERANCE_PX;
  let found = fewer(corners, tolerance);
  while (found.length >= MOST_CORNERS) found = fewer(corners, (tolerance *= 1.5));
  return [...found, last];
}

/** Ramer's and Douglas and Peucker's: without the last corner. @param {Pair[]} corners @param {number} tolerance @returns {Pair[]} */
function fewer(corners, tolerance) {
  const [first, last] = [corners[0], corners[corners.length - 1]];
  let [far, most] = [0, tolerance];
  for (let index = 1; index < corners.length - 1; index++) {
    const away = awayFrom(corners[index], first, last);
    if (away > most) [far, most] = [index, away];
  }
  if (far === 0) return [first];
  return [...fewer(corners.slice(0, far + 1), tolerance), ...fewer(corners.slice(far), tolerance)];
}

/** @param {Pair} corner @param {Pair} from @param {Pair} to */
function awayFrom(corner, from, to) {
  const length = distance(from, to);
  if (length === 0) return distance(corner, from);
  return Math.abs((to[0] - from[0]) * (from[1] - corner[1]) - (from[0] - corner[0]) * (to[1] - from[1])) / length;
}

/** What was drawn; null where that is a point or a line. @param {Pair[]} corners */
function drawnBy(corners) {
  if (!corners.some((corner) => distance(corners[0], corner) >= LEAST_PX)) return null;
  const shape = shapeOf(corners);
  return "polygon" in shape && shape.polygon.length < 3 ? null : shape;
}

/** @param {PointerEvent} event */
function scrollAtEdges({ clientY }) {
  const box = $("picture").getBoundingClientRect();
  if (clientY > box.bottom - EDGE_PX) $("picture").scrollTop += SCROLLED_PX;
  else if (clientY < box.top + EDGE_PX) $("picture").scrollTop -= SCROLLED_PX;
}

pad.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !event.isPrimary) return;
  pad.setPointerCapture(event.pointerId);
  way = [place(event)];
  event.preventDefault();
});
pad.addEventListener("pointermove", (event) => {
  if (!way || !event.isPrimary) return;
  scrollAtEdges(event);
  const here = place(event);
  if (distance(here, way[way.length - 1]) < STEP_PX) return;
  way.push(here);
  sketch(drawnBy(way));
});
pad.addEventListener("pointerup", (event) => {
  if (!way || !event.isPrimary) return;
  const corners = [...way, place(event)];
  cancel();
  const shape = drawnBy(corners);
  if (shape) drawn(shape);
});
pad.addEventListener("pointercancel", cancel);
