// What is looked at, as it stands in the address bar. What is not there has its default.
import { PALETTES } from "./palettes.js";
import { BANDS } from "./bands.js";

export { BANDS };

const defaults = {
  project: "",
  // What is looked at: a page by any of its URLs, or one URL as it was captured, or all URLs of a pattern. With a page or a
  // pattern, the URL is only that of the page below the map. A template is how people read its pattern.
  page: "",
  url: "",
  pattern: "",
  template: "",
  type: "click",
  date_from: "-7d",
  date_to: "",
  // Of an end that has an exact time, the day says nothing.
  time_from: "",
  time_to: "",
  width_min: "",
  width_max: "",
  // "any" for every width; with nothing of the three, the busiest band of the page.
  widths: "",
  aggregation: "total_count",
  test_accounts: "",
  cohort: "",
  events: "",
  zero: "",
  limit: "500",
  // How the pages are listed: as for the API.
  by: "page",
  // Side b of a comparison and the areas that are marked, both as the API takes them.
  against: "",
  areas: "",
  // How it is shown.
  site: "",
  show: "page",
  scripts: "",
  width: "",
  fixed: "",
  opacity: "75",
  radius: "32",
  palette: "inferno",
  zoom: "fit",
};

/** @typedef {{ [name in keyof typeof defaults]: string }} State */
const NAMES = /** @type {(keyof State)[]} */ (Object.keys(defaults));

export const DEFAULTS = /** @type {Readonly<State>} */ (Object.freeze(defaults));

// Another value of one of these is another question to the service; the rest only changes the picture.
/** @type {(keyof State)[]} */
export const ASKED = [
  "project",
  "page",
  "url",
  "pattern",
  "type",
  "date_from",
  "date_to",
  "time_from",
  "time_to",
  "width_min",
  "width_max",
  "widths",
  "aggregation",
  "test_accounts",
  "cohort",
  "events",
  "zero",
  "limit",
  "against",
];

// Another value of one of these is another picture of the same answer. For another opacity nothing is drawn anew.
/** @type {(keyof State)[]} */
export const DRAWN = ["url", "template", "site", "show", "scripts", "width", "fixed", "radius", "palette", "zoom"];

/** Nothing to look at. */
export const NO_PAGE = { page: "", url: "", pattern: "", template: "" };

// What the API calls them, in an address that somebody has written.
/** @type {{ [name in keyof State]?: string }} */
const ALSO = { page: "url_page", url: "url_exact", pattern: "url_pattern" };
const LISTS = ["page", "template", "url"];

// What is drawn with must be a number, and not any.
/** @type {[keyof State, number, number][]} */
const BOUNDS = [ ["opacity", 10, 100], ["radius", 8, 64]];

// The API gives no more at once.
const MOST_POINTS = 1_000_000;

export const SCROLL_DEPTH = "scrolldepth";

/** Whether what is looked at may have many URLs. @param {State} state */
export const hasManyUrls = ({ page, pattern }) => page !== "" || pattern !== "";

/** The URL of the page below the map. @param {State} state */
export const below = ({ url, page }) => url || page;

/** Whether visitors are counted, and not what they did. @param {State} state */
export const areVisitorsCounted = ({ aggregation }) => aggregation === "unique_visitors";

/**
 * @param {string} search
 * @returns {State}
 */
export function readState(search) {
  const given = new URLSearchParams(search);
  const state = { ...DEFAULTS };
  for (const name of NAMES) state[name] = given.get(name) ?? given.get(ALSO[name] ?? name) ?? DEFAULTS[name];
  for (const [name, least, most] of BOUNDS) {
    const value = Number(state[name]);
    if (!(value >= least && value <= most)) state[name] = DEFAULTS[name];
  }
  if (!Object.hasOwn(PALETTES, state.palette)) state.palette = DEFAULTS.palette;
  if (!LISTS.includes(state.by)) state.by = DEFAULTS.by;
  if (!/^\d{1,7}$/.test(state.limit) || Number(state.limit) > MOST_POINTS) state.limit = DEFAULTS.limit;
  if (state.widths !== "any" || state.width_min || state.width_max) state.widths = "";
  return state;
}

/** @param {State} state */
export function writeState(state) {
  const query = new URLSearchParams(
    NAMES.flatMap((name) => (state[name] === DEFAULTS[name] ? [] : [[name, state[name]]])),
  );
  return query.size ? `?${query}` : "?";
}

/** @param {State} state */
export function band(state) {
  const found = Object.entries(BANDS).find(
    ([, { width_min, width_max }]) => state.width_min === width_min && state.width_max === width_max,
  );
  return found ? found[0] : "own";
}

/** Whether nobody has chosen a band, nor every width. @param {State} state */
export const isBandOpen = ({ width_min, width_max, widths }) => !width_min && !width_max && !widths;

/** The width at which the page is shown: as asked for, else a usual one of the band. @param {State} state */
export function frameWidth(state) {
  const inside = BANDS[band(state)]?.frame ?? (Number(state.width_max) || Number(state.width_min));
  return Math.round(Math.min(5000, Math.max(200, Number(state.width) || inside || BANDS.any.frame)));
}

/** The parameters of the API that ask for a span: of each end the one that has a say. @param {State} state */
export const period = ({ date_from, date_to, time_from, time_to }) =>
  withoutEmpty({ ...(time_from ? { time_from } : { date_from }), ...(time_to ? { time_to } : { date_to }) });

/** The parameters of the API that ask for what is looked at. @param {State} state */
export function filters(state) {
  const asked = {
    type: state.type,
    ...period(state),
    viewport_width_min: state.width_min,
    viewport_width_max: state.width_max,
    filter_test_accounts: state.test_accounts ? "true" : "",
    cohort_ids: state.cohort && (state.cohort.startsWith("[") ? state.cohort : `[${state.cohort}]`),
    events: eventFilter(state.events),
    hide_zero_coordinates: state.zero ? "false" : "",
    ...named(state),
  };
  return withoutEmpty(asked);
}

/** @param {State} state @returns {Record<string, string>} */
function named({ pattern, page, url }) {
  if (pattern) return { url_pattern: pattern };
  return page ? { url_page: page } : { url_exact: url };
}

/** @param {Record<string, string>} parameters */
export function withoutEmpty(parameters) {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ""));
}

/** A page is a URL without the slashes at its end, as `url_exact` has it. @param {string} url */
export function withoutSlashes(url) {
  return url.replace(/\/+$/, "");
}

/** @param {string} one @param {string} other */
export function isSamePage(one, other) {
  return withoutSlashes(one) === withoutSlashes(other);
}

/** Names of events with commas between, or JSON as the API takes it. @param {string} text */
function eventFilter(text) {
  const written = text.trim();
  if (!written || written.startsWith("[")) return written;
  const names = written.split(",").map((name) => name.trim());
  return JSON.stringify(names.filter(Boolean).map((id) => ({ id })));
}

/**
 * Where a page is to be seen: at its own address, or where `site` stands in for its origin. null when nowhere.
 * @param {string} url
 * @param {string} site
 * @param {string} here
 */
export function frameAddress(url, site, here) {
  try {
    const page = new URL(url);
    const place = site ? new URL(site, here) : new URL("/", page);
    if (!["http:", "https:"].includes(place.protocol)) return null;
    return place.origin + place.pathname.replace(/\/+$/, "") + page.pathname + page.search + page.hash;
  } catch {
    return null;
  }
}
