// The interactions behind a spot, a page at a time, newest first.
import { ask } from "./api.js";
import { markSpot } from "./picture.js";
import { filters } from "./state.js";
import { fill, heads, line } from "./tables.js";
import { counted, moment, number, shortUrl } from "./words.js";

const $ = (id) => document.getElementById(id);
const AT_ONCE = 20;
// The API takes no more points in one request.
const MOST_POINTS = 500;

// What is looked at: a spot with its cells, the state that it is of, and who is told of errors.
let looked = null;

export const place = () => looked?.place ?? null;

export async function open(spot, offset = 0) {
  const { cells, scroll, state, project, told } = spot;
  looked = spot;
  markSpot(spot.place, { scroll: scroll && offset === 0 });
  const points = cells.slice(0, MOST_POINTS).map((cell) => ({
    x: cell.pointer_relative_x,
    y: cell.pointer_y,
    target_fixed: cell.pointer_target_fixed,
  }));
  const asked = { ...filters(state), points: JSON.stringify(points), limit: AT_ONCE, offset };
  try {
    const page = await ask(`projects/${project.id}/heatmaps/events/`, asked);
    if (looked !== spot) return;
    show(page, offset);
    if (offset === 0) {
      $("behind").scrollIntoView({ block: "nearest" });
      $("behind-title").focus({ preventScroll: true });
    }
  } catch (error) {
    if (looked === spot) told(error);
  }
}

function show({ results, total_count, has_more }, offset) {
  const { cells, state, project } = looked;
  const withPage = state.pattern !== "";
  const names = ["Time", "Visitor", "Session", ...(withPage ? ["Page"] : [])];
  heads("behind-table", names, names.length);
  fill(
    "behind-table",
    results.map(({ timestamp, distinct_id, session_id, current_url }) => {
      const time = document.createElement("time");
      time.dateTime = timestamp;
      time.textContent = moment(timestamp, project.timezone, { withYear: false });
      const row = line(
        [time, distinct_id, session_id ?? "none", ...(withPage ? [shortUrl(current_url)] : [])],
        names.length,
      );
      // What is too long for its column is whole in its title.
      for (const cell of row.cells) cell.title = cell.textContent;
      row.cells[0].title = timestamp;
      return row;
    }),
  );
  const most = cells.length > MOST_POINTS ? `, in the ${MOST_POINTS} hottest of ${number(cells.length)} cells` : "";
  const what = counted(total_count, { ...state, aggregation: "total_count" });
  $("behind-text").textContent = `${what}${most}. Times are of ${project.timezone}.`;
  const last = offset + results.length;
  $("behind-page").textContent = last ? `${number(offset + 1)} to ${number(last)} of ${number(total_count)}` : "none";
  const [newer, older] = [$("newer"), $("older")];
  newer.disabled = offset === 0;
  older.disabled = !has_more;
  const spot = looked;
  newer.onclick = () => open(spot, offset - AT_ONCE);
  older.onclick = () => open(spot, offset + AT_ONCE);
  $("behind").hidden = false;
}

export function close() {
  looked = null;
  $("behind").hidden = true;
  markSpot(null);
}

$("close-behind").addEventListener("click", () => {
  close();
  $("shown-title").focus();
});
