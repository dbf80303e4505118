// What is wrong with a question, for whoever stands at this page: what the API says is for those who call it.
import { here } from "./project_days.js";
import { aboutDate, aboutTime } from "./written_dates.js";

/** @typedef {import("./api.js").Refused} Refused */
/** @typedef {import("./state.js").State} State */

/** @param {Refused} error @param {State} state */
export function sentenceOf(error, state) {
  const sentence = (error.attr && ABOUT[error.attr]?.(state, error.message)) || error.message;
  const ignored = error.ignored.length ? ` The service ignored what it does not know: ${error.ignored.join(", ")}.` : "";
  return sentence + ignored;
}

/** @type {Record<string, (state: State, detail: string) => string>} */
const ABOUT = {
  date_from: ({ date_from }) => aboutDate(date_from, here()),
  date_to: ({ date_to }) => aboutDate(date_to, here()),
  time_from: ({ time_from }) => aboutTime(time_from, here()),
  time_to: ({ time_to }) => aboutTime(time_to, here()),
  viewport_width_min: ({ width_min }) => aboutWidth(width_min),
  viewport_width_max: ({ width_max }) => aboutWidth(width_max),
  // The engine names the place in an expression that it made of the pattern, which nobody here has written.
  url_pattern: (_, detail) => {
    const reason = detail.replace(/^.*?expression: /, "").replace(/: .*$/s, "");
    return `The pattern cannot be read (${reason}). A \\ before a special character takes it as it is.`;
  },
  aggregation: ({ aggregation }) => `“${aggregation}” cannot be counted: choose all of them, or visitors.`,
  cohort_ids: ({ cohort }, detail) => {
    const gone = /\[([\d, ]+)\]$/.exec(detail)?.[1];
    if (gone) return `There is no cohort ${gone} in this project any more: choose another, or everybody.`;
    return `“${cohort}” is no cohort: choose one of the list, or everybody.`;
  },
  against: ({ against }, detail) => {
    if (/needs a window/.test(detail)) return "There is no period before these dates: choose dates that have a beginning.";
    const gone = /^cohort_ids: .*\[([\d, ]+)\]$/.exec(detail)?.[1];
    if (gone) return `There is no cohort ${gone} in this project any more: compare with another.`;
    return `“${against}” cannot be compared with (${detail}): try {"date_from":"-30d","date_to":"-8d"}`;
  },
  events: ({ events }, detail) => {
    const reason = events.trim().startsWith("[") ? ` (${detail})` : "";
    return `“${events}” cannot be read as events${reason}: try purchase, $pageview`;
  },
};

/** @param {string} width */
const aboutWidth = (width) => `${width} is not a width in px here: try 1040`;
