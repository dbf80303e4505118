// Spans of time: those that are offered, what their ends are, and how they are said.
import { numberOf, partsOf } from "./calendar.js";
import { dayWritten, momentWritten } from "./written_dates.js";
import { clockOf, todayOf, writtenMoment } from "./zones.js";

/** @typedef {import("./zones.js").At} At */
/** @typedef {import("./calendar.js").Day} Day */
/** @typedef {{ date_from: string, date_to: string, time_from: string, time_to: string }} Span as it stands in the address */
/**
 * An end of a span: its day in the project's time zone, and the time of a clock there where it has an exact one, as
 * 14:32 or 14:32:05. null where there is no end.
 * @typedef {{ day: Day, time: string } | null} End
 */

/** @param {string} date_from @param {string} [date_to] @returns {Span} */
const days = (date_from, date_to = "") => ({ date_from, date_to, time_from: "", time_to: "" });

export const ALL_TIME = Object.freeze(days("all"));

// The service counts these from the day on which it is asked, so a link stays as young as it is.
/** @type {{ name: string, span: Span }[]} */
export const PRESETS = [
  { name: "Today", span: days("dStart") },
  { name: "Yesterday", span: days("-1d", "-1d") },
  { name: "Last 7 days", span: days("-7d") },
  { name: "Last 14 days", span: days("-14d") },
  { name: "Last 30 days", span: days("-30d") },
  { name: "Last 90 days", span: days("-90d") },
  { name: "This month", span: days("mStart") },
  { name: "Last month", span: days("-1mStart", "-1mEnd") },
  { name: "All time", span: ALL_TIME },
];
/** @type {Record<string, string>} */
const ALSO_NAMED = { yStart: "this year", wStart: "this week", qStart: "this quarter", "0d": "today", "-0d": "today" };
/** @type {Record<string, string>} */
const UNITS = { d: "days", w: "weeks", m: "months", y: "years" };
const month = new Intl.DateTimeFormat("en-GB", { month: "long", timeZone: "UTC" });

/**
 * From a moment some hours ago until now. That the service counts no hours back makes it a moment of its own.
 * @param {number} hours
 * @param {At} at
 */
export function lastHours(hours, { now, zone }) {
  return { ...days("-7d"), time_from: writtenMoment(zone, new Date(now.getTime() - hours * 3_600_000)) };
}

/** @param {Span} one @param {Span} other */
export const isSame = (one, other) =>
  one.date_from === other.date_from &&
  endOf(one.date_to) === endOf(other.date_to) &&
  one.time_from === other.time_from &&
  one.time_to === other.time_to;

/** Without a last day, it is today. @param {string} text */
const endOf = (text) => (["dStart", "dEnd"].includes(text) ? "" : text);

/**
 * The ends of a span. undefined where one of them cannot be read. An end that is left open is now.
 * @param {Span} span
 * @param {At} at
 * @returns {{ from: End | undefined, to: End | undefined, isOpen: boolean }}
 */
export function endsOf({ date_from, date_to, time_from, time_to }, at) {
  const isOpen = !time_to && !endOf(date_to);
  const today = todayOf(at);
  return {
    from: time_from ? exact(time_from, at) : wholeDay(date_from, at),
    to: isOpen ? { day: today, time: "" } : time_to ? exact(time_to, at) : wholeDay(date_to, at),
    isOpen,
  };
}

/** @param {string} text @param {At} at */
function exact(text, { zone }) {
  const found = momentWritten(text, zone);
  if (!found) return undefined;
  const { day, time } = clockOf(zone, new Date(found.moment));
  return { day, time: time.endsWith(":00") ? time.slice(0, 5) : time };
}

/** @param {string} text @param {At} at */
function wholeDay(text, at) {
  if (text === "all") return null;
  const day = dayWritten(text, at);
  return day ? { day, time: "" } : undefined;
}

/**
 * A span as it stands among other words: "last 7 days", "14–20 November", "since 14:32 on 20 November".
 * @param {Span} span
 * @param {At} at
 */
export function spanWords(span, at) {
  return named(span) ?? rangeWords(span, at);
}

/** @param {Span} span */
function named(span) {
  const preset = PRESETS.find((one) => isSame(one.span, span));
  if (preset) return preset.name.toLowerCase();
  if (span.time_from || span.time_to || endOf(span.date_to)) return null;
  const [, number, unit] = /^-?(\d+)([dwmy])$/.exec(span.date_from) ?? [];
  return ALSO_NAMED[span.date_from] ?? (Number(number) > 1 ? `last ${Number(number)} ${UNITS[unit]}` : null);
}

/**
 * The days and times themselves, also of a span that has a name.
 * @param {Span} span
 * @param {At} at
 */
export function rangeWords(span, at) {
  const { from, to, isOpen } = endsOf(span, at);
  // What cannot be read is said as it stands there.
  if (from === undefined || to === undefined) return unreadable(span);
  const year = partsOf(todayOf(at))[0];
  if (!from) return !to || isOpen ? "all time" : `up to ${endWords(to, year)}`;
  if (!to) return `since ${endWords(from, year)}`;
  if (isOpen && (from.time || from.day > to.day)) return `since ${endWords(from, year)}`;
  return betweenWords(from, to, year);
}

/** @param {Span} span */
function unreadable({ date_from, date_to, time_from, time_to }) {
  const [from, to] = [time_from || date_from, time_to || date_to];
  return to ? `${from} to ${to}` : `from ${from}`;
}

/**
 * @param {NonNullable<End>} from
 * @param {NonNullable<End>} to
 * @param {number} year that needs no saying
 */
function betweenWords(from, to, year) {
  if (from.day === to.day) {
    const times = [from.time || "00:00", to.time || "24:00"].join("–");
    return from.time || to.time ? `${times} on ${dayWords(from.day, year)}` : dayWords(from.day, year);
  }
  if (from.time || to.time) {
    const last = to.time ? endWords(to, year) : `the end of ${dayWords(to.day, year)}`;
    return `${endWords(from, year)} – ${last}`;
  }
  const [first, last] = [partsOf(from.day), partsOf(to.day)];
  if (first[0] !== last[0]) return `${dayWords(from.day)} – ${dayWords(to.day)}`;
  if (first[1] !== last[1]) return `${dayWords(from.day, first[0])} – ${dayWords(to.day, year)}`;
  return `${first[2]}–${dayWords(to.day, year)}`;
}

/** @param {NonNullable<End>} end @param {number} year */
const endWords = ({ day, time }, year) => (time ? `${time} on ${dayWords(day, year)}` : dayWords(day, year));

/** "20 November", with the year unless that needs no saying. @param {Day} day @param {number} [year] */
export function dayWords(day, year) {
  const [of, , date] = partsOf(day);
  const words = `${date} ${month.format(new Date(`${day}T00:00:00Z`))}`;
  return of === year ? words : `${words} ${of}`;
}

/** How many days a span has, the first and the last with it. @param {Day} from @param {Day} to */
export const lengthInDays = (from, to) => numberOf(to) - numberOf(from) + 1;
