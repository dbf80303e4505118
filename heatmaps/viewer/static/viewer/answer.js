// The question to the service, and its answer, which is what the picture and the numbers show.
import { ask, askText, parsed } from "./api.js";
import { path } from "./current.js";
import { depthBands } from "./depths.js";
import { DEFAULTS, filters, SCROLL_DEPTH } from "./state.js";

/** @typedef {import("./api.js").Points} Points */
/** @typedef {import("./api.js").Depths} Depths */
/** @typedef {import("./api.js").Bucket} Bucket */
/** @typedef {import("./depths.js").Band} Band */
/** @typedef {import("./state.js").State} State */

/**
 * An answer: its text, and what was made of it. `depths` say how far the page goes down.
 * @typedef {{ kind: "points", text: string, reply: Points, depths: Bucket[] }} PointsAnswer
 * @typedef {{ kind: "depths", text: string, reply: Depths, depths: Bucket[], bands: Band[] }} DepthsAnswer
 * @typedef {PointsAnswer | DepthsAnswer} Answer
 */

/** @param {State} state */
const isOfDepth = (state) => state.type === SCROLL_DEPTH;

/** @param {State} state */
export function question(state) {
  return {
    ...filters(state),
    ...(state.aggregation === DEFAULTS.aggregation ? {} : { aggregation: state.aggregation }),
    ...(isOfDepth(state) ? {} : { limit: "0" }),
  };
}

/**
 * Asks. The answer before it is of the same page, if there is one: how deep that is need not be asked again.
 * @param {State} state
 * @param {{ signal: AbortSignal, before: Answer | null, onProgress?: (received: number) => void }} options
 * @returns {Promise<Answer>}
 */
export async function answerTo(state, { signal, before, onProgress }) {
  const [text, depths] = await Promise.all([
    askText(path("heatmaps/"), question(state), { signal, onProgress }),
    // How far the page goes down, which nobody can measure from here.
    isOfDepth(state) || before ? null : ask(path("heatmaps/"), { ...filters(state), type: SCROLL_DEPTH }, { signal }),
  ]);
  if (isOfDepth(state)) {
    const reply = /** @type {Depths} */ (parsed(text));
    return { kind: "depths", text, reply, depths: reply.results, bands: depthBands(reply.results) };
  }
  const found = /** @type {Depths | null} */ (depths);
  return {
    kind: "points",
    text,
    reply: /** @type {Points} */ (parsed(text)),
    depths: found?.results ?? before?.depths ?? [],
  };
}
