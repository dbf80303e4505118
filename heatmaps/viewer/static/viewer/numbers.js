// What the picture shows, in numbers: totals, fold, hottest spots, bands, and the legend.
import { countOf, interactions, isPart, total } from "./answer.js";
import { colour, paintLegend, warmth } from "./heat.js";
import { $, canvas, make } from "./elements.js";
import { forgetLabels, labelOf, placeOf } from "./names.js";
import { fill, heads, line } from "./tables.js";
import { areVisitorsCounted } from "./state.js";
import { counted, number, percent, unit } from "./words.js";

/** @typedef {import("./api.js").Fold} Fold */
/** @typedef {import("./answer.js").PlainAnswer} PlainAnswer */
/** @typedef {import("./answer.js").PointsAnswer} PointsAnswer */
/** @typedef {import("./answer.js").DepthsAnswer} DepthsAnswer */
/** @typedef {import("./depths.js").Band} Band */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./spots.js").Spot} Spot */

const UNTOLD = "How many visitors there were in all is not told here.";

/** Takes all numbers away. */
export function clear() {
  for (const id of ["total", "total-text", "fold-numbers", "spots-title"]) $(id).textContent = "";
  fill("spots", []);
  $("legend").hidden = true;
}

/** The number above all others. @param {PlainAnswer} answer @param {State} state */
function showTotal(answer, state) {
  const count = countOf(answer, state);
  $("total").textContent = count === null ? "" : number(count);
  if (count === null) $("total-text").textContent = UNTOLD;
  else $("total-text").textContent = unit(state, count);
}

// --- Points ---------------------------------------------------------------------------------------------------------

/**
 * @param {{
 *   answer: PointsAnswer, state: State, height: number, hottest: number, spots: Spot[],
 *   onChoose: (spot: Spot) => void, onPoint: (spot: Spot | null) => void,
 * }} shown
 */
export function showPoints({ answer, state, height, hottest, spots, onChoose, onPoint }) {
  const { results: cells, fold } = answer.reply;
  const all = interactions(answer);
  showTotal(answer, state);
  const below = total(cells.filter((cell) => !cell.pointer_target_fixed && cell.pointer_y >= height));
  $("fold-numbers").textContent = [
    foldText(fold, state),
    areVisitorsCounted(state) && "A visitor counts once in every cell, and so may count more than once around a place.",
    below && `${number(below)} are further down than ${number(height)} px, where the picture ends.`,
  ]
    .filter(Boolean)
    .join(" ");
  $("spots-title").textContent = spots.length ? "Hottest spots" : "";
  $("spots-caption").textContent = "The hottest spots; choose one to see the interactions behind it";
  heads("spots", ["Across, down", "Count", ...(areVisitorsCounted(state) ? [] : ["Share"])]);
  forgetLabels();
  const rows = spots.map((spot) => {
    const { count } = spot.place;
    const share = areVisitorsCounted(state) ? [] : [percent(count, all)];
    const row = line([spotButton(spot, hottest, onChoose), number(count), ...share]);
    row.addEventListener("pointerenter", () => onPoint(spot));
    row.addEventListener("pointerleave", () => onPoint(null));
    return row;
  });
  fill("spots", rows);
  legend(hottest, around(state));
}

/** @param {Spot} spot @param {number} hottest @param {(spot: Spot) => void} onChoose */
function spotButton(spot, hottest, onChoose) {
  const { isFixed, grid } = spot.layer;
  const across = `${Math.round((100 * spot.place.x) / grid.width)} %`;
  const down = `${number(Math.round(spot.place.y))} px`;
  const button = make("button", { type: "button", className: "quiet" });
  button.append(swatch(warmth(spot.place.count, hottest)), `${across}, ${down}`);
  if (isFixed) button.append(make("small", { textContent: "fixed" }));
  button.append(labelOf(placeOf(spot)));
  button.title = `${across} across, ${down} down ${isFixed ? "the screen, on a fixed element" : "the page"}`;
  button.addEventListener("click", () => onChoose(spot));
  return button;
}

/** What the count of a place is of. @param {State} state */
function around(state, value = 2) {
  const perCell = state.aggregation === "unique_visitors" ? ", counted cell by cell," : "";
  return `${unit(state, value)}${perCell} within ${state.radius} px`;
}

