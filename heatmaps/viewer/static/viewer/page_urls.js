// The URLs that a page or a pattern takes in.
import { ask } from "./api.js";
import { dates, path } from "./current.js";
import { isLookedAt, pageOf } from "./page_names.js";
import { commonPart, matcher } from "./patterns.js";
import { withoutEmpty, withoutSlashes } from "./state.js";

/** @typedef {import("./api.js").Pages} Pages */
/** @typedef {import("./state.js").State} State */
/** @typedef {{ page: string } | { pattern: string, template: string }} Many */

// The API gives no more at once.
const MOST_PAGES = 1000;

/**
 * The busiest first; null where that cannot be told. Not more are looked through than `limit`.
 * @param {Many} many
 * @param {{ limit?: number, signal?: AbortSignal }} [options]
 * @returns {Promise<Pages | null>}
 */
export async function urlsOf(many, { limit = MOST_PAGES, signal } = {}) {
  const isOne = "page" in many ? isOfPage(many.page) : matcher(many.pattern);
  if (!isOne) return null;
  const found = await find({ search: "page" in many ? beforeRoute(many.page) : partOf(many), limit }, signal);
  return { ...found, results: found.results.filter(({ url }) => isOne(url)) };
}

/** The page or the URL that is looked at. @param {State} state */
export async function rowOf(state) {
  const asked = state.page ? { search: beforeRoute(state.page), by: "page" } : { search: state.url };
  return (await find({ ...asked, limit: MOST_PAGES })).results.find((row) => isLookedAt(row, state));
}

/**
 * @param {{ search: string, limit: number, by?: string }} asked
 * @param {AbortSignal} [signal]
 * @returns {Promise<Pages>}
 */
function find({ search, ...asked }, signal) {
  const all = { ...dates(), ...withoutEmpty({ search: withoutSlashes(search) }), ...asked };
  return ask(path("heatmaps/pages/"), all, { signal });
}

/** @param {string} page */
function isOfPage(page) {
  const wanted = pageOf(page);
  return (/** @type {string} */ url) => pageOf(url) === wanted;
}

/** A query string may stand before the route. @param {string} url */
const beforeRoute = (url) => url.replace(/[?#].*$/s, "");

/** What all URLs of a pattern have in them. @param {{ pattern: string, template: string }} many */
const partOf = ({ pattern, template }) => (template ? beforeRoute(template).split("*")[0] : commonPart(pattern));
