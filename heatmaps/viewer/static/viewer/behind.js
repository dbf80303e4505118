// The interactions behind a spot, a page at a time, newest first.
import { ask } from "./api.js";
import { $, button, make } from "./elements.js";
import * as people from "./people.js";
import { markSpot } from "./picture.js";
import { filters } from "./state.js";
import { fill, heads, line } from "./tables.js";
import { counted, moment, number, shortUrl } from "./words.js";

/** @typedef {import("./api.js").Cell} Cell */
/** @typedef {import("./api.js").Interactions} Interactions */
/** @typedef {import("./picture.js").Circle} Circle */

const AT_ONCE = 20;
// The API takes no more points in one request.
const MOST_POINTS = 500;

/**
 * What is listed: its heading, the points or areas that are asked for, what else is to be said of them, the spot that is
 * marked meanwhile, the state that it is of, who is told of errors, and whose alone are shown.
 * @typedef {{
 *   title: string, asked: import("./api.js").Parameters, note?: string, place: Circle | null, scroll: boolean,
 *   state: import("./state.js").State, project: import("./api.js").Project, showError: (error: unknown) => void,
 *   only?: people.Only,
 * }} Looked
 */

/** @type {Looked | null} */
let looked = null;
let asking = new AbortController();
// What is told of those that are listed.
let told = "";

export const place = () => looked?.place ?? null;

/**
 * How cells are asked for, and what to say where they are too many.
 * @param {Omit<Cell, "count">[]} cells
 */
export function pointsOf(cells) {
  const points = cells.slice(0, MOST_POINTS).map((cell) => ({
    x: cell.pointer_relative_x,
    y: cell.pointer_y,
    target_fixed: cell.pointer_target_fixed,
  }));
  const note = cells.length > MOST_POINTS ? `, in the ${MOST_POINTS} hottest of ${number(cells.length)} cells` : "";
  return { asked: { points: JSON.stringify(points) }, note };
}

/** @param {Looked} spot */
export async function open(spot, offset = 0) {
  const { scroll, state, project, showError } = spot;
  looked = spot;
  asking.abort();
  const { signal } = (asking = new AbortController());
  markSpot(spot.place, { scroll: scroll && offset === 0 });
  const asked = { ...filters(state), ...spot.asked, limit: AT_ONCE, offset };
  try {
    const route = `projects/${project.id}/heatmaps/events/`;
    const page = /** @type {Interactions} */ (
      await (spot.only ? people.pageOf(spot.only, route, asked, signal) : ask(route, asked, { signal }))
    );
    if (signal.aborted) return;
    show(spot, page, offset);
    if (offset === 0) {
      $("behind").scrollIntoView({ block: "nearest" });
      $("behind-title").focus({ preventScroll: true });
    }
  } catch (error) {
    if (signal.aborted) return;
    $("behind-text").textContent = told;
    showError(error);
  }
}

/** @param {Looked} spot @param {Interactions} page @param {number} offset */
function show(spot, { results, total_count, has_more }, offset) {
  const { title, note = "", state, project } = spot;
  $("behind-title").textContent = title;
  const withPage = state.pattern !== "";
  const names = ["Time", "Visitor", "Session", ...(withPage ? ["Page"] : [])];
  heads("behind-table", names, names.length);
  fill(
    "behind-table",
    results.map(({ timestamp, distinct_id, session_id, current_url }) => {
      const written = moment(timestamp, project.timezone, { withYear: false });
      const time = make("time", { dateTime: timestamp, textContent: written });
      const whose = people.cells({ distinct_id, session_id }, (only) => void open({ ...spot, scroll: false, only }));
      const row = line([time, ...whose, ...(withPage ? [shortUrl(current_url)] : [])], names.length);
      // What is too long for its column is whole in its title.
      for (const cell of row.cells) cell.title = cell.textContent;
      row.cells[0].title = timestamp;
      return row;
    }),
  );
  const what = counted(total_count, { ...state, aggregation: "total_count" });
  const whose = spot.only ? people.words(spot.only) : "";
  told = `${what}${whose}${note}. Times are of ${project.timezone}.`;
  $("behind-text").textContent = told;
  button("behind-all").hidden = !spot.only;
  button("behind-all").onclick = () => open({ ...spot, only: undefined });
  const last = offset + results.length;
  $("behind-page").textContent = last ? `${number(offset + 1)} to ${number(last)} of ${number(total_count)}` : "none";
  const [newer, older] = [button("newer"), button("older")];
  newer.disabled = offset === 0;
  older.disabled = !has_more;
  newer.onclick = () => open(spot, offset - AT_ONCE);
  older.onclick = () => open(spot, offset + AT_ONCE);
  $("behind").hidden = false;
}

export function close() {
  looked = null;
  asking.abort();
  $("behind").hidden = true;
  markSpot(null);
}

/** Closes it, if it is open; says whether it was. */
export function escape() {
  if ($("behind").hidden) return false;
  close();
  $("shown-title").focus();
  return true;
}

$("close-behind").addEventListener("click", escape);
