// What clocks of a time zone show at a moment, and which moment it is when they show something.
import { numberOf } from "./calendar.js";

/** @typedef {{ now: Date, zone: string }} At when and in which time zone something is asked */

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} zone */
function formatOf(zone) {
  let format = formats.get(zone);
  if (!format) {
    /** @type {Intl.DateTimeFormatOptions} */
    const parts = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
    format = new Intl.DateTimeFormat("en-US", { ...parts, calendar: "gregory", hourCycle: "h23", timeZone: zone });
    formats.set(zone, format);
  }
  return format;
}

/**
 * How far clocks of the zone are ahead of UTC at a moment, in ms.
 * @param {string} zone
 * @param {number} moment in ms
 */
function offset(zone, moment) {
  const found = Object.fromEntries(formatOf(zone).formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
  const shown = Date.UTC(found.year, found.month - 1, found.day, found.hour, found.minute, found.second);
  return shown - Math.floor(moment / SECOND_MS) * SECOND_MS;
}

/**
 * What a calendar and a clock of the zone show at a moment: "2026-11-20", and "14:32:05".
 * @param {string} zone
 * @param {Date} moment
 */
export function clockOf(zone, moment) {
  const shown = new Date(moment.getTime() + offset(zone, moment.getTime())).toISOString();
  return { day: shown.slice(0, 10), time: shown.slice(11, 19) };
}

/** @param {At} at */
export const todayOf = ({ now, zone }) => clockOf(zone, now).day;

/**
 * The moment in ms at which clocks of the zone show a time, and how often they show it. Of two moments it is the first.
 * A time that they leave out is counted on from before they were changed, as the service does.
 * @param {string} zone
 * @param {string} day
 * @param {number} sinceMidnight in ms
 * @returns {{ moment: number, often: 0 | 1 | 2 }}
 */
export function momentAt(zone, day, sinceMidnight) {
  const shown = numberOf(day) * DAY_MS + sinceMidnight;
  const [before, after] = [offset(zone, shown - DAY_MS), offset(zone, shown + DAY_MS)];
  const isBefore = offset(zone, shown - before) === before;
  if (before === after || isBefore) {
    const isTwice = before !== after && offset(zone, shown - after) === after;
    return { moment: shown - before, often: isTwice ? 2 : 1 };
  }
  return offset(zone, shown - after) === after ? { moment: shown - after, often: 1 } : { moment: shown - before, often: 0 };
}

/**
 * A moment, to the minute, as the service takes it: the time that clocks of the zone show, and the offset only where
 * they show that time a second time.
 * @param {string} zone
 * @param {Date} date
 */
export function writtenMoment(zone, date) {
  const { day, time } = clockOf(zone, date);
  const written = `${day}T${time.slice(0, 5)}`;
  const minute = Math.floor(date.getTime() / 60_000) * 60_000;
  const [hours, minutes] = time.split(":").map(Number);
  if (momentAt(zone, day, (60 * hours + minutes) * 60_000).moment === minute) return written;
  return `${new Date(minute).toISOString().slice(0, 16)}Z`;
}
