// Two colours that everybody can tell apart, for less and more, with nothing between them.
import { make } from "./elements.js";
import { contextOf } from "./heat.js";

/** @typedef {import("./comparing.js").Compared} Compared */

// Blue for less, orange for more, the darker the further from 0: sign and size are seen with every kind of eyes.
const LESS = [ [150, 190, 234], [48, 110, 194], [10, 54, 124]];
const MORE = [ [253, 205, 140], [228, 122, 20], [150, 58, 4]];
const UNCLEAR = "rgb(104 108 120)";
const UNCLEAR_ALPHA = 0.3;
const FAINTEST = 0.7;

/**
 * Where a difference is between all less, -1, and all more, 1: as with heat, half the way is a quarter of the largest.
 * @param {number} difference
 * @param {number} largest
 */
export function strength(difference, largest) {
  return largest > 0 ? Math.sign(difference) * Math.sqrt(Math.min(1, Math.abs(difference) / largest)) : 0;
}

/** @param {number} value of -1 to 1 */
export function colourOf(value) {
  const stops = value < 0 ? LESS : MORE;
  const place = Math.abs(value) * (stops.length - 1);
  const from = Math.min(stops.length - 2, Math.floor(place));
  const parts = stops[from].map((part, index) => Math.round(part + (place - from) * (stops[from + 1][index] - part)));
  return `rgb(${parts.join(" ")})`;
}

/**
 * How a place is painted; null where too few visitors were there to say anything.
 * @param {Compared} place
 * @param {number} largest
 */
export function paintOf({ verdict, difference }, largest) {
  if (verdict === "too_few" || difference === null) return null;
  if (verdict === "unclear") return { style: UNCLEAR, alpha: UNCLEAR_ALPHA };
  const value = strength(difference, largest);
  return { style: colourOf(value), alpha: FAINTEST + (1 - FAINTEST) * Math.abs(value) };
}

/** A strip of both colours, for the legend. @param {HTMLCanvasElement} strip */
export function paintTwoColours(strip) {
  strip.width = 256;
  strip.height = 1;
  const context = contextOf(strip);
  for (let column = 0; column < strip.width; column++) {
    context.fillStyle = colourOf((2 * (column + 0.5)) / strip.width - 1);
    context.fillRect(column, 0, 1, 1);
  }
}

/** @param {Compared} place @param {number} largest */
export function swatchOf(place, largest) {
  const mark = make("i", { className: "swatch" });
  const paint = paintOf(place, largest);
  if (paint) mark.style.background = paint.style;
  else mark.classList.add("is-none");
  mark.setAttribute("aria-hidden", "true");
  return mark;
}
