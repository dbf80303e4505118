// Dates and times as people write them into fields and addresses: which day or moment the service takes them for.
import { addDays, addMonths, dayFrom, dayOf, firstOf, lastOf, monthOf, numberOf, partsOf, weekdayOf } from "./calendar.js";
import { clockOf, momentAt, todayOf } from "./zones.js";

/** @typedef {import("./zones.js").At} At */
/** @typedef {import("./calendar.js").Day} Day */

const RELATIVE = /^-?(\d*)([hdwmqysM])(Start|End)?$/;
const TIME = /^(\d\d)(?:(:?)(\d\d)(?:\2(\d\d)(?:[.,](\d+))?)?)?$/;
const OFFSET = /^([+-])(\d\d)(?::?(\d\d))?$/;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
// In ms; in days; in months.
/** @type {Record<string, number>} */
const PASSED_MS = { h: HOUR_MS, M: 60_000, s: 1_000 };
/** @type {Record<string, number>} */
const DAYS = { d: 1, w: 7, q: 91 };
/** @type {Record<string, number>} */
const MONTHS = { m: 1, y: 12 };

/**
 * The day that a text means; null when it means none.
 * @param {string} text
 * @param {At} at
 * @returns {Day | null}
 */
export function dayWritten(text, at) {
  const relative = RELATIVE.exec(text);
  if (relative) return relativeDay(relative, at);
  if (!hasTime(text)) return isoDay(text);
  const found = momentWritten(text, at.zone);
  if (!found) return null;
  // Without an offset the day is the one that stands there, also where no clock shows the time.
  return found.day ?? clockOf(at.zone, new Date(found.moment)).day;
}

/** @param {RegExpExecArray} found @param {At} at */
function relativeDay([, digits, unit, edge], at) {
  const number = Number(digits);
  const today = todayOf(at);
  let day;
  if (unit in PASSED_MS) {
    const moment = at.now.getTime() - number * PASSED_MS[unit];
    day = dayOf(Math.floor(moment / DAY_MS)) && clockOf(at.zone, new Date(moment)).day;
  } else if (unit in DAYS) day = addDays(today, -number * DAYS[unit]);
  else day = addMonths(today, -number * MONTHS[unit]);
  return day && edge ? edgeOf(day, unit, edge === "Start") : day;
}

/**
 * The first or the last day of the week, month, quarter or year around a day.
 * @param {Day} day
 * @param {string} unit
 * @param {boolean} isStart
 */
function edgeOf(day, unit, isStart) {
  const [year, month] = partsOf(day);
  if (unit === "w") return addDays(day, (isStart ? 0 : 6) - weekdayOf(day));
  if (unit === "m") return isStart ? firstOf(monthOf(day)) : lastOf(monthOf(day));
  if (unit === "y") return isStart ? `${year}-01-01` : `${year}-12-31`;
  if (unit !== "q") return day;
  const first = month - ((month - 1) % 3);
  return isStart ? dayFrom(year, first, 1) : lastOf(monthOf(/** @type {Day} */ (dayFrom(year, first + 2, 1))));
}

/** A day of ISO 8601. @param {string} text @returns {Day | null} */
function isoDay(text) {
  const short = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text) ?? /^(\d{4})(\d\d)(\d\d)$/.exec(text);
  if (short) return dayFrom(Number(short[1]), Number(short[2]), Number(short[3]));
  const month = /^(\d{4})(?:-(\d\d))?$/.exec(text);
  if (month) return dayFrom(Number(month[1]), Number(month[2] ?? 1), 1);
  const ordinal = /^(\d{4})-?(\d{3})$/.exec(text);
  if (ordinal) {
    const day = dayFrom(Number(ordinal[1]), 1, 1);
    const found = day && Number(ordinal[2]) > 0 ? addDays(day, Number(ordinal[2]) - 1) : null;
    return found?.startsWith(ordinal[1]) ? found : null;
  }
  const week = /^(\d{4})(-?)W(\d\d)(?:\2([1-7]))?$/.exec(text);
  return week ? dayOfWeek(Number(week[1]), Number(week[3]), Number(week[4] ?? 1)) : null;
}

