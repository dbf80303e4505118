// From an answer to the picture and the numbers beside it.
import { countOf } from "./answer.js";
import * as behind from "./behind.js";
import { act } from "./cards.js";
import { showCoverage } from "./coverage.js";
import * as comparedTable from "./compared_table.js";
import * as comparison from "./comparison.js";
import { againstWords } from "./comparison_words.js";
import { change, current } from "./current.js";
import { showEmpty, showWhyEmpty } from "./empty.js";
import { hideFrame, showFrame } from "./frame.js";
import { usePalette } from "./heat.js";
import * as names from "./names.js";
import * as numbers from "./numbers.js";
import { $, select } from "./elements.js";
import * as picture from "./picture.js";
import { quiet } from "./screenshot_note.js";
import * as screenshots from "./screenshots.js";
import * as shares from "./shares.js";
import { days } from "./project_days.js";
import * as spots from "./spots.js";
import { frameWidth } from "./state.js";
import { counted, nameOf, shortUrl, title, widths } from "./words.js";

/** @typedef {import("./answer.js").Answer} Answer */
/** @typedef {import("./answer.js").PointsAnswer} PointsAnswer */
/** @typedef {import("./answer.js").DepthsAnswer} DepthsAnswer */
/** @typedef {import("./answer.js").ComparisonAnswer} ComparisonAnswer */
/** @typedef {import("./api.js").Bucket} Bucket */

const LEAST_HEIGHT_PX = 600;

/**
 * What is to be seen, and so what the pointer is over.
 * @typedef {(
 *   { answer: PointsAnswer, heat: picture.Layers, spots: spots.Spot[] } | { answer: DepthsAnswer | ComparisonAnswer }
 * )} Drawn
 */

/** @type {Drawn | null} */
let drawn = null;
let drawing = new AbortController();

export function stopDrawing() {
  drawing.abort();
  names.stop();
}
export const drawnNow = () => drawn;

/** Takes away the picture and all numbers of it. */
export function clear() {
  drawn = null;
  picture.clear();
  numbers.clear();
  showCoverage(null);
  comparedTable.clear();
}

/** Takes away the page itself, where there is none to look at. */
export function hidePage() {
  note("");
  hideFrame();
  screenshots.hide();
  picture.hide();
}

/**
 * Shows the page, and draws an answer over it. Says whether that is done, and nothing else began meanwhile.
 * @param {Answer | null} answer
 * @param {{ signal?: AbortSignal }} [options]
 */
export async function draw(answer, { signal } = {}) {
  drawing.abort();
  drawing = new AbortController();
  const either = signal ? AbortSignal.any([signal, drawing.signal]) : drawing.signal;
  showTitle();
  picture.setOpacity(Number(current().opacity));
  usePalette(current().palette);
  $("sheet").classList.toggle("is-compared", answer?.kind === "comparison");
  if (answer?.kind !== "comparison") comparedTable.clear();
  screenshots.show(current());
  showFrame(current(), note);
  showCoverage(answer && "coverage" in answer.reply ? answer.reply : null, current());
  try {
    if (answer?.kind === "points") await drawPoints(answer, either);
    if (answer?.kind === "depths") await drawDepths(answer, either);
    if (answer?.kind === "comparison") await drawComparison(answer, either);
    return true;
  } catch (error) {
    if (either.aborted && !signal?.aborted) return false;
    throw error;
  }
}

/**
 * @param {PointsAnswer} answer
 * @param {AbortSignal} signal
 */
async function drawPoints(answer, signal) {
  const state = current();
  const { reply, depths } = answer;
  const { results: cells, fold } = reply;
  const radius = Number(state.radius);
  const showFixed = state.fixed === "";
  const deepest = cells.reduce((most, cell) => Math.max(most, cell.pointer_target_fixed ? 0 : cell.pointer_y), 0);
  const foldHeight = fold.median_viewport_height ?? LEAST_HEIGHT_PX;
  const height = pageHeight(deepest, foldHeight, depths);
  picture.layOut(frameWidth(state), height, state.zoom);
  const heat = await picture.drawHeat(cells, { radius, foldHeight, showFixed, signal });
  const hottest = await spots.hottestSpots(heat, signal);
  drawn = { answer, heat, spots: hottest };
  picture.showFold(fold.median_viewport_height, fold.median_viewport_height === null ? "" : numbers.foldLabel(fold));
  numbers.showPoints({
    answer,
    state,
    height,
    hottest: heat.hottest,
    spots: hottest,
    onChoose: (spot) => spots.choose([spot], { scroll: true }),
    onPoint: spots.point,
  });
  names.find(answer, hottest.map(names.placeOf));
  if (cells.length) showEmpty(null);
  else await showWhyEmpty(signal);
}

/**
 * @param {DepthsAnswer} answer
 * @param {AbortSignal} signal
 */
