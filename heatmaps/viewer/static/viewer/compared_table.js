// A comparison in numbers: the two sides, and a table of what changed, what is least likely to be chance first.
import { GRID, isSure } from "./comparing.js";
import * as comparison from "./comparison.js";
import { capitalised, caveats, changeWords, points, sideNames, testedWords } from "./comparison_words.js";
import { $, button, make, table } from "./elements.js";
import { forgetLabels, labelOf, placeOfCell } from "./names.js";
import { legendOf } from "./numbers.js";
import { fill, heads, line } from "./tables.js";
import { paintTwoColours, swatchOf } from "./two_colours.js";
import { number, percent, unit } from "./words.js";

/** @typedef {import("./answer.js").ComparisonAnswer} ComparisonAnswer */
/** @typedef {import("./comparing.js").Compared} Compared */
/** @typedef {import("./comparing.js").ComparedCell} ComparedCell */
/** @typedef {import("./comparing.js").Stretch} Stretch */
/** @typedef {import("./state.js").State} State */

const ROWS_AT_ONCE = 10;

/** Takes the two sides away. */
export function clear() {
  fill("sides", []);
  $("more-changes").hidden = true;
  table("spots").classList.remove("is-changes");
}

/** @param {ComparisonAnswer} answer @param {State} state */
export function show(answer, state) {
  const { reply } = answer;
  const places = /** @type {Compared[]} */ (answer.of === "depths" ? answer.stretches : reply.results);
  const what = answer.of === "depths" ? ["depth", "depths"] : ["place", "places"];
  const more = places.filter(({ verdict }) => verdict === "more").length;
  const less = places.filter(({ verdict }) => verdict === "less").length;
  const all = more + less;
  const isOneSided = !reply.a.visitors || !reply.b.visitors;
  $("total").textContent = isOneSided ? "" : number(all);
  const parts = [more && `${number(more)} with more visitors`, less && `${number(less)} with fewer visitors`].filter(Boolean);
  if (isOneSided) $("total-text").textContent = "Nothing to compare";
  else $("total-text").textContent = `${what[all === 1 ? 0 : 1]} changed for sure${all ? `: ${parts.join(", ")}` : ""}`;
  $("fold-numbers").textContent = [testedWords(reply, what[1]), ...caveats(state, reply)].join(" ");
  showSides(answer, state);
  showChanges(answer, { isOneSided, isAnySure: all > 0 });
  legend(comparison.largestOf(places));
}

/** @param {ComparisonAnswer} answer @param {State} state */
function showSides({ reply }, state) {
  const hasFold = reply.a.fold !== undefined;
  const interactions = unit({ ...state, aggregation: "total_count" });
  heads("sides", ["Side", "Visitors", capitalised(interactions), ...(hasFold ? ["Below fold"] : [])]);
  const names = sideNames(state, reply);
  const rows = [reply.a, reply.b].map((side, index) => {
    const { fold } = side;
    const below = fold ? [percent(fold.below_fold_count, fold.total_count)] : [];
    return line([names[index], number(side.visitors), number(side.count), ...below]);
  });
  fill("sides", rows);
}

/** @param {ComparisonAnswer} answer @param {{ isOneSided: boolean, isAnySure: boolean }} found */
function showChanges(answer, { isOneSided, isAnySure }) {
  const isOfDepth = answer.of === "depths";
  const places = isOfDepth ? answer.stretches : answer.reply.results;
  if (!places.length || isOneSided) $("spots-title").textContent = "";
  else if (isOfDepth) $("spots-title").textContent = "How far down";
  else $("spots-title").textContent = isAnySure ? "What changed" : "Nothing changed for sure";
  $("spots-caption").textContent = isOfDepth
    ? "How many more or fewer of the visitors got how far down the page"
    : "How many more or fewer of the visitors were where, what is least likely to be chance first";
  table("spots").classList.add("is-changes");
  heads("spots", [isOfDepth ? "Down to" : "Across, down", "Share of visitors"], 2);
  if (isOneSided) return showRows(0, () => line([]), 0);
  const largest = comparison.largestOf(places);
  const row = isOfDepth
    ? (/** @type {number} */ index) => depthRow(answer.stretches[index], largest)
    : (/** @type {number} */ index) => cellRow(answer.reply.results[index], largest);
  return showRows(places.length, row, isOfDepth ? places.length : firstRows(places));
}

/** What is sure is shown at first, but no more than a page of it, and a few rows in any case. @param {Compared[]} places */
const firstRows = (places) => Math.max(3, Math.min(ROWS_AT_ONCE, places.filter(isSure).length));

/** @param {number} length @param {(index: number) => HTMLTableRowElement} row @param {number} shown */
function showRows(length, row, shown) {
  const there = Math.min(length, shown);
  forgetLabels();
  fill("spots", Array.from({ length: there }, (_, index) => row(index)));
  const next = button("more-changes");
  next.hidden = there >= length;
  next.textContent = `Show ${number(Math.min(ROWS_AT_ONCE, length - there))} more of ${number(length - there)}`;
  next.onclick = () => {
    showRows(length, row, there + ROWS_AT_ONCE);
    table("spots").tBodies[0].rows[there]?.querySelector("button")?.focus();
  };
}

/** @param {ComparedCell} cell @param {number} largest */
function cellRow(cell, largest) {
  const across = `${Math.round(100 * cell.pointer_relative_x)} %`;
  const down = `${number(cell.pointer_y)} px`;
  const place = make("button", { type: "button", className: "quiet" });
  place.append(swatchOf(cell, largest), `${across}, ${down}`);
  if (cell.pointer_target_fixed) place.append(make("small", { textContent: "fixed" }));
  place.append(labelOf(placeOfCell(cell, GRID)));
  place.addEventListener("click", () => comparison.choose([cell], { scroll: true }));
  const row = line([place, changeWords(cell)], 2);
  row.addEventListener("pointerenter", () => comparison.point(cell));
  row.addEventListener("pointerleave", () => comparison.point(null));
  return row;
}

/** @param {Stretch} stretch @param {number} largest */
function depthRow(stretch, largest) {
  const place = make("span");
  place.append(swatchOf(stretch, largest), `${number(stretch.bottom)} px`);
  return line([place, changeWords(stretch)], 2);
}

/** @param {number} largest */
function legend(largest) {
  /** @type {[number, string][]} */
  const ticks = [-1, -1 / 4, 0, 1 / 4, 1].map((part) => [
    (1 + Math.sign(part) * Math.sqrt(Math.abs(part))) / 2,
    points(part * largest),
  ]);
  legendOf(largest > 0 ? ticks : [], "points of visitors; grey is unclear", {
    paint: paintTwoColours,
    order: "less to more",
  });
}
