// Why a picture is empty: the same question is asked again without each of its filters.
import { ask } from "./api.js";
import { act, lastSeen, list, text } from "./cards.js";
import { change, current, currentProject, path } from "./current.js";
import { $ } from "./elements.js";
import { band, filters, withoutEmpty, withoutSlashes } from "./state.js";
import { days, unit, widths } from "./words.js";

/** @typedef {import("./api.js").Pages} Pages */
/** @typedef {import("./state.js").State} State */
/**
 * @typedef {{
 *   isOn: (state: State) => boolean, without: Partial<State>, sentence: (state: State) => string,
 * }} Filter
 */

/** @type {Filter[]} */
const FILTERS = [
  {
    isOn: ({ date_from, date_to }) => date_from !== "all" || date_to !== "",
    without: { date_from: "all", date_to: "" },
    sentence: (state) => `Dates: ${days(state)}`,
  },
  {
    isOn: (state) => band(state) !== "any",
    without: { width_min: "", width_max: "", widths: "any", width: "" },
    sentence: (state) => `Viewport: ${widths(state)}`,
  },
  {
    isOn: (state) => state.test_accounts !== "",
    without: { test_accounts: "" },
    sentence: () => "Test accounts left out",
  },
  { isOn: (state) => state.cohort !== "", without: { cohort: "" }, sentence: () => "Cohort" },
  {
    isOn: (state) => state.events !== "",
    without: { events: "" },
    sentence: ({ events }) => `Sessions with ${events}`,
  },
];

/**
 * The filters that alone emptied it; if there are none, what to change to be rid of all, where that helps; and when the
 * last interaction of each type came in, of the page or of the whole project.
 * @param {State} state
 * @param {AbortSignal} signal
 */
async function explain(state, signal) {
  /** @param {Partial<State>} without */
  const hasSome = async (without) => {
    const asked = { ...filters({ ...state, ...without }), limit: 1 };
    return (await ask(path("heatmaps/"), asked, { signal })).results.length > 0;
  };
  const on = FILTERS.filter(({ isOn }) => isOn(state));
  /** @type {Partial<State>} */
  const all = Object.assign({}, ...on.map(({ without }) => without));
  const page = withoutSlashes(state.url);
  const [found, together, pages] = await Promise.all([
    Promise.all(on.map(({ without }) => hasSome(without))),
    on.length > 1 ? hasSome(all) : false,
    ask(
      path("heatmaps/pages/"),
      { ...withoutEmpty({ date_from: "all", search: state.pattern ? "" : page }), limit: 1000 },
      { signal },
    ),
  ]);
  const { results, types } = /** @type {Pages} */ (pages);
  const seen = results.find(({ url }) => url === page);
  const isOfPage = !state.pattern;
  return {
    reasons: on.filter((_, index) => found[index]).map((one) => ({ ...one, sentence: one.sentence(state) })),
    together: together ? all : null,
    types: isOfPage ? (seen?.types ?? []) : types,
    where: isOfPage ? "Last seen on this page:" : "Last seen in this project:",
  };
}

/** @param {AbortSignal} signal */
export async function showWhyEmpty(signal) {
  const state = current();
  const heading = `No ${unit(state)} here`;
  showEmpty(heading, [text("Looking for the reason…")]);
  const { reasons, together, types, where } = await explain(state, signal);
  /** @type {HTMLElement[]} */
  const children = [];
  if (reasons.length) {
    children.push(
      text(reasons.length === 1 ? "This filter emptied it:" : "Each of these filters emptied it:"),
      list(reasons.map(({ sentence, without }) => [sentence, () => change(without)])),
    );
  } else if (together) {
    children.push(
      text("No filter alone emptied it; all of them together did."),
      act("Take all of them away", () => change(together)),
    );
  } else children.push(text("No filter is the reason: nothing of this kind was ever seen here."));
  if (types.length) children.push(lastSeen(types, where, currentProject().timezone));
  showEmpty(heading, children);
}

/**
 * A card over the picture; no heading takes it away.
 * @param {string | null} heading
 * @param {HTMLElement[]} children
 */
export function showEmpty(heading, children = []) {
  $("empty").hidden = heading === null;
  $("empty-title").textContent = heading ?? "";
  $("empty-text").replaceChildren(...children);
}
