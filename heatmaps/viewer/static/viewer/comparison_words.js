// What a comparison found, in words.
import { currentProject } from "./current.js";
import { select } from "./elements.js";
import { chosen, pageOf } from "./comparing.js";
import { days, here } from "./project_days.js";
import { rangeWords } from "./spans.js";
import { BANDS } from "./state.js";
import { counted, number, readable, widths } from "./words.js";

/** @typedef {import("./comparing.js").AnyComparison} AnyComparison */
/** @typedef {import("./comparing.js").Compared} Compared */
/** @typedef {import("./comparing.js").Side} Side */
/** @typedef {import("./state.js").State} State */

const VERDICTS = { more: "sure", less: "sure", unclear: "unclear", too_few: "too few visitors to tell" };

/** A difference of shares in points, with its sign. @param {number} difference */
export function points(difference) {
  const value = (100 * Math.abs(difference)).toFixed(1);
  if (Number(value) === 0) return "0";
  return `${difference < 0 ? "−" : "+"}${value}`;
}

/** "+6.4 points, 1.8 to 2.4 × as many visitors, sure". @param {Compared} place */
export function changeWords(place) {
  if (place.difference === null) return "one side has no visitors";
  return [`${points(place.difference)} points`, ratioWords(place), VERDICTS[place.verdict]].filter(Boolean).join(", ");
}

/** @param {Compared} place */
function ratioWords({ a, b, ratio_low: low, ratio_high: high }) {
  if (b.visitors === 0) return a.visitors ? "nobody on the other side" : "nobody on either side";
  if (a.visitors === 0) return "nobody on this side";
  if (low === null || high === null) return "";
  const [from, to] = [low, high].map(number);
  return from === to ? `${from} × as many visitors` : `${from} to ${to} × as many visitors`;
}

/** What there is on each side, for a place that is pointed at. @param {Compared} place */
export function sharesWords({ a, b, difference, verdict }) {
  if (difference === null || a.share === null || b.share === null) return "one side has no visitors";
  const [one, other] = [a.share, b.share].map((share) => `${(100 * share).toFixed(1)} %`);
  return `${points(difference)} points: ${one} of visitors on this side, ${other} on the other · ${VERDICTS[verdict]}`;
}

/** Side b, as it stands beside the filters of side a; "" where nothing is compared. @param {State} state */
export function againstWords(state) {
  const { kind, value } = chosen(state.against);
  if (!kind) return "";
  /** @type {Record<Exclude<import("./comparing.js").Kind, "">, () => string>} */
  const words = {
    previous: () => "the period before",
    width: () => widths({ ...state, ...BANDS[value] }),
    cohort: () => (value === "everybody" ? "everybody" : `cohort ${cohortName(value)}`),
    page: () => readable(value),
    own: () => value,
  };
  return `compared with ${words[kind]()}`;
}

/** What the two sides are called in the table, as its cells begin. @param {State} state @param {AnyComparison} reply */
export function sideNames(state, { a, b }) {
  const { kind, value } = chosen(state.against);
  if (kind === "previous") return [sideDays(a, state) ?? capitalised(days(state)), sideDays(b, state) ?? "The period before"];
  if (kind === "width") return [widths(state), widths({ ...state, ...BANDS[value] })].map(capitalised);
  if (kind === "cohort") return [state.cohort, value === "everybody" ? "" : value].map((id) => (id ? cohortName(id) : "Everybody"));
  if (kind === "page" && !state.pattern) return [pageOf(state), value].map(readable);
  return ["This side", "The other side"];
}

/** @param {string} text */
export const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** @param {string} id */
function cohortName(id) {
  return [...select("cohort").options].find((option) => option.value === id)?.text ?? id;
}

/** @param {Side} side @param {State} state */
function sideDays({ from, to }, state) {
  if (!from || !to) return null;
  if (state.time_from || state.time_to) return rangeWords({ ...state, time_from: from, time_to: to }, here());
  const format = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: currentProject().timezone });
  // The end is the moment after the last day.
  return format.formatRange(new Date(from), new Date(new Date(to).getTime() - 1));
}

/** What is to be known about the sides before anything is believed. @param {State} state @param {AnyComparison} reply */
export function caveats(state, { a, b, overlap }) {
  if (!a.visitors || !b.visitors) return [];
  const { kind } = chosen(state.against);
  const both = counted(overlap.visitors, { ...state, aggregation: "unique_visitors" });
  return [
    overlap.visitors > 0 &&
      `${both} ${overlap.visitors === 1 ? "is" : "are"} on both sides, which makes small changes harder to find.`,
    kind === "width" && "One element is at different places on screens of other widths: that, too, is a difference here.",
    kind === "page" && "Compared is what is at the same place, whatever the pages have there.",
  ].filter(Boolean);
}

/** How many places were looked at. @param {AnyComparison} reply @param {string} what */
export function testedWords({ a, b, tested, too_few: tooFew }, what) {
  if (!a.visitors || !b.visitors) {
    const where = a.visitors ? "on the other side" : b.visitors ? "on this side" : "on either side";
    return `Nobody was ${where}, so nothing can be told.`;
  }
  const left = tooFew ? ` ${number(tooFew)} had too few visitors to tell and have no colour.` : "";
  return `${number(tested)} ${what} had visitors enough to compare.${left}`;
}
