// How things are called and written.
import { number } from "./nouns.js";
import { fromPunycode } from "./punycode.js";

export { counted, KNOWN_TYPES, number, percent, title, unit, widths } from "./nouns.js";

/** @typedef {import("./state.js").State} State */

/** Whole percents, of which a part is never all nor nothing. @param {number} share */
export function roundPercent(share) {
  if (share < 0.01) return "<1 %";
  return share > 0.99 && share < 1 ? ">99 %" : `${Math.round(100 * share)} %`;
}

/** @param {string} timestamp @param {string} timezone */
export function moment(timestamp, timezone, { withYear = true } = {}) {
  /** @type {Intl.DateTimeFormatOptions} */
  const day = { day: "numeric", month: "short", ...(withYear ? { year: "numeric" } : {}) };
  /** @type {Intl.DateTimeFormatOptions} */
  const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  return new Intl.DateTimeFormat("en-GB", { ...day, ...clock, timeZone: timezone }).format(new Date(timestamp));
}

/** @param {number} value */
export function bytes(value) {
  return value < 1e6 ? `${number(value / 1e3)} kB` : `${(value / 1e6).toFixed(1)} MB`;
}

/**
 * What is looked at, as people read it.
 * @param {State} state
 * @param {(url: string) => string} write
 */
export function nameOf({ template, pattern, page, url }, write = readable) {
  return template || !pattern ? write(template || page || url) : pattern;
}

/** "case", "case and query string". @param {string[]} words */
export function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** A URL as people read it, without what goes without saying. @param {string} url */
export function shortUrl(url) {
  try {
    const { pathname, search, hash, host } = new URL(url);
    return pathname === "/" && !search && !hash ? `${readableHost(host)}/` : decoded(pathname + search + hash);
  } catch {
    return decoded(url);
  }
}

/** A URL as people read it, without http or https. @param {string} url */
export function readable(url) {
  const [, scheme, host, rest] = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)(.*)$/is.exec(url) ?? ["", "", "", url];
  return (/^https?:/i.test(scheme) ? "" : scheme) + readableHost(host) + decoded(rest);
}

/**
 * Percent-encoded characters as themselves; what cannot be read stays, and so does what would be invisible, turn the
 * text around, or mean something else in a URL.
 * @param {string} text
 */
function decoded(text) {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (found) => {
    try {
      return decodeURI(found).replace(/[\p{C}\p{Z}]/gu, encodeURIComponent);
    } catch {
      return found;
    }
  });
}

/** @param {string} host */
const readableHost = (host) => host.replace(/(?<=^|\.)xn--[a-z0-9-]+/gi, (label) => fromPunycode(label) ?? label);
