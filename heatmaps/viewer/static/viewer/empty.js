// Why a picture is empty: as the service explains it, with what can be done about it.
import { ask } from "./api.js";
import { act, code, list, text } from "./cards.js";
import { change, current, currentProject, dates, path } from "./current.js";
import { $, make } from "./elements.js";
import { days } from "./project_days.js";
import { ALL_TIME } from "./spans.js";
import { filters, NO_PAGE } from "./state.js";
import { listed, moment, number, readable, title, unit, widths } from "./words.js";

/** @typedef {import("./api.js").Explanation} Explanation */
/** @typedef {import("./state.js").State} State */
/**
 * A filter as it is called here; what takes it away, and what the button for that says.
 * @typedef {{ name: (state: State) => string, without?: Partial<State>, action?: string }} Filter
 */

// By the names that the service has for them.
/** @type {Record<string, Filter>} */
const FILTERS = {
  project: { name: () => "All of this project" },
  dates: { name: (state) => `Dates: ${days(state)}`, without: ALL_TIME },
  type: { name: ({ type }) => `Kind: ${title(type)}` },
  // With none chosen, the busiest page is shown.
  url: {
    name: ({ page, pattern }) => (page ? "This page" : `This ${pattern ? "pattern" : "URL"}`),
    without: NO_PAGE,
    action: "Busiest page",
  },
  viewport: {
    name: (state) => `Viewport: ${widths(state)}`,
    without: { width_min: "", width_max: "", widths: "any", width: "" },
  },
  hide_zero_coordinates: { name: () => "Without x = 0, y = 0", without: { zero: "yes" } },
  test_accounts: { name: () => "Without test accounts", without: { test_accounts: "" } },
  cohorts: { name: () => "Cohort", without: { cohort: "" } },
  events: { name: ({ events }) => `Sessions with ${events}`, without: { events: "" } },
};
// Those that can be taken away together. What has no position is seldom what somebody looks for.
const TOGETHER = ["url", "viewport", "test_accounts", "cohorts", "events"];
/** @type {Record<string, string>} */
const DIFFERENCES = {
  percent_encoding: "percent encoding",
  trailing_slash: "trailing slash",
  query_string: "query string",
};

/** @param {AbortSignal} signal */
export async function showWhyEmpty(signal) {
  const state = current();
  const heading = `No ${unit(state)} here`;
  showEmpty(heading, [text("Looking for the reason…")]);
  const found = await explain(filters(state), signal);
  if (found.reason === "never_captured") return showNeverCaptured(found, () => location.reload());
  showEmpty(heading, [
    text(found.message),
    ladder(found, state),
    ...together(found),
    ...nearUrls(found, state),
    ...otherTypes(found),
    ...newest(found),
  ]);
}

/**
 * Why there is no page to choose.
 * @param {() => void} lookAgain
 */
export async function explainNoPage(lookAgain) {
  const found = await explain(dates());
  if (found.reason === "never_captured") return showNeverCaptured(found, lookAgain);
  showEmpty(found.reason === "dates" ? "Nothing happened in these dates" : "No page to choose", [
    text(found.message),
    ...(found.reason === "dates" ? [act("Show all dates", goTo(ALL_TIME))] : []),
    ...newest(found),
  ]);
}

/**
 * @param {Record<string, string>} asked
 * @param {AbortSignal} [signal]
 * @returns {Promise<Explanation>}
 */
const explain = (asked, signal) => ask(path("heatmaps/explain/"), asked, { signal });

/** @param {Explanation} found @param {() => void} lookAgain */
function showNeverCaptured({ message }, lookAgain) {
  showEmpty("No interaction has come in yet", [
    text(message),
    code(`python manage.py load_interactions FILE.jsonl --project ${currentProject().id}`),
    text("Or look at a made-up shop first:"),
    code("make demo"),
    act("Look again", lookAgain),
  ]);
}

/**
 * What each filter leaves of what those before it left, and what there would be without it alone.
 * @param {Explanation} found
 * @param {State} state
 */
function ladder({ steps, without }, state) {
  const table = make("table", { className: "ladder" });
  table.createCaption().textContent = "What each filter leaves, and how much there is without it alone";
  const head = table.createTHead().insertRow();
  for (const name of ["Filter", "Left", "Without it"]) head.append(make("th", { scope: "col", textContent: name }));
  const body = table.createTBody();
  const emptied = steps.find(({ remaining }) => remaining === 0);
  for (const step of steps) {
    const filter = FILTERS[step.filter] ?? { name: () => step.filter.replaceAll("_", " ") };
    const row = body.insertRow();
    if (step === emptied) row.className = "emptied";
    row.append(make("th", { scope: "row", textContent: filter.name(state) }));
    row.insertCell().textContent = number(step.remaining);
    const cell = row.insertCell();
    const matched = without.find((one) => one.filter === step.filter)?.matched;
    if (matched === undefined) continue;
    cell.append(number(matched));
    if (matched && filter.without) cell.append(" ", takeAway(filter, state));
  }
  return table;
}

/** @param {Filter} filter @param {State} state */
function takeAway({ name, without = {}, action = "Take it away" }, state) {
  const button = act(action, goTo(without));
  button.setAttribute("aria-label", `${action}: ${name(state)}`);
  return button;
}

/** Where no filter alone is the reason: with those before the one that emptied it, there was something. @param {Explanation} found */
function together({ reason, steps, without }) {
  if (reason === null || !TOGETHER.includes(reason) || without.some(({ matched }) => matched > 0)) return [];
  const after = steps.slice(steps.findIndex(({ filter }) => filter === reason));
  const taken = after.filter(({ filter }) => TOGETHER.includes(filter)).map(({ filter }) => FILTERS[filter].without);
  return [text("No filter alone emptied it."), act("Take it away with all below it", goTo(Object.assign({}, ...taken)))];
}

/** @param {Explanation} found @param {State} state */
function nearUrls({ urls }, state) {
  if (!urls.length) return [];
  const entries = urls.map(({ url, count, differs_in }) => {
    const differs = differs_in.length ? ` · differs in ${listed(differs_in.map((part) => DIFFERENCES[part] ?? part))}` : "";
    const counted = `${number(count)} ${unit({ ...state, aggregation: "total_count" }, count)}`;
    return {
      words: readable(url),
      hint: `${counted}${differs}`,
      name: "Go there",
      // Pages are told where a page was asked for, and else URLs.
      does: goTo({ ...NO_PAGE, ...(state.page ? { page: url } : { url }) }),
    };
  });
  return [list(state.pattern ? "The busiest pages:" : "The nearest:", entries)];
}

/** @param {Explanation} found */
function otherTypes({ types }) {
  if (!types.length) return [];
  const entries = types.slice(0, 5).map(({ type, count, last_seen }) => ({
    words: `${title(type)}: ${number(count)}`,
    hint: `the last ${moment(last_seen, currentProject().timezone)}`,
    name: "Show them",
    does: goTo({ type }),
  }));
  return [list("Of other kinds there are:", entries)];
}

/** @param {Explanation} found */
function newest({ capture: { last_captured } }) {
  if (!last_captured) return [];
  const when = moment(last_captured, currentProject().timezone);
  return [make("p", { className: "hint", textContent: `The newest interaction of this project is of ${when}.` })];
}

/** The card with the button goes; whoever uses the keyboard goes on from the heading. @param {Partial<State>} difference */
const goTo = (difference) => () => {
  change(difference);
  $("shown-title").focus();
};

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