/** @param {Spot[]} spots @param {PointsAnswer} answer @param {State} state */
export function spotWords(spots, answer, state) {
  // What is around a place may have more cells than are shown.
  const least = isPart(answer) ? "at least " : "";
  return spots
    .map(({ place: { count }, layer }) => {
      const where = layer.isFixed ? "on fixed elements " : "";
      const share = areVisitorsCounted(state) ? "" : ` · ${percent(count, interactions(answer))}`;
      return `${least}${number(count)} ${where}${around(state, count)}${share}`;
    })
    .join("; ");
}

/** @param {Fold} fold @param {State} state */
export function foldText({ total_count, below_fold_count, pct_below_fold, median_viewport_height }, state) {
  if (median_viewport_height === null) return "";
  const what = unit({ ...state, aggregation: "total_count" });
  return (
    `${pct_below_fold.toFixed(1)} % of ${what} are below the fold: ${number(below_fold_count)} of ${number(total_count)}. ` +
    `Half of all screens show ${number(median_viewport_height)} px or less.`
  );
}

/** @param {Fold} fold */
export function foldLabel({ total_count, below_fold_count, pct_below_fold, median_viewport_height }) {
  if (median_viewport_height === null) return "";
  return (
    `Fold at ${number(median_viewport_height)} px · ${pct_below_fold.toFixed(1)} % below ` +
    `(${number(below_fold_count)} of ${number(total_count)})`
  );
}

// --- Scroll depth ---------------------------------------------------------------------------------------------------

/** @param {{ answer: DepthsAnswer, state: State }} shown */
export function showDepths({ answer, state }) {
  const { bands } = answer;
  const all = bands[0]?.count ?? 0;
  showTotal(answer, state);
  const half = bands.findLast(({ share }) => share >= 0.5);
  $("fold-numbers").textContent = [
    half && `Half of them got to ${number(half.bottom)} px or further.`,
    areVisitorsCounted(state) && "A visitor counts once for each depth in the table.",
  ]
    .filter(Boolean)
    .join(" ");
  $("spots-title").textContent = bands.length ? "How far down" : "";
  $("spots-caption").textContent = "How many got how far down the page";
  heads("spots", ["Down to", "Reached", "Share"]);
  const rows = bands.map(({ bottom, count, share }) => {
    const place = make("span");
    place.append(swatch(share), `${number(bottom)} px`);
    return line([place, number(count), percent(count, all)]);
  });
  fill("spots", rows);
  legendOf(
    [0, 0.25, 0.5, 0.75, 1].map((share) => /** @type {[number, string]} */ ([share, `${100 * share} %`])),
    "of visits got this far",
  );
}

/** @param {Band[]} bands @param {number} y @param {State} state */
export function depthWords(bands, y, state) {
  const band = bands.find(({ top, bottom }) => y >= top && y < bottom);
  if (!band) return "Nobody got this far";
  const all = bands[0].count;
  return `${counted(band.count, state)} of ${number(all)} got to ${number(band.bottom)} px · ${percent(band.count, all)}`;
}

// --- The legend -----------------------------------------------------------------------------------------------------

/** @param {number} hottest @param {string} what */
function legend(hottest, what) {
  if (!hottest) return legendOf([], "");
  return legendOf(
    niceSteps(hottest).map((value) => [warmth(value, hottest), number(value)]),
    what,
  );
}

/** @param {[number, string][]} ticks @param {string} what */
export function legendOf(ticks, what, { paint = paintLegend, order = "cold to hot" } = {}) {
  paint(canvas("legend-strip"));
  $("legend").hidden = ticks.length === 0;
  $("legend-unit").textContent = what;
  $("legend").setAttribute("aria-label", `Legend, ${order}: ${ticks.map(([, text]) => text).join(", ")} ${what}`);
  $("legend-ticks").replaceChildren(
    ...ticks.map(([share, text]) => {
      const tick = make("span", { textContent: text });
      tick.style.left = `${100 * share}%`;
      return tick;
    }),
  );
}

/** 0, the hottest, and round whole numbers between that stand apart on the legend. @param {number} hottest */
function niceSteps(hottest) {
  const steps = [0];
  for (const share of [0.11, 0.44]) {
    const wanted = hottest * share;
    const digit = Math.max(1, 10 ** Math.floor(Math.log10(wanted)));
    const value = digit * Math.round(wanted / digit);
    if (value > (steps.at(-1) ?? 0) && value < hottest * 0.65) steps.push(value);
  }
  return [...steps, hottest];
}

/** @param {number} share */
function swatch(share) {
  const mark = make("i", { className: "swatch" });
  mark.style.background = colour(share);
  mark.setAttribute("aria-hidden", "true");
  return mark;
}
