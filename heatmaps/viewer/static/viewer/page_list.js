// The pages of the project, and how often each type happened on the one that is looked at.
import { ask } from "./api.js";
import { act, code, lastSeen, text } from "./cards.js";
import { showMatches, showNoList, showPages, showTypes } from "./lists.js";
import { change, current, currentProject, dates, fillIn, path } from "./current.js";
import { showEmpty } from "./empty.js";
import { showError } from "./signing_in.js";
import { commonPart, matcher } from "./patterns.js";
import { isSamePage, withoutEmpty, withoutSlashes } from "./state.js";

/** @typedef {import("./api.js").Pages} Pages */
/** @typedef {import("./api.js").PageRow} PageRow */

const PAGES_AT_ONCE = 50;
const MOST_PAGES = 1000;

/** @type {Pages} */
let pages = { results: [], types: [], has_more: false };
let searched = "";
/**
 * The pages that the pattern takes in, the busiest first; null where that cannot be told.
 * @type {Pages | null}
 */
let matches = null;
// What they are matches of.
let matchesOf = "";
let finding = new AbortController();

export function forget() {
  pages = { results: [], types: [], has_more: false };
  searched = "";
}

/** @param {string} words */
export function search(words) {
  searched = words.trim();
  void loadPages();
}

export const loadMore = () => loadPages({ offset: pages.results.length });

/**
 * Lists the pages, and says whether they are there; `again` is offered where asking once more may help.
 * @param {{ offset?: number, again?: () => void }} [options]
 */
export async function loadPages({ offset = 0, again } = {}) {
  finding.abort();
  const { signal } = (finding = new AbortController());
  try {
    const asked = { ...dates(), ...withoutEmpty({ search: searched }), limit: PAGES_AT_ONCE, offset };
    const reply = /** @type {Pages} */ (await ask(path("heatmaps/pages/"), asked, { signal }));
    pages = { ...reply, results: offset ? [...pages.results, ...reply.results] : reply.results };
    showPages(pages, searched !== "");
    await showTypeCounts(signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    pages = { results: [], types: [], has_more: false };
    showNoList();
    showError(error, again);
    return false;
  }
}

/** With no page chosen yet, the busiest is a good one to begin with. Says whether there is one. */
export function chooseFirstPage() {
  if (!pages.results.length) return false;
  fillIn({ url: pages.results[0].url });
  void showTypeCounts();
  return true;
}

/**
 * Looks up which pages the pattern takes in, if there is one and that is not known yet. The busiest of them is shown below
 * the map, unless another one is chosen.
 */
export async function findMatches() {
  const { project, pattern } = current();
  if (!pattern) return;
  const key = JSON.stringify([project, pattern, dates()]);
  if (key !== matchesOf) {
    matchesOf = "";
    const found = await pagesOf(pattern);
    if (pattern !== current().pattern) return;
    [matches, matchesOf] = [found, key];
  }
  const { url } = current();
  const isChosen = matches?.results.some((page) => isSamePage(page.url, url));
  if (matches?.results.length && !isChosen) fillIn({ url: matches.results[0].url });
  showMatches(matches);
  await showTypeCounts();
}

/** @param {string} pattern */
async function pagesOf(pattern) {
  const isMatch = matcher(pattern);
  if (!isMatch) return null;
  const asked = { ...dates(), ...withoutEmpty({ search: withoutSlashes(commonPart(pattern)) }), limit: MOST_PAGES };
  const reply = /** @type {Pages} */ (await ask(path("heatmaps/pages/"), asked));
  return { ...reply, results: reply.results.filter((page) => isMatch(page.url)) };
}

/** @param {PageRow[]} rows */
function typesOf(rows) {
  /** @type {Map<string, import("./api.js").TypeCount>} */
  const sums = new Map();
  for (const { type, count, last_seen } of rows.flatMap(({ types }) => types)) {
    const before = sums.get(type);
    const last = before && before.last_seen > last_seen ? before.last_seen : last_seen;
    sums.set(type, { type, count: count + (before?.count ?? 0), last_seen: last });
  }
  return [...sums.values()];
}

/**
 * Why there is no page to choose.
 * @param {() => void} lookAgain
 */
export async function showNoPages(lookAgain) {
  const { types } = /** @type {Pages} */ (await ask(path("heatmaps/pages/"), { date_from: "all", limit: 1 }));
  if (types.length) {
    showEmpty("Nothing happened in these dates", [
      lastSeen(types, "The last of this project:", currentProject().timezone),
      act("Show all dates", () => change({ date_from: "all", date_to: "" })),
    ]);
    return;
  }
  showEmpty("No interaction has come in yet", [
    text("Put the browser SDK on your pages, or load a file:"),
    code(`python manage.py load_interactions FILE.jsonl --project ${currentProject().id}`),
    text("Or look at a made-up shop first:"),
    code("make demo"),
    act("Look again", lookAgain),
  ]);
}

/**
 * How often each type happened on the page, whatever the other filters are.
 * @param {AbortSignal} [signal]
 */
export async function showTypeCounts(signal) {
  const { pattern, url } = current();
  if (pattern) return showTypes(matches && !matches.has_more ? typesOf(matches.results) : null);
  /** @param {PageRow[]} results */
  const find = (results) => results.find((one) => isSamePage(one.url, url));
  let page = find(pages.results);
  if (!page && url) {
    const asked = { ...dates(), search: withoutSlashes(url), limit: MOST_PAGES };
    try {
      page = find(/** @type {Pages} */ (await ask(path("heatmaps/pages/"), asked, { signal })).results);
    } catch {
      return showTypes(null);
    }
  }
  return showTypes(page?.types ?? []);
}
