// The dates: the button that says which are looked at, and the dialog in which others are chosen.
import { act } from "./cards.js";
import { capitalised } from "./comparison_words.js";
import { change, current } from "./current.js";
import * as fields from "./date_fields.js";
import { $, button, make } from "./elements.js";
import * as months from "./month_grids.js";
import { here } from "./project_days.js";
import { isSame, lastHours, lengthInDays, PRESETS, rangeWords, spanWords } from "./spans.js";
import { clockOf, todayOf } from "./zones.js";

/** @typedef {import("./spans.js").Span} Span */

const GAP_PX = 6;
const CLOCK_MS = 5_000;
const narrow = matchMedia("(max-width: 759px)");

/** @type {HTMLDialogElement | null} */
let dialog = null;
let ticking = 0;

export function bind() {
  button("dates").addEventListener("click", open);
}

/** Says which dates are looked at. */
export function showDates() {
  const at = here();
  const [words, range] = [spanWords(current(), at), rangeWords(current(), at)];
  button("dates").textContent = capitalised(words);
  button("dates").setAttribute("aria-label", `Dates: ${words}`);
  $("dates-days").textContent = range === words ? "" : capitalised(range);
}

function open() {
  dialog ??= made();
  for (const preset of dialog.querySelectorAll(".presets [data-preset]")) {
    const { span } = PRESETS[Number(/** @type {HTMLElement} */ (preset).dataset.preset)];
    preset.setAttribute("aria-pressed", String(isSame(span, current())));
  }
  months.begin();
  fields.show(current());
  showDraft();
  showClock();
  dialog.showModal();
  place();
  const pressed = dialog.querySelector("[aria-pressed=true]");
  if (pressed instanceof HTMLElement) pressed.focus();
  else months.focus();
  ticking = window.setInterval(showClock, CLOCK_MS);
}

/** Below the button, or beside it, or over it, whichever there is room for; on a phone, the style says where. */
function place() {
  if (!dialog?.open) return;
  const [box, { width, height }] = [button("dates").getBoundingClientRect(), dialog.getBoundingClientRect()];
  const fitsBelow = box.bottom + GAP_PX + height + GAP_PX <= innerHeight;
  const fitsBeside = box.right + GAP_PX + width + GAP_PX <= innerWidth;
  const left = !fitsBelow && fitsBeside ? box.right + GAP_PX : Math.min(box.left, innerWidth - width - GAP_PX);
  const top = Math.min(box.bottom + GAP_PX, innerHeight - height - GAP_PX);
  dialog.style.left = narrow.matches ? "" : `${Math.max(GAP_PX, left)}px`;
  dialog.style.top = narrow.matches ? "" : `${Math.max(GAP_PX, top)}px`;
}

function showClock() {
  const { now, zone } = here();
  const time = clockOf(zone, now).time.slice(0, 5);
  $("dates-zone").textContent = `Times are in ${zone}, the project’s time zone; now ${time} there.`;
}

/** Shows in the calendar and in words what stands in the fields. */
function showDraft() {
  const { span, from, to } = fields.read();
  const at = here();
  if (from !== undefined && to !== undefined) months.show(from?.day ?? null, to?.day ?? null);
  $("dates-said").textContent = span ? saidOf(span, at) : "";
}

/** @param {Span} span @param {import("./zones.js").At} at */
function saidOf(span, at) {
  const [words, range] = [spanWords(span, at), rangeWords(span, at)];
  if (months.isHalfPicked()) return `From ${range}. Choose the last day.`;
  return capitalised(words === range ? words : `${words}: ${range}`);
}

/** @param {Span} span */
function choose(span) {
  dialog?.close();
  change({ ...span });
}

/** @param {SubmitEvent} event */
function submit(event) {
  event.preventDefault();
  const { span, wrong } = fields.read({ isDone: true });
  if (wrong) return wrong.focus();
  return span && choose(span);
}

/** @param {string} from @param {string} to */
function pick(from, to) {
  fields.setDays(from, to);
  showDraft();
  if (!months.isHalfPicked()) {
    const length = lengthInDays(from, to);
    $("dates-said").textContent += length > 1 ? `, ${length} days` : "";
  }
}

/** From now on, or from a moment that is to be written. */
function beginExact() {
  const { from } = fields.read();
  fields.setDays(from?.day ?? todayOf(here()), "");
  showDraft();
  fields.focusTime();
}

/** The dialog, which is made when it is first asked for. */
function made() {
  const found = make("dialog", { id: "dates-dialog", className: "dates" });
  found.setAttribute("aria-labelledby", "dates-title");
  const form = make("form", { noValidate: true });
  const own = make("div", { className: "dates-own" });
  own.append(fields.made(showDraft), months.made(pick), status());
  const both = make("div", { className: "dates-both" });
  both.append(presets(), own);
  const row = make("div", { className: "row dates-foot" });
  row.append(
    make("p", { id: "dates-zone", className: "hint" }),
    make("span", { className: "gap" }),
    act("Cancel", () => found.close()),
    make("button", { type: "submit", className: "primary", textContent: "Show these dates" }),
  );
  form.append(make("h2", { id: "dates-title", className: "unseen", textContent: "Dates" }), both, row);
  form.addEventListener("submit", submit);
  found.append(form);
  closeOutside(found);
  found.addEventListener("close", () => clearInterval(ticking));
  addEventListener("resize", place);
  // The way back leads to other dates than the fields have.
  addEventListener("popstate", () => found.close());
  document.body.append(found);
  return found;
}

function status() {
  const said = make("p", { id: "dates-said" });
  said.setAttribute("role", "status");
  return said;
}

function presets() {
  const list = make("ul", { className: "presets" });
  list.setAttribute("aria-label", "Often chosen");
  const days = PRESETS.map(({ name, span }, index) => {
    const preset = act(name, () => choose(span));
    preset.dataset.preset = String(index);
    return preset;
  });
  // These are moments, which a link keeps.
  const hours = [1, 24].map((count) => act(`Last ${count > 1 ? `${count} hours` : "hour"}`, () => choose(lastHours(count, here()))));
  for (const one of [...days, ...hours, act("Since an exact time…", beginExact)]) {
    const entry = make("li");
    entry.append(one);
    list.append(entry);
  }
  return list;
}

/** Where the pointer goes down and up outside, it is closed. @param {HTMLDialogElement} found */
function closeOutside(found) {
  let isOutside = false;
  found.addEventListener("pointerdown", ({ target, clientX: x, clientY: y }) => {
    const box = found.getBoundingClientRect();
    isOutside = target === found && (x < box.left || x > box.right || y < box.top || y > box.bottom);
  });
  found.addEventListener("click", ({ target }) => {
    if (isOutside && target === found) found.close();
  });
}
