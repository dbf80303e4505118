// The URLs that a page or a pattern takes in.
import { ask } from "./api.js";
import { dates, path } from "./current.js";
import { pageOf } from "./page_names.js";
import { commonPart, matcher } from "./patterns.js";
import { withoutEmpty, withoutSlashes } from "./state.js";

/** @typedef {import("./api.js").Pages} Pages */
/** @typedef {{ page: string } | { pattern: string, template: string }} Many */

const MOST_PAGES = 1000;

/**
 * The busiest first; null where that cannot be told.
 * @param {Many} many
 * @param {AbortSignal} [signal]
 * @returns {Promise<Pages | null>}
 */
export async function urlsOf(many, signal) {
  const isOne = "page" in many ? isOfPage(many.page) : matcher(many.pattern);
  if (!isOne) return null;
  const found = await find("page" in many ? beforeRoute(many.page) : partOf(many), signal);
  return { ...found, results: found.results.filter(({ url }) => isOne(url)) };
}

/** One URL as it was captured. @param {string} url @param {AbortSignal} [signal] */
export async function rowOf(url, signal) {
  const page = withoutSlashes(url);
  return (await find(url, signal)).results.find((row) => row.url === page);
}

/**
 * @param {string} search
 * @param {AbortSignal} [signal]
 * @returns {Promise<Pages>}
 */
function find(search, signal) {
  const asked = { ...dates(), ...withoutEmpty({ search: withoutSlashes(search) }), limit: MOST_PAGES };
  return ask(path("heatmaps/pages/"), asked, { signal });
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