async function drawDepths(answer, signal) {
  const state = current();
  const { bands, depths } = answer;
  picture.showFold(null);
  picture.layOut(frameWidth(state), pageHeight(0, LEAST_HEIGHT_PX, depths), state.zoom);
  picture.drawBands(bands);
  drawn = { answer };
  numbers.showDepths({ answer, state });
  if (bands.length) showEmpty(null);
  else await showWhyEmpty(signal);
}

/**
 * @param {ComparisonAnswer} answer
 * @param {AbortSignal} signal
 */
async function drawComparison(answer, signal) {
  const state = current();
  const { fold } = answer.reply.a;
  const foldHeight = fold?.median_viewport_height ?? LEAST_HEIGHT_PX;
  const deepest = answer.of === "points" ? comparison.deepestOf(answer.reply.results) : (answer.stretches.at(-1)?.bottom ?? 0);
  const height = pageHeight(deepest, foldHeight, answer.depths);
  picture.layOut(frameWidth(state), height, state.zoom);
  picture.showFold(fold?.median_viewport_height ?? null, fold ? numbers.foldLabel(fold) : "");
  if (answer.of === "depths") comparison.drawDepths(answer.stretches, height);
  else comparison.drawCells(answer.reply.results, { height, foldHeight, showFixed: state.fixed === "" });
  drawn = { answer };
  comparedTable.show(answer, state);
  if (answer.of === "points") names.find(answer, comparison.placesToName(answer.reply.results));
  if (answer.reply.results.length) showEmpty(null);
  else await showWhyEmpty(signal);
}

/**
 * @param {number} deepest
 * @param {number} foldHeight
 * @param {Bucket[]} depths
 */
function pageHeight(deepest, foldHeight, depths) {
  const last = depths.at(-1)?.scroll_depth_bucket ?? 0;
  return Math.min(picture.TALLEST_PX, Math.max(LEAST_HEIGHT_PX, foldHeight, last, deepest + Number(current().radius), screenshots.height()));
}

export function showTitle() {
  const state = current();
  const where = state.pattern || state.page || state.url;
  $("shown-title").textContent = nameOf(state) || "No page";
  $("shown-title").title = state.template || where;
  const who = [
    state.test_accounts && "without test accounts",
    state.cohort && `cohort ${select("cohort").selectedOptions[0]?.text ?? state.cohort}`,
    state.events && `with ${state.events}`,
    state.zero && "also at x = 0, y = 0",
    againstWords(state),
  ];
  const counting = state.aggregation === "unique_visitors" ? `${title(state.type)}, in visitors` : title(state.type);
  $("shown-text").textContent = [counting, days(state), widths(state), ...who].filter(Boolean).join(" · ");
  document.title = where ? `${title(state.type)} · ${nameOf(state, shortUrl)} · Heatmaps` : "Heatmaps";
}

/**
 * A sentence about the page below, or none.
 * @param {string} sentence
 */
function note(sentence, { isUnsure = false, refused = "", offersOverlay = false } = {}) {
  $("frame-note").hidden = !sentence;
  $("frame-note").replaceChildren(sentence);
  if (offersOverlay) $("frame-note").append(" ", quiet("Open the map on the page", () => void shares.open()));
  if (refused) void screenshots.standIn(refused);
  if (!isUnsure) return;
  const outline = act("Show its outline", () => change({ show: "outline" }));
  outline.className = "quiet";
  $("frame-note").append(" ", outline);
  void screenshots.offer($("frame-note"));
}

/** Tells those who cannot see it what is shown. @param {Answer} answer */
export function say(answer) {
  if (answer.kind === "comparison") {
    $("said").textContent = `${$("total").textContent} ${$("total-text").textContent}.`.trim();
    return;
  }
  const count = countOf(answer, current());
  $("said").textContent = count === null ? `${title(current().type)} shown.` : `${counted(count, current())} shown.`;
}

picture.follow({
  onHover(pointer) {
    picture.showTip(pointer && drawn ? wordsAt(drawn, pointer) : "", pointer);
  },
  onClick(pointer) {
    if (drawn?.answer.kind === "comparison") return comparison.chooseAt(drawn.answer, pointer);
    if (!drawn || !("heat" in drawn)) return;
    const found = spots.spotsAt(drawn.heat, pointer);
    if (found.length) spots.choose(found);
    else behind.close();
  },
});

/** @param {Drawn} shown @param {picture.Pointer} pointer */
function wordsAt(shown, pointer) {
  if (shown.answer.kind === "comparison") return comparison.wordsAt(shown.answer, pointer);
  if (!("heat" in shown)) return numbers.depthWords(shown.answer.bands, pointer.y, current());
  const found = spots.spotsAt(shown.heat, pointer);
  return numbers.spotWords(found, shown.answer, current()) + names.probably(found.map(names.placeOf));
}
