// The calendar in which the first and the last day are chosen: a month, or two of them where there is room.
import { addDays, addMonths, FIRST_DAY, firstOf, firstOfWeek, LAST_DAY, monthOf, placeInWeek, weeksOf, within } from "./calendar.js";
import { make } from "./elements.js";
import { here } from "./project_days.js";
import { todayOf } from "./zones.js";

/** @typedef {import("./calendar.js").Day} Day */
/** @typedef {import("./calendar.js").Month} Month */

const wide = matchMedia("(min-width: 760px)");
const WEEK = firstOfWeek(navigator.language);
/** @param {Intl.DateTimeFormatOptions} has */
const format = (has) => new Intl.DateTimeFormat("en-GB", { ...has, timeZone: "UTC" });
const monthName = format({ month: "long", year: "numeric" });
const dayName = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const weekdayName = format({ weekday: "long" });
/** @param {Day} day */
const dateOf = (day) => new Date(`${day}T00:00:00Z`);

const box = make("div", { className: "calendar" });
// Which months are shown, for those who turn pages without seeing them.
const told = make("p", { className: "unseen" });
told.setAttribute("role", "status");
/** @type {(from: Day, to: Day) => void} */
let follow = () => undefined;
// What is chosen, the day that the keyboard is at, the last month that is shown, and the one that was chosen first.
/** @type {[Day, Day]} */
let range = [FIRST_DAY, FIRST_DAY];
let at = FIRST_DAY;
let shown = monthOf(FIRST_DAY);
/** @type {Day | null} */
let first = null;

const today = () => todayOf(here());

/** Whether one day is chosen, and the other is still to be. */
export const isHalfPicked = () => first !== null;

/** @param {(from: Day, to: Day) => void} pick is told what is chosen */
export function made(pick) {
  follow = pick;
  box.addEventListener("click", ({ target }) => {
    const day = dayAt(target);
    if (day) choose(day);
  });
  box.addEventListener("keydown", press);
  box.addEventListener("pointerover", ({ target }) => paint(dayAt(target)));
  box.addEventListener("pointerleave", () => paint(null));
  box.addEventListener("focusin", ({ target }) => paint(dayAt(target)));
  wide.addEventListener("change", draw);
  return box;
}

/** Anew, with nothing chosen halfway. */
export function begin() {
  first = null;
  shown = "";
}

/** Shows what is chosen; null is without end. @param {Day | null} from @param {Day | null} to */
export function show(from, to) {
  range = [from ?? FIRST_DAY, to ?? LAST_DAY];
  // Whoever writes another end has not chosen the first of two.
  if (first !== null && !(from === first && to === first)) first = null;
  if (!isHalfPicked() && !box.contains(document.activeElement)) {
    at = within(range[1], FIRST_DAY, today());
    shown = monthOf(at);
  }
  draw();
}

export const focus = () => buttonOf(at)?.focus();

/** @param {Day} day */
const buttonOf = (day) => /** @type {HTMLElement | null} */ (box.querySelector(`[data-day="${day}"]`));

/** The day that may be chosen at a place of the page. @param {EventTarget | null} target */
function dayAt(target) {
  const found = target instanceof Element ? target.closest("[data-day]") : null;
  if (!(found instanceof HTMLElement) || found.getAttribute("aria-disabled") === "true") return null;
  return found.dataset.day ?? null;
}

/** @param {Day} day */
function choose(day) {
  at = day;
  const [from, to] = first === null ? [day, day] : day < first ? [day, first] : [first, day];
  first = first === null ? day : null;
  range = [from, to];
  follow(from, to);
  buttonOf(at)?.focus();
}

/** @type {Record<string, (day: Day, isShifted: boolean) => Day | null>} */
const KEYS = {
  ArrowLeft: (day) => addDays(day, -1),
  ArrowRight: (day) => addDays(day, 1),
  ArrowUp: (day) => addDays(day, -7),
  ArrowDown: (day) => addDays(day, 7),
  Home: (day) => addDays(day, -placeInWeek(day, WEEK)),
  End: (day) => addDays(day, 6 - placeInWeek(day, WEEK)),
  PageUp: (day, isShifted) => addMonths(day, isShifted ? -12 : -1),
  PageDown: (day, isShifted) => addMonths(day, isShifted ? 12 : 1),
};

