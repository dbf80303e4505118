// The areas that are marked on the page: in the address as the API takes them, with their numbers from there.
import { ask, Refused } from "./api.js";
import * as list from "./areas_list.js";
import * as shapes from "./area_shapes.js";
import * as behind from "./behind.js";
import { change, current, currentProject, path } from "./current.js";
import { $, button } from "./elements.js";
import { showError } from "./signing_in.js";
import { filters, SCROLL_DEPTH } from "./state.js";

/** @typedef {import("./comparing.js").Compared} Compared */
/** @typedef {[number, number]} Pair */
/**
 * An area as the API takes it: x in shares of the width, y in px.
 * @typedef {{ x: Pair, y: Pair } | { polygon: Pair[] }} Shape
 * @typedef {Shape & { name: string, target_fixed?: boolean }} Area
 * @typedef {{ type: string, count: number, visitors: number }} AreaType
 * @typedef {{ tag_name: string, text: string | null, selector: string, count: number, share: number | null }} AreaElement
 * @typedef {{
 *   name: string, count: number, visitors: number, sessions: number, share_of_count: number | null,
 *   share_of_visitors: number | null, first_share: number | null, types: AreaType[], elements: AreaElement[],
 * } & Partial<Compared>} AreaNumbers
 */

const MOST_AREAS = 50;
const MOST_CORNERS = 200;
const LONGEST_NAME = 200;

let asking = new AbortController();
// The last numbers by the shapes that they are of; what they answer, whatever the shapes; and all the shapes that were asked for.
/** @type {Map<string, AreaNumbers>} */
let numbers = new Map();
let numbersOf = "";
let answered = "";

/** @param {unknown} value @returns {value is Pair} */
const isPair = (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);

/** @param {any} one @returns {one is Area} */
function isArea(one) {
  if (typeof one?.name !== "string" || !one.name || one.name.length > LONGEST_NAME) return false;
  if (isPair(one.x) && isPair(one.y)) return one.x[0] <= one.x[1] && one.y[0] <= one.y[1];
  const { polygon } = one;
  return Array.isArray(polygon) && polygon.length >= 3 && polygon.length <= MOST_CORNERS && polygon.every(isPair);
}

/**
 * The areas of the address; null where they cannot be read.
 * @param {string} text
 * @returns {Area[] | null}
 */
function read(text) {
  if (!text) return [];
  try {
    const found = JSON.parse(text);
    const isWhole = Array.isArray(found) && found.length <= MOST_AREAS && found.every(isArea);
    return isWhole && new Set(found.map(({ name }) => name)).size === found.length ? found : null;
  } catch {
    return null;
  }
}

/** @param {Area[]} areas */
const write = (areas) => change({ areas: areas.length ? JSON.stringify(areas) : "" });

const there = () => read(current().areas) ?? [];

/** What an area is, whatever its name. @param {Area} area */
const keyOf = (area) => JSON.stringify({ ...area, name: "" });

/** Adds one with a name of its own, for somebody to change. @param {Shape & { target_fixed?: boolean }} shape */
export function add(shape) {
  const areas = there();
  if (areas.length >= MOST_AREAS) return;
  const name = freeName(`Area ${areas.length + 1}`, areas);
  write([...areas, { name, ...shape }]);
  list.focusName(areas.length);
}

/** @param {string} wanted @param {Area[]} others */
function freeName(wanted, others) {
  const taken = new Set(others.map(({ name }) => name));
  let name = wanted.slice(0, LONGEST_NAME);
  for (let number = 2; taken.has(name); number++) name = `${wanted.slice(0, LONGEST_NAME - 4)} ${number}`;
  return name;
}

/** @param {number} index @param {string} text */
function rename(index, text) {
  const areas = there();
  const wanted = text.trim();
  if (wanted && wanted !== areas[index].name) {
    const name = freeName(wanted, areas.filter((_, other) => other !== index));
    write(areas.map((area, other) => (other === index ? { ...area, name } : area)));
  }
  show();
}

/** @param {number} index */
function remove(index) {
  list.drop(index);
  const left = there().filter((_, other) => other !== index);
  write(left);
  if (left.length) $("areas-title").focus();
  else $("mark").focus();
}

/** @param {number} index */
function open(index) {
  const area = there()[index];
  shapes.point(index);
  void behind.open({
    title: `Behind “${area.name}”`,
    asked: { areas: JSON.stringify([area]) },
    place: null,
    scroll: false,
    state: current(),
    project: currentProject(),
    showError,
  });
}

function show() {
  const areas = there();
  shapes.show(areas);
  list.show(areas, areas.map((area) => numbers.get(keyOf(area))), current());
  $("areas").hidden = current().areas === "";
  button("mark").disabled = areas.length >= MOST_AREAS;
  button("mark").title = areas.length >= MOST_AREAS ? `There are ${MOST_AREAS} areas, and no more fit in.` : "";
}

/** Takes the numbers away; the areas themselves stay. */
export function forget() {
  asking.abort();
  numbers.clear();
  answered = "";
  problem("");
  show();
}

/** Shows the areas, and asks for their numbers. Another name alone is no other question. */
export async function load({ again = false } = {}) {
  const state = current();
  const areas = read(state.areas);
  const asked = question(state, areas ?? []);
  const shapesKey = JSON.stringify((areas ?? []).map(keyOf));
  const questionKey = JSON.stringify([state.project, { ...asked, areas: "" }]);
  asking.abort();
  const { signal } = (asking = new AbortController());
  problem(areas ? "" : "The areas in the address cannot be read.");
  if (state.type === SCROLL_DEPTH && areas?.length) {
    forget();
    return problem("Scroll depth has no areas: choose another kind of interaction for their numbers.");
  }
  if (questionKey !== numbersOf) {
    numbers.clear();
    answered = "";
    numbersOf = questionKey;
  }
  show();
  if (!areas?.length || (shapesKey === answered && !again)) return undefined;
  try {
    const reply = await ask(path("heatmaps/areas/"), asked, { signal });
    const results = /** @type {AreaNumbers[]} */ (reply.results);
    numbers = new Map(results.map((found, index) => [keyOf(areas[index]), found]));
    answered = shapesKey;
    show();
  } catch (error) {
    if (signal.aborted) return undefined;
    forget();
    if (!(error instanceof Refused) || error.status === 401) return showError(error);
    problem(error.message);
  }
  return undefined;
}

/** @param {import("./state.js").State} state @param {Area[]} areas */
function question(state, areas) {
  return {
    ...filters(state),
    ...(state.against ? { against: state.against } : {}),
    areas: JSON.stringify(areas),
    include: "types,elements",
  };
}

/** @param {string} sentence */
function problem(sentence) {
  $("areas-problem").hidden = !sentence;
  $("areas-problem").textContent = sentence;
}

list.bind({ rename, remove, open, point: shapes.point });
$("remove-areas").addEventListener("click", () => {
  write([]);
  $("mark").focus();
});
