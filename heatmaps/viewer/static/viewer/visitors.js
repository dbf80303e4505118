// How many distinct visitors an answer is of. Cells cannot tell: who is in two of them counts twice.
import { ask } from "./api.js";
import { dates, path } from "./current.js";
import { isSamePage, withoutSlashes } from "./state.js";

/** @typedef {import("./api.js").Coverage} Coverage */
/** @typedef {import("./api.js").Pages} Pages */
/** @typedef {import("./state.js").State} State */

/** @param {State} state */
export const areCounted = (state) => state.aggregation === "unique_visitors";

/**
 * As the reply has it, else as the list of pages has it, which knows no other filters. null when nobody tells.
 * @param {State} state
 * @param {{ coverage?: Coverage }} reply
 * @param {AbortSignal} signal
 */
export async function distinctVisitors(state, reply, signal) {
  if (!areCounted(state)) return null;
  if (reply.coverage) return reply.coverage.visitors_total;
  const others = [state.pattern, state.width_min, state.width_max, state.test_accounts, state.cohort, state.events];
  if (others.some(Boolean)) return null;
  const asked = { ...dates(), type: state.type, search: withoutSlashes(state.url), limit: 1000 };
  const pages = /** @type {Pages} */ (await ask(path("heatmaps/pages/"), asked, { signal }));
  return pages.results.find(({ url }) => isSamePage(url, state.url))?.visitors ?? null;
}