/** @param {KeyboardEvent} event */
function press(event) {
  const day = dayAt(event.target);
  if (!day || !(event.key in KEYS) || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const before = ["ArrowLeft", "ArrowUp", "Home", "PageUp"].includes(event.key);
  at = within(KEYS[event.key](day, event.shiftKey) ?? (before ? FIRST_DAY : today()), FIRST_DAY, today());
  if (!buttonOf(at)) {
    shown = before && months().length > 1 ? monthAfter(monthOf(at), 1) : monthOf(at);
    draw();
  }
  for (const one of box.querySelectorAll("[data-day]")) {
    one.setAttribute("tabindex", one === buttonOf(at) ? "0" : "-1");
  }
  buttonOf(at)?.focus();
}

/** @param {Month} month @param {number} steps */
const monthAfter = (month, steps) => monthOf(addMonths(firstOf(month), steps) ?? firstOf(month));

/** The months that are shown, of which none is to come. */
function months() {
  const last = within(shown, monthOf(FIRST_DAY), monthOf(today()));
  return wide.matches ? [monthAfter(last, -1), last] : [last];
}

/** @param {number} steps */
function turn(steps) {
  const next = within(monthAfter(shown, steps), monthOf(FIRST_DAY), monthOf(today()));
  shown = next;
  if (!months().includes(monthOf(at))) at = within(firstOf(next), FIRST_DAY, today());
  const [before, after] = [...box.querySelectorAll(".calendar-turn")].map((one) => one === document.activeElement);
  draw();
  const turned = box.querySelectorAll(".calendar-turn")[before ? 0 : after ? 1 : -1];
  if (turned instanceof HTMLElement) turned.focus();
  told.textContent = months().map((month) => monthName.format(dateOf(firstOf(month)))).join(" and ");
}

function draw() {
  const hadDay = document.activeElement instanceof HTMLElement && box.contains(document.activeElement) && document.activeElement.dataset.day;
  const all = months();
  shown = all[all.length - 1];
  box.replaceChildren(
    turner("Earlier months", "‹", -1, all[0] <= monthOf(FIRST_DAY)),
    ...all.map(monthGrid),
    turner("Later months", "›", 1, shown >= monthOf(today())),
    told,
  );
  paint(null);
  if (hadDay) buttonOf(at)?.focus();
}

/** @param {string} name @param {string} sign @param {number} steps @param {boolean} isOver */
function turner(name, sign, steps, isOver) {
  const found = make("button", { type: "button", className: "calendar-turn", textContent: sign });
  found.setAttribute("aria-label", name);
  // Taken away from the keyboard, it would take the focus with it.
  found.setAttribute("aria-disabled", String(isOver));
  if (!isOver) found.addEventListener("click", () => turn(steps));
  return found;
}

/** @param {Month} month */
function monthGrid(month) {
  const grid = make("table");
  grid.setAttribute("role", "grid");
  const caption = grid.createCaption();
  caption.textContent = monthName.format(dateOf(firstOf(month)));
  const head = grid.createTHead().insertRow();
  for (const day of /** @type {Day[]} */ (weeksOf("2018-01", 0)[1])) {
    // 8 January 2018 was a Monday.
    const name = weekdayName.format(dateOf(/** @type {Day} */ (addDays(day, WEEK))));
    head.append(make("th", { scope: "col", abbr: name, textContent: name.slice(0, 2) }));
  }
  const body = grid.createTBody();
  const now = today();
  for (const week of weeksOf(month, WEEK)) {
    const row = body.insertRow();
    for (const day of week) {
      const cell = row.insertCell();
      if (day) cell.append(dayButton(day, now));
    }
  }
  return grid;
}

/** @param {Day} day @param {Day} now */
function dayButton(day, now) {
  const found = make("button", { type: "button", textContent: String(Number(day.slice(8))), tabIndex: day === at ? 0 : -1 });
  found.dataset.day = day;
  found.setAttribute("aria-label", dayName.format(dateOf(day)));
  if (day > now) found.setAttribute("aria-disabled", "true");
  if (day === now) found.setAttribute("aria-current", "date");
  return found;
}

/** Marks what is chosen, or would be with the day that is pointed at. @param {Day | null} pointed */
function paint(pointed) {
  let [from, to] = range;
  if (first !== null && pointed) [from, to] = pointed < first ? [pointed, first] : [first, pointed];
  for (const one of box.querySelectorAll("[data-day]")) {
    const day = /** @type {HTMLElement} */ (one).dataset.day ?? "";
    const cell = /** @type {HTMLElement} */ (one.parentElement);
    const isIn = day >= from && day <= to && day <= today();
    cell.setAttribute("aria-selected", String(isIn));
    cell.classList.toggle("is-first", day === from);
    cell.classList.toggle("is-last", day === to);
  }
}
