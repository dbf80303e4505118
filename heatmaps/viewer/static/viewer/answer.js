// The question to the service, and its answer, which is what the picture and the numbers show.
import { ask, askText } from "./api.js";
import { Arriving } from "./arriving.js";
import * as comparing from "./comparing.js";
import { path } from "./current.js";
import { depthBands } from "./depths.js";
import { areVisitorsCounted, DEFAULTS, filters, SCROLL_DEPTH } from "./state.js";

/** @typedef {import("./api.js").Points} Points */
/** @typedef {import("./api.js").Depths} Depths */
/** @typedef {import("./api.js").Bucket} Bucket */
/** @typedef {import("./depths.js").Band} Band */
/** @typedef {import("./state.js").State} State */

/**
 * An answer: its text, and what was made of it. `depths` say how far the page goes down, `visitors` how many they are,
 * where they are counted and the service tells.
 * @typedef {{ text: string, depths: Bucket[], visitors: number | null }} AnyAnswer
 * @typedef {AnyAnswer & { kind: "points", reply: Points }} PointsAnswer
 * @typedef {AnyAnswer & { kind: "depths", reply: Depths, bands: Band[] }} DepthsAnswer
 * @typedef {AnyAnswer & { kind: "comparison" }} AnyComparison
 * @typedef {AnyComparison & { of: "points", reply: import("./comparing.js").ComparedPoints }} ComparedPoints
 * @typedef {AnyComparison & {
 *   of: "depths", reply: import("./comparing.js").ComparedDepths, stretches: import("./comparing.js").Stretch[],
 * }} ComparedDepths
 * @typedef {ComparedPoints | ComparedDepths} ComparisonAnswer
 * @typedef {PointsAnswer | DepthsAnswer} PlainAnswer
 * @typedef {PlainAnswer | ComparisonAnswer} Answer
 */

/** @param {State} state */
const isOfDepth = (state) => state.type === SCROLL_DEPTH;

/** What is asked for, as the API calls it. @param {State} state */
export const route = (state) => (state.against ? "heatmaps/compare/" : "heatmaps/");

/** @param {State} state */
export function question(state) {
  if (state.against) return comparing.question(state);
  return {
    ...filters(state),
    ...(state.aggregation === DEFAULTS.aggregation ? {} : { aggregation: state.aggregation }),
    include: "coverage",
    ...(isOfDepth(state) ? {} : { limit: state.limit }),
  };
}

/**
 * Asks. The answer before it is of the same page, if there is one: how deep that is need not be asked again.
 * @param {State} state
 * @param {{ signal: AbortSignal, before: Answer | null, onProgress?: (received: number) => void }} options
 * @returns {Promise<Answer>}
 */
export async function answerTo(state, { signal, before, onProgress }) {
  const arriving = new Arriving(signal);
  const [text, depths] = await Promise.all([
    askText(path(route(state)), question(state), { signal, onProgress, onText: (piece) => arriving.take(piece) }),
    // How far the page goes down, which nobody can measure from here.
    isOfDepth(state) || before ? null : ask(path("heatmaps/"), { ...filters(state), type: SCROLL_DEPTH }, { signal }),
  ]);
  const reply = arriving.reply(text);
  if (state.against) return compared(state, text, reply, depths?.results ?? before?.depths ?? []);
  // Cells cannot tell: who is in two of them counts twice.
  const visitors = /** @type {Points | Depths} */ (reply).coverage?.visitors_total ?? null;
  if (isOfDepth(state)) {
    const { results } = /** @type {Depths} */ (reply);
    return { kind: "depths", text, reply, visitors, depths: results, bands: depthBands(results) };
  }
  const found = /** @type {Depths | null} */ (depths)?.results ?? before?.depths ?? [];
  return { kind: "points", text, reply, visitors, depths: found };
}

/**
 * @param {State} state
 * @param {string} text
 * @param {any} reply
 * @param {Bucket[]} depths
 * @returns {ComparisonAnswer}
 */
function compared(state, text, reply, depths) {
  const any = /** @type {const} */ ({ kind: "comparison", text, visitors: null, depths });
  if (!isOfDepth(state)) return { ...any, of: "points", reply };
  return { ...any, of: "depths", reply, stretches: comparing.stretchesOf(reply.results) };
}

/**
 * How many interactions an answer is of, or visitors where they are counted; null when nobody tells.
 * @param {PlainAnswer} answer
 * @param {State} state
 */
export function countOf(answer, state) {
  if (areVisitorsCounted(state)) return answer.visitors;
  return answer.kind === "depths" ? (answer.bands[0]?.count ?? 0) : interactions(answer);
}

/** Of all points, also of those that the answer leaves out. @param {PointsAnswer} answer */
export const interactions = ({ reply }) => reply.coverage?.count_total ?? total(reply.results);

/** Whether the answer leaves points out. @param {PointsAnswer} answer */
export const isPart = ({ reply }) => reply.has_more;

/** @param {{ count: number }[]} cells */
export const total = (cells) => cells.reduce((sum, { count }) => sum + count, 0);
