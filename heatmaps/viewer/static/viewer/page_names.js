// What is one page: which URLs are of it, and how a row of the list of pages names it.
import { fromPunycode } from "./punycode.js";
import { isSamePage, NO_PAGE } from "./state.js";

/** @typedef {import("./api.js").PageRow} PageRow */
/** @typedef {import("./state.js").State} State */

/**
 * The page of a URL, whatever its query string and fragment, as `url_page` has it: equal pages have equal texts. Only a
 * fragment that is a route is part of it.
 * @param {string} url
 */
export function pageOf(url) {
  const [, origin, path, rest] = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)(.*)$/is.exec(url) ?? ["", "", "", url];
  const route = (/^[^#]*(#!?\/[^?]*)/s.exec(rest)?.[1] ?? "").replace(/\/+$/, "");
  return originOf(origin ?? "") + decoded(path.replace(/\/+$/, "")) + (/^#!?$/.test(route) ? "" : route);
}

/** Without a query string, and without a fragment that is none of its page. @param {string} url */
export const isBare = (url) => !/\?|#(?!!?\/)/.test(url);

/** @param {string} origin */
function originOf(origin) {
  return origin
    .toLowerCase()
    .replace(/^(http:\/\/.*):80$|^(https:\/\/.*):443$/, "$1$2")
    .replace(/(?<=^|[./])xn--[a-z0-9-]+/g, (label) => fromPunycode(label) ?? label);
}

/** Once, but for what would mean something else in a URL. @param {string} path */
function decoded(path) {
  try {
    return decodeURIComponent(path.replace(/%(2f|3f|23|25)/gi, "%25$1"));
  } catch {
    return path;
  }
}

/** What is looked at when a row of the list is chosen. @param {PageRow} row */
export function choiceOf({ url, url_page = "", url_pattern = "", template = "" }) {
  if (url_pattern) return { ...NO_PAGE, pattern: url_pattern, template };
  return url_page ? { ...NO_PAGE, page: url_page } : { ...NO_PAGE, url };
}

/** Whether a row of the list is what is looked at. @param {PageRow} row @param {State} state */
export function isLookedAt({ url, url_page, url_pattern }, { page, url: exact, pattern }) {
  if (pattern) return url_pattern === pattern;
  if (page) return url_page !== undefined && (url_page === page || pageOf(url_page) === pageOf(page));
  return !url_page && !url_pattern && isSamePage(url, exact);
}

/** Whether a row is the page of the URL that is looked at. @param {PageRow} row @param {State} state */
export function isPageOf({ url_page }, { page, pattern, url }) {
  return url !== "" && !page && !pattern && url_page !== undefined && pageOf(url_page) === pageOf(url);
}
