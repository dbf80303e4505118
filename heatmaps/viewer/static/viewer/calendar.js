// Days of the calendar, written as 2026-11-20: steps, weeks and months. Knows neither a page nor a time zone.

/** @typedef {string} Day such as 2026-11-20 */
/** @typedef {string} Month such as 2026-11 */

const DAY_MS = 86_400_000;
// The service keeps none before and none after.
export const FIRST_DAY = "1970-01-01";
export const LAST_DAY = "2149-12-31";

/** @param {number} value @param {number} digits */
const padded = (value, digits) => String(value).padStart(digits, "0");

/** Days since 1970-01-01. @param {Day} day */
export const numberOf = (day) => Date.parse(`${day}T00:00:00Z`) / DAY_MS;

/**
 * null where the calendar has no such day, or the service none.
 * @param {number} number of days since 1970-01-01
 * @returns {Day | null}
 */
export function dayOf(number) {
  const date = new Date(number * DAY_MS);
  if (Number.isNaN(date.getTime())) return null;
  const year = date.getUTCFullYear();
  return year < 1970 || year > 2149 ? null : date.toISOString().slice(0, 10);
}

/**
 * null where the calendar has no such day: there is no 30 February.
 * @param {number} year
 * @param {number} month 1 to 12
 * @param {number} date
 * @returns {Day | null}
 */
export function dayFrom(year, month, date) {
  if (!(year >= 1970 && year <= 2149 && month >= 1 && month <= 12 && date >= 1)) return null;
  return date <= lengthOf(year, month) ? `${padded(year, 4)}-${padded(month, 2)}-${padded(date, 2)}` : null;
}

/** @param {number} year @param {number} month 1 to 12 */
const lengthOf = (year, month) => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** @param {Day} day @returns {[number, number, number]} year, month from 1, date */
export const partsOf = (day) => /** @type {[number, number, number]} */ (day.split("-").map(Number));

/** @param {Day} day @param {number} days @returns {Day | null} */
export const addDays = (day, days) => dayOf(numberOf(day) + days);

/** The same date of another month, or its last day where it has no such date. @param {Day} day @param {number} months */
export function addMonths(day, months) {
  const [year, month, date] = partsOf(day);
  const all = 12 * year + month - 1 + months;
  const [newYear, newMonth] = [Math.floor(all / 12), (((all % 12) + 12) % 12) + 1];
  return dayFrom(newYear, newMonth, Math.min(date, lengthOf(newYear, newMonth)));
}

/** @param {Day} day @returns {Month} */
export const monthOf = (day) => day.slice(0, 7);

/** @param {Month} month @returns {Day} */
export const firstOf = (month) => `${month}-01`;

/** @param {Month} month @returns {Day} */
export function lastOf(month) {
  const [year, number] = month.split("-").map(Number);
  return `${month}-${lengthOf(year, number)}`;
}

/** Monday is 0. @param {Day} day */
export const weekdayOf = (day) => (((numberOf(day) + 3) % 7) + 7) % 7;

/**
 * How many days a day is after the first of its week.
 * @param {Day} day
 * @param {number} first of a week; Monday is 0
 */
export const placeInWeek = (day, first) => (weekdayOf(day) - first + 7) % 7;

/**
 * The weeks of a month, each of seven places; null where the day is of another month.
 * @param {Month} month
 * @param {number} first of a week; Monday is 0
 * @returns {(Day | null)[][]}
 */
export function weeksOf(month, first) {
  const length = Number(lastOf(month).slice(8));
  const before = placeInWeek(firstOf(month), first);
  const places = [...Array(Math.ceil((before + length) / 7) * 7).keys()].map((place) => {
    const date = place - before + 1;
    return date >= 1 && date <= length ? `${month}-${padded(date, 2)}` : null;
  });
  return [...Array(places.length / 7).keys()].map((week) => places.slice(7 * week, 7 * week + 7));
}

/**
 * With which day weeks begin where a language is spoken; Monday is 0, and what is taken where nobody tells.
 * @param {string} language such as en-US
 */
export function firstOfWeek(language) {
  try {
    const locale = /** @type {any} */ (new Intl.Locale(language));
    return ((locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1) - 1;
  } catch {
    return 0;
  }
}

/**
 * A day that is no earlier and no later than two others.
 * @param {Day} day
 * @param {Day} least
 * @param {Day} most
 */
export const within = (day, least, most) => (day < least ? least : day > most ? most : day);