/** Week 1 has 4 January in it. @param {number} year @param {number} week @param {number} weekday Monday is 1 */
function dayOfWeek(year, week, weekday) {
  const [monday, next] = [year, year + 1].map((of) => mondayBefore(Date.UTC(of, 0, 4) / DAY_MS));
  const first = monday + 7 * (week - 1);
  if (year < 1969 || week < 1 || first >= next) return null;
  return dayOf(first + weekday - 1);
}

/** @param {number} number of days since 1970-01-01, which was a Thursday */
const mondayBefore = (number) => number - ((((number + 3) % 7) + 7) % 7);

/** Whether a time is written after a day: "-1mStart" has a T, too. @param {string} text */
export const hasTime = (text) => /^[\dW-]+[Tt ]/.test(text);

/**
 * The moment that a text with a time means, in ms; null when it means none. `day` is the one that clocks of the zone
 * show where the text has no offset, and `often` how often they show that time.
 * @param {string} text
 * @param {string} zone
 * @returns {{ moment: number, day: Day | null, often: 0 | 1 | 2 } | null}
 */
export function momentWritten(text, zone) {
  const [, dayText, timeText] = /^([^Tt ]*)[Tt ](.*)$/s.exec(text) ?? [];
  const written = dayText === undefined ? null : isoDay(dayText);
  if (!written) return null;
  const [, clock, end] = /^([\d:.,]*)(.*)$/s.exec(timeText) ?? ["", "", ""];
  const passed = sinceMidnight(clock);
  const ahead = end === "" ? null : aheadOf(end);
  if (passed === null || (end !== "" && ahead === null)) return null;
  if (ahead !== null) return { moment: numberOf(written) * DAY_MS + passed - ahead, day: null, often: 1 };
  const day = passed === DAY_MS ? addDays(written, 1) : written;
  return day === null ? null : { ...momentAt(zone, day, passed % DAY_MS), day };
}

/** In ms. @param {string} clock */
function sinceMidnight(clock) {
  const found = TIME.exec(clock);
  if (!found) return null;
  const [hours, minutes, seconds] = [found[1], found[3] ?? 0, found[4] ?? 0].map(Number);
  const fraction = Math.floor(1_000 * Number(`0.${found[5] ?? 0}`));
  const passed = hours * HOUR_MS + minutes * 60_000 + seconds * 1_000 + fraction;
  return minutes < 60 && seconds < 60 && passed <= DAY_MS ? passed : null;
}

/** How far clocks with this offset are ahead of UTC, in ms. @param {string} text */
function aheadOf(text) {
  if (/^z$/i.test(text)) return 0;
  const [, sign, hours, minutes = "0"] = OFFSET.exec(text) ?? [];
  if (!sign || Number(hours) > 23 || Number(minutes) > 59) return null;
  return (sign === "-" ? -1 : 1) * (Number(hours) * HOUR_MS + Number(minutes) * 60_000);
}

/**
 * What to say of a text that is no date here.
 * @param {string} text
 * @param {At} at
 */
export function aboutDate(text, at) {
  const meant = meantDay(text, at);
  return `${text} is not a date here: try ${meant ?? `${todayOf(at)}, or -30d for the last 30 days`}`;
}

/** @param {string} text @param {At} at */
export const aboutTime = (text, at) => `${text} is not a date with a time here: try ${todayOf(at)}T14:32`;

/**
 * The day that somebody may have meant who wrote it as people do; null when it is none. Where day and month could be
 * either, the day is first, as in most of the world.
 * @param {string} text
 * @param {At} at
 */
export function meantDay(text, at) {
  const ago = { today: 0, yesterday: 1 }[text.trim().toLowerCase()];
  if (ago !== undefined) return addDays(todayOf(at), -ago);
  const [, first, second, year] = (/^\s*(\d{1,2})[./-](\d{1,2})[./-](\d{4})\s*$/.exec(text) ?? []).map(Number);
  if (!year) return null;
  const [date, month] = second > 12 ? [second, first] : [first, second];
  return dayFrom(year, month, date);
}
