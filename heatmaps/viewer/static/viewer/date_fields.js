// The two ends of a span as fields: a day as the service takes it, and a time where that end is exact.
import { act } from "./cards.js";
import { $, input, make } from "./elements.js";
import { here } from "./project_days.js";
import { aboutDate, aboutTime, dayWritten, hasTime, momentWritten } from "./written_dates.js";
import { endsOf } from "./spans.js";
import { clockOf, todayOf } from "./zones.js";

/** @typedef {import("./spans.js").Span} Span */
/** @typedef {import("./spans.js").End} End */
/** @typedef {import("./zones.js").At} At */
/** @typedef {"from" | "to"} Name */
/** @typedef {{ date: string, time: string, wrong?: string, note?: string }} Written an end as it stands in the address */

/** @type {Name[]} */
const NAMES = ["from", "to"];
const TITLES = { from: "From", to: "To" };
// What an end that is left empty means.
const OPEN = { from: "all", to: "" };
const PLACEHOLDERS = { from: "the beginning", to: "now" };
/** @type {Record<string, string>} */
const SPOKEN = { today: "dStart", yesterday: "-1d" };

/** @param {() => void} follow is told when something else stands there */
export function made(follow) {
  const box = make("div", { className: "dates-fields" });
  box.append(...NAMES.map((name) => end(name, follow)));
  const hint = "A day such as 2026-11-20, or so long ago: -30d, -2w, -1mStart. A time makes an end exact.";
  box.append(make("p", { id: "dates-hint", className: "hint", textContent: hint }));
  return box;
}

/** @param {Name} name @param {() => void} follow */
function end(name, follow) {
  const group = make("div", { className: "dates-end" });
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", TITLES[name]);
  const date = make("input", { id: `date-${name}`, type: "text", autocomplete: "off", spellcheck: false });
  date.placeholder = PLACEHOLDERS[name];
  date.setAttribute("aria-describedby", `date-${name}-wrong date-${name}-note dates-hint`);
  const time = make("input", { id: `time-${name}`, type: "time" });
  time.setAttribute("aria-describedby", `date-${name}-note dates-zone`);
  const wrong = make("p", { id: `date-${name}-wrong`, className: "dates-wrong", hidden: true });
  wrong.setAttribute("role", "alert");
  const open = act(name === "from" ? "Clear" : "Now", () => {
    date.value = time.value = "";
    say(name, writtenIn(name, here()));
    follow();
    date.focus();
  });
  open.className = "quiet";
  open.setAttribute("aria-label", name === "from" ? "Clear: from the beginning" : "Now: up to now");
  for (const field of [date, time]) {
    // What is wrong is said when somebody is done: a sentence that comes or goes between would move what is clicked.
    field.addEventListener("input", () => {
      say(name, { ...writtenIn(name, here()), wrong: "" });
      follow();
    });
    field.addEventListener("change", () => changed(name, follow));
  }
  group.append(
    make("label", { htmlFor: date.id, textContent: TITLES[name] }),
    make("label", { htmlFor: time.id, textContent: "Time" }),
    date,
    time,
    open,
    wrong,
    make("p", { id: `date-${name}-note`, className: "hint", hidden: true }),
  );
  return group;
}

/** Once it is written: a time that stands with the day goes into its own field. @param {Name} name @param {() => void} follow */
function changed(name, follow) {
  const [date, time] = [input(`date-${name}`), input(`time-${name}`)];
  const text = date.value.trim();
  const [, day, clock] = /^(\S+)[Tt ](\d\d:\d\d)$/.exec(text) ?? [];
  // What is no time stays where it can be seen.
  if (day && clock < "24" && momentWritten(text, here().zone)) [date.value, time.value] = [day, clock];
  else date.value = text;
  follow();
}

/** Shows a span. @param {Span} span */
export function show(span) {
  const at = here();
  for (const name of NAMES) {
    const [date, time] = [span[`date_${name}`], span[`time_${name}`]];
    const exact = time ? momentWritten(time, at.zone) : null;
    const clock = exact?.day ? clockOf(at.zone, new Date(exact.moment)) : null;
    const isPlain = clock?.time.endsWith(":00") && exact?.often === 1;
    input(`time-${name}`).value = isPlain && clock ? clock.time.slice(0, 5) : "";
    input(`date-${name}`).value = isPlain && clock ? clock.day : time || (date === OPEN[name] ? "" : date);
    say(name, writtenIn(name, at));
  }
}

/** @param {string} from @param {string} to */
export function setDays(from, to) {
  [input("date-from").value, input("date-to").value] = [from, to];
  if (!to) input("time-to").value = "";
  for (const name of NAMES) say(name, writtenIn(name, here()));
}

export const focusTime = () => input("time-from").focus();

/**
 * What stands in the fields: the span, its ends, and the first field that is wrong. Once somebody is done, what is wrong
 * is said, too.
 */
export function read({ isDone = false } = {}) {
  const at = here();
  const [first, last] = NAMES.map((name) => writtenIn(name, at));
  const span = { date_from: first.date, date_to: last.date, time_from: first.time, time_to: last.time };
  const { from, to } = endsOf(span, at);
  if (!first.wrong && !last.wrong && from && to && isAfter(from, to)) last.wrong = "This end is before the other one.";
  if (isDone) for (const name of NAMES) say(name, name === "from" ? first : last);
  const wrong = first.wrong ? input("date-from") : last.wrong ? input("date-to") : null;
  return { span: wrong ? null : span, from, to, wrong };
}

/** @param {NonNullable<End>} from @param {NonNullable<End>} to */
const isAfter = (from, to) => `${from.day} ${from.time || "00:00"}` > `${to.day} ${to.time || "24:00"}`;

/** @param {Name} name @param {At} at @returns {Written} */
function writtenIn(name, at) {
  const [text, time] = [input(`date-${name}`).value.trim(), input(`time-${name}`).value];
  if (!time && (text === "" || (text === "now" && name === "to"))) return { date: OPEN[name], time: "" };
  if (text === "all") return { date: text, time: "" };
  if (hasTime(text)) {
    const written = text.replace(/[t ]/, "T");
    return { ...exactly(written, at), ...(momentWritten(text, at.zone) ? {} : { wrong: aboutTime(text, at) }) };
  }
  const date = SPOKEN[text.toLowerCase()] ?? text;
  const day = date ? dayWritten(date, at) : todayOf(at);
  if (!day) return { date, time: "", wrong: aboutDate(text, at) };
  return time ? exactly(`${day}T${time}`, at) : { date, time: "" };
}

/** @param {string} time @param {At} at @returns {Written} */
function exactly(time, { zone }) {
  const found = momentWritten(time, zone);
  const shown = time.slice(11, 16);
  const notes = [
    `Clocks there leave out ${shown} on this day: ${found && clockOf(zone, new Date(found.moment)).time.slice(0, 5)} is meant.`,
    "",
    `Clocks there show ${shown} twice on this day: the first time is meant.`,
  ];
  return { date: "", time, note: found ? notes[found.often] : "" };
}

/** @param {Name} name @param {Written} written */
function say(name, { wrong = "", note = "" }) {
  for (const [part, sentence] of [["wrong", wrong], ["note", note]]) {
    $(`date-${name}-${part}`).textContent = sentence;
    $(`date-${name}-${part}`).hidden = !sentence;
  }
  input(`date-${name}`).toggleAttribute("aria-invalid", Boolean(wrong));
}
