// The pages of the project, and how often each type happened on what is looked at.
import { ask } from "./api.js";
import { current, dates, fillIn, path } from "./current.js";
import { showMatches, showTypes } from "./lists.js";
import { choiceOf, isBare, isLookedAt } from "./page_names.js";
import { forgetOpened, openLookedAt, refreshOpened, revealMarked, showNoRows, showRows } from "./page_rows.js";
import { rowOf, urlsOf } from "./page_urls.js";
import { showError } from "./signing_in.js";
import { below, hasManyUrls, isSamePage, withoutEmpty } from "./state.js";

/** @typedef {import("./api.js").Pages} Pages */
/** @typedef {import("./api.js").PageRow} PageRow */
/** @typedef {import("./state.js").State} State */

const PAGES_AT_ONCE = 50;
// The API gives no more at once.
const MOST_PAGES = 1000;
// Of the URLs of a page, those that may stand below the map.
const URLS_BELOW = 100;

/** @type {Pages} */
let pages = { results: [], types: [], has_more: false };
let searched = "";
// So many pages are listed, where there are so many, or will be.
let reach = PAGES_AT_ONCE;
// How the pages are listed that are there.
let listedBy = "";
/**
 * The URLs that the page or the pattern takes in, the busiest first; null where that cannot be told.
 * @type {Pages | null}
 */
let matches = null;
// What they are matches of.
let matchesOf = "";
let finding = new AbortController();
/**
 * How often each type happened on what no row of the list is of, which is asked once.
 * @type {{ of: string, types: Promise<import("./api.js").TypeCount[]> } | null}
 */
let asked = null;

export function forget() {
  finding.abort();
  pages = { results: [], types: [], has_more: false };
  searched = "";
  listedBy = "";
  forgetOpened();
}

/** Lists only pages with these words, once they are asked for. @param {string} words */
export function search(words) {
  searched = words.trim();
}

export const loadMore = () => loadPages({ offset: pages.results.length });

/** Lists what is listed anew, and what is to come below it. */
export const refresh = () => loadPages({ limit: Math.min(reach, MOST_PAGES) });

/**
 * Lists the pages, and says whether they are there; `again` is offered where asking once more may help.
 * @param {{ offset?: number, limit?: number, again?: () => void }} [options]
 */
export async function loadPages({ offset = 0, limit = PAGES_AT_ONCE, again } = {}) {
  finding.abort();
  reach = offset + limit;
  const { signal } = (finding = new AbortController());
  try {
    const { by } = current();
    const parameters = { ...dates(), ...withoutEmpty({ search: searched }), by, limit, offset };
    const reply = /** @type {Pages} */ (await ask(path("heatmaps/pages/"), parameters, { signal }));
    asked = null;
    pages = { ...reply, results: offset ? [...pages.results, ...reply.results] : reply.results };
    showRows(pages, searched !== "");
    await Promise.all([refreshOpened(signal), openLookedAt(pages.results, signal), showTypeCounts()]);
    // Another list begins at what is looked at; the same one stays where it was scrolled to.
    if (by !== listedBy) revealMarked();
    listedBy = by;
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    pages = { results: [], types: [], has_more: false };
    showNoRows();
    showTypes(null);
    showError(error, again);
    return false;
  }
}

/** With no page chosen yet, the busiest is a good one to begin with. Says whether there is one. */
export function chooseFirstPage() {
  if (!pages.results.length) return false;
  fillIn(choiceOf(pages.results[0]));
  void showTypeCounts();
  return true;
}

/**
 * Looks up which URLs the page or the pattern takes in, if that is not known yet. The busiest of them is shown below the
 * map, or that of a page without a query string, unless another one is chosen.
 * @param {AbortSignal} signal
 */
export async function findMatches(signal) {
  const { project, pattern, template, page } = current();
  if (!hasManyUrls(current())) return;
  const key = JSON.stringify([project, pattern, page, dates()]);
  if (key !== matchesOf) {
    matchesOf = "";
    const found = await (pattern ? urlsOf({ pattern, template }, { signal }) : urlsOf({ page }, { limit: URLS_BELOW, signal }));
    signal.throwIfAborted();
    [matches, matchesOf] = [found, key];
  }
  chooseBelow(matches?.results ?? []);
  if (!pattern) return;
  showMatches(matches);
  await showTypeCounts();
}

/** @param {PageRow[]} rows */
function chooseBelow(rows) {
  const { url, pattern } = current();
  if (!rows.length || rows.some((row) => isSamePage(row.url, url))) return;
  const { url: best } = (!pattern && rows.find((row) => isBare(row.url))) || rows[0];
  // What goes without saying does not stand in the address.
  const isSaid = isSamePage(best, below({ ...current(), url: "" }));
  fillIn({ url: isSaid ? "" : best });
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

/** @param {State} state */
const keyOf = ({ project, pattern, page, url }) => JSON.stringify([project, pattern, page || url, dates()]);

/** How often each type happened on what is looked at, whatever the other filters are. */
export async function showTypeCounts() {
  const state = current();
  const row = pages.results.find((one) => isLookedAt(one, state));
  if (row) return showTypes(row.types);
  if (state.pattern) return showTypes(matchesOf && matches && !matches.has_more ? typesOf(matches.results) : null);
  if (!below(state)) return showTypes([]);
  const of = keyOf(state);
  if (of !== asked?.of) asked = { of, types: rowOf(state).then((found) => found?.types ?? []) };
  const { types } = asked;
  const known = await types.catch(() => null);
  // Meanwhile, it may have been asked for something else, or anew.
  if (types !== asked?.types || of !== keyOf(current())) return undefined;
  if (!known) asked = null;
  return showTypes(known);
}
