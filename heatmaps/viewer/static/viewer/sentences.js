// What is wrong with a question, for whoever stands at this page: what the API says is for those who call it.

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
  date_from: ({ date_from }) => aboutDate(date_from),
  date_to: ({ date_to }) => aboutDate(date_to),
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

/** @param {string} text */
function aboutDate(text) {
  const meant = meantDay(text);
  return `${text} is not a date here: try ${meant ?? `${isoDay(new Date())}, or -30d for the last 30 days`}`;
}

/**
 * The day that somebody may have meant who wrote it as people do; null when it is none. Where day and month could be
 * either, the day is first, as in most of the world.
 * @param {string} text
 */
function meantDay(text) {
  const ago = { today: 0, yesterday: 1 }[text.trim().toLowerCase()];
  if (ago !== undefined) return isoDay(new Date(Date.now() - ago * 86_400_000));
  const [, first, second, year] = (/^\s*(\d{1,2})[./-](\d{1,2})[./-](\d{4})\s*$/.exec(text) ?? []).map(Number);
  if (!year) return null;
  const [day, month] = second > 12 ? [second, first] : [first, second];
  const date = new Date(year, month - 1, day);
  return date.getDate() === day && date.getMonth() === month - 1 ? isoDay(date) : null;
}

/** @param {Date} date */
function isoDay(date) {
  const parts = [date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
  return [date.getFullYear(), ...parts].join("-");
}
