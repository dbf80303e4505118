// Spots of the picture: what is around a place, and what is behind it.
import * as behind from "./behind.js";
import { current, currentProject } from "./current.js";
import * as numbers from "./numbers.js";
import * as picture from "./picture.js";
import { showError } from "./signing_in.js";

/** @typedef {import("./answer.js").Answer} Answer */
/** @typedef {import("./api.js").Cell} Cell */
/** @typedef {import("./numbers.js").Spot} Spot */
/** @typedef {import("./picture.js").Place} Place */
/** @typedef {import("./picture.js").Pointer} Pointer */

const radius = () => Number(current().radius);
/** @param {Cell[]} cells @param {Place | Pointer} place */
const around = (cells, place) => picture.cellsAround(cells, place, radius(), current().fixed === "");

/** The place of a spot on the page, in px. @param {Spot} spot */
export const placeOf = ({ centre }) => ({
  x: centre.pointer_relative_x * picture.pageWidth(),
  y: centre.pointer_y,
  radius: radius(),
});

/** Points at a spot; at none, at the one that is chosen. @param {Spot | null} spot */
export const point = (spot) => picture.markSpot(spot ? placeOf(spot) : behind.place());

/**
 * @param {Cell[]} cells
 * @param {Place} place
 */
export function choose(cells, place, { scroll = false } = {}) {
  void behind.open({ cells, place, scroll, state: current(), project: currentProject(), showError });
}

/** Follows the pointer over the picture of an answer. @param {() => Answer | null} shown */
export function follow(shown) {
  picture.follow({
    onHover(pointer) {
      const answer = shown();
      picture.showTip(pointer && answer ? words(answer, pointer) : "", pointer);
    },
    onClick(pointer) {
      const answer = shown();
      if (answer?.kind !== "points") return;
      const cells = around(answer.reply.results, pointer);
      if (cells.length) choose(cells, { x: pointer.x, y: pointer.y, radius: radius() });
      else behind.close();
    },
  });
}

/**
 * @param {Answer} answer
 * @param {Pointer} pointer
 */
function words(answer, pointer) {
  if (answer.kind === "depths") return numbers.depthWords(answer.bands, pointer.y, current());
  const cells = around(answer.reply.results, pointer);
  return cells.length ? numbers.spotWords(cells, answer.reply.results, current()) : "";
}
