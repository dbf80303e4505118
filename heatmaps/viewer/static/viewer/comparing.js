// Comparisons: which side b there is to choose, and how the question is asked. The address has side b as the API takes it.
import { BANDS, filters } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./api.js").Fold} Fold */
/**
 * What the API replies with. Shares and what is made of them are null where a side has no visitors.
 * @typedef {{ count: number, visitors: number, share: number | null }} PlaceSide
 * @typedef {"more" | "less" | "unclear" | "too_few"} Verdict
 * @typedef {{
 *   a: PlaceSide, b: PlaceSide, difference: number | null, ratio_low: number | null, ratio_high: number | null,
 *   verdict: Verdict,
 * }} Compared
 * @typedef {Compared & { pointer_relative_x: number, pointer_y: number, pointer_target_fixed: boolean }} ComparedCell
 * @typedef {Compared & { scroll_depth_bucket: number }} ComparedBucket
 * @typedef {{ from: string | null, to: string | null, visitors: number, count: number, fold?: Fold }} Side
 * @typedef {{ a: Side, b: Side, tested: number, too_few: number, overlap: { visitors: number } }} AnyComparison
 * @typedef {AnyComparison & { results: ComparedCell[] }} ComparedPoints
 * @typedef {AnyComparison & { results: ComparedBucket[] }} ComparedDepths
 */
/** @typedef {ComparedBucket & { top: number, bottom: number }} Stretch of the page, in px */
/** @typedef {"" | "previous" | "width" | "cohort" | "page" | "own"} Kind */

// The service's own grid for comparisons: the finest cells have too few visitors to tell anything.
export const CELL_HUNDREDTHS = 2;
export const CELL_PX = 32;
export const GRID = { cell_width: CELL_HUNDREDTHS, cell_height: CELL_PX };

const WIDTHS = ["viewport_width_min", "viewport_width_max"];

/** Whether a difference is one that chance alone would hardly make. @param {Compared} place */
export const isSure = ({ verdict }) => verdict === "more" || verdict === "less";

/** @param {State} state */
export const question = (state) => ({ ...filters(state), against: state.against, limit: "0" });

/**
 * The filters in which side b differs; null where they cannot be read.
 * @param {string} against
 * @returns {Record<string, unknown> | null}
 */
function members(against) {
  try {
    const found = JSON.parse(against);
    return found && typeof found === "object" && !Array.isArray(found) ? found : null;
  } catch {
    return null;
  }
}

/**
 * Of what kind side b is, and the value that says which of them.
 * @param {string} against
 * @returns {{ kind: Kind, value: string }}
 */
export function chosen(against) {
  if (against === "") return { kind: "", value: "" };
  if (against === "previous") return { kind: "previous", value: "" };
  const own = /** @type {const} */ ({ kind: "own", value: against });
  const found = members(against) ?? {};
  const names = Object.keys(found);
  if (names.length === 2 && WIDTHS.every((name) => name in found)) {
    const band = Object.keys(BANDS).find((name) => against === againstWidth(name));
    return band ? { kind: "width", value: band } : own;
  }
  if (names.length !== 1) return own;
  const [value] = Object.values(found);
  if (names[0] === "cohort_ids" && value === null) return { kind: "cohort", value: "everybody" };
  if (names[0] === "cohort_ids" && Array.isArray(value) && value.length === 1) return { kind: "cohort", value: String(value[0]) };
  if (["url_exact", "url_page"].includes(names[0])) return { kind: "page", value: String(value) };
  return own;
}

/** Null takes a bound of side a away. @param {string} band */
export function againstWidth(band) {
  const bounds = [BANDS[band].width_min, BANDS[band].width_max].map((width) => (width ? Number(width) : null));
  return JSON.stringify(Object.fromEntries(WIDTHS.map((name, index) => [name, bounds[index]])));
}

/** @param {string} cohort the id, or "everybody" */
export const againstCohort = (cohort) =>
  JSON.stringify({ cohort_ids: cohort === "everybody" ? null : [Number(cohort)] });

/** The URL of the page that is looked at; "" where it is a pattern. @param {State} state */
export function pageOf(state) {
  const { url_page, url_exact } = filters(state);
  return url_page ?? url_exact ?? "";
}

/**
 * Another page, in the way in which the page that is looked at is named; a path is one of the same site.
 * @param {string} page
 * @param {State} state
 */
export function againstPage(page, state) {
  const site = pageOf(state) || state.url;
  const url = page.startsWith("/") && URL.canParse(page, site) ? new URL(page, site).href : page;
  return JSON.stringify({ ["url_page" in filters(state) ? "url_page" : "url_exact"]: url });
}

/**
 * Buckets as stretches of the page, from the top down: who is in one has seen the page from where the last one ends.
 * @param {ComparedBucket[]} buckets
 * @returns {Stretch[]}
 */
export function stretchesOf(buckets) {
  const sorted = buckets.toSorted((one, other) => one.scroll_depth_bucket - other.scroll_depth_bucket);
  return sorted.map((bucket, index) => ({
    ...bucket,
    top: Math.max(0, sorted[index - 1]?.scroll_depth_bucket ?? 0),
    bottom: Math.max(0, bucket.scroll_depth_bucket),
  }));
}
