// How much of what there is the picture shows, in one line.
import { change } from "./current.js";
import { $, make } from "./elements.js";
import { SCROLL_DEPTH } from "./state.js";
import { number, roundPercent, unit } from "./words.js";

/** @typedef {import("./api.js").Coverage} Coverage */
/** @typedef {import("./state.js").State} State */

/**
 * Of a reply that tells; of none, nothing.
 * @param {{ coverage?: Coverage } | null} reply
 * @param {State} [state]
 */
export function showCoverage(reply, state) {
  const coverage = reply?.coverage;
  $("coverage").hidden = !coverage?.cells_total;
  $("coverage").replaceChildren();
  if (!coverage?.cells_total || !state) return;
  const { cells_returned, cells_total, share } = coverage;
  const [one, many] = state.type === SCROLL_DEPTH ? ["depth", "depths"] : ["spot", "spots"];
  const spots = `${number(cells_total)} ${cells_total === 1 ? one : many}`;
  if (cells_returned >= cells_total) return $("coverage").append(cells_total === 1 ? spots : `All ${spots}`);
  // Interactions, also where visitors are counted: of one visitor some may be shown and some not.
  const what = unit({ ...state, aggregation: "total_count" });
  $("coverage").append(`${number(cells_returned)} of ${spots}, ${roundPercent(share ?? 0)} of the ${what}`);
  if (state.limit === "0") return;
  const all = make("button", { type: "button", className: "quiet", textContent: "show all" });
  all.addEventListener("click", () => {
    change({ limit: "0" });
    // The button goes with the line that it is in.
    $("shown-title").focus();
  });
  $("coverage").append(": ", all);
}
