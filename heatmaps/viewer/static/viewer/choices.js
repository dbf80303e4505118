// The controls: from what is looked at to what they show, and from what is chosen to what is looked at.
import { change, current } from "./current.js";
import { showDates } from "./dates.js";
import { pageOf } from "./page_names.js";
import { markPage } from "./page_rows.js";
import { patternFor } from "./patterns.js";
import { $, input, radios, select } from "./elements.js";
import { BANDS, band, below, frameWidth, NO_PAGE } from "./state.js";

/** @typedef {import("./state.js").State} State */

const TYPING_MS = 350;

let before = current();
// "Own" was chosen, though no numbers are there yet that would say so.
let ownWidths = false;
// Fields with something that is not taken yet, and what each was to show last.
/** @type {Set<string>} */
const untaken = new Set();
/** @type {Map<string, string>} */
const shown = new Map();

/** @param {{ search: (words: string) => void, more: () => void }} calls */
export function bind({ search, more }) {
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  whenChosen("project", (project) => change({ ...NO_PAGE, project, cohort: "", site: "", against: "" }));
  bindPage(search);
  $("more-pages").addEventListener("click", more);

  $("types").addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement) change({ type: target.value });
  });
  onRadio("aggregation", (aggregation) => change({ aggregation }));
  whenTicked("zero", (isOn) => change({ zero: isOn ? "yes" : "" }));
  bindWidths();

  whenTicked("test-accounts", (isOn) => change({ test_accounts: isOn ? "yes" : "" }));
  whenChosen("cohort", (cohort) => change({ cohort }));
  whenTyped("events", (events) => change({ events: events.trim() }));
  bindPicture();
}

/** @param {(words: string) => void} search */
function bindPage(search) {
  onRadio("match", (value) => {
    const state = current();
    if (value === "exact") return change({ ...NO_PAGE, page: pageOf(state.url) });
    // A template has a pattern of its own.
    change(state.pattern ? { template: "" } : { ...NO_PAGE, pattern: patternFor(below(state)) });
    return $("pattern").focus();
  });
  whenTyped("search", search);
  whenChosen("by", (by) => change({ by }));
  whenTyped("pattern", (pattern) => {
    if (pattern.trim()) change({ ...NO_PAGE, pattern: pattern.trim() });
  });
  whenChosen("below", (url) => change({ url }));
}

function bindWidths() {
  onRadio("band", (value) => {
    ownWidths = value === "own";
    if (!ownWidths) {
      const { width_min, width_max, widths } = BANDS[value];
      return change({ width_min, width_max, widths, width: "" });
    }
    showChoices();
    return $("width-min").focus();
  });
  whenTyped("width-min", (width_min) => change({ width_min, widths: anyUnless(width_min || current().width_max), width: "" }));
  whenTyped("width-max", (width_max) => change({ width_max, widths: anyUnless(current().width_min || width_max), width: "" }));
}

/** Emptied widths are those of every screen. @param {string} bound */
const anyUnless = (bound) => (bound ? "" : "any");

function bindPicture() {
  input("opacity").addEventListener("input", () => change({ opacity: input("opacity").value }, { isStep: true }));
  input("radius").addEventListener("input", () => change({ radius: input("radius").value }, { isStep: true }));
  whenChosen("palette", (palette) => change({ palette }));
  whenTicked("fixed", (isOn) => change({ fixed: isOn ? "" : "no" }));
  onRadio("show", (show) => change({ show }));
  whenChosen("zoom", (zoom) => change({ zoom }));
  whenTyped("frame-width", (width) => change({ width }));
  whenTyped("site", (site) => change({ site: site.trim() }));
  whenTicked("scripts", (isOn) => change({ scripts: isOn ? "" : "no" }));
}

/** @param {string} name @param {(value: string) => void} choose */
function onRadio(name, choose) {
  for (const radio of radios(name)) radio.addEventListener("change", () => choose(radio.value));
}

/** @param {string} id @param {(value: string) => void} choose */
function whenChosen(id, choose) {
  select(id).addEventListener("change", () => choose(select(id).value));
}

/** @param {string} id @param {(isOn: boolean) => void} choose */
function whenTicked(id, choose) {
  input(id).addEventListener("change", () => choose(input(id).checked));
}

/**
 * Once nothing more is typed for a moment, or at once with Enter or when the field is left.
 * @param {string} id
 * @param {(text: string) => void} take
 */
function whenTyped(id, take) {
  const done = whenWritten(id, take);
  let waiting = 0;
  input(id).addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(done, TYPING_MS);
  });
}

/**
 * With Enter, or when the field is left. Returns what takes it earlier.
 * @param {string} id
 * @param {(text: string) => void} take
 */
export function whenWritten(id, take) {
  const field = input(id);
  const done = () => {
    if (!untaken.has(id)) return;
    take(field.value);
    untaken.delete(id);
  };
  field.addEventListener("input", () => untaken.add(id));
  field.addEventListener("change", done);
  // What was put back as it was is no change to browsers. Who looks into another window meanwhile has not left the field.
  field.addEventListener("blur", () => document.activeElement !== field && done());
  return done;
}

export function showChoices() {
  const state = current();
  if (band(state) !== band(before)) ownWidths = false;
  before = state;
  // A template stands in the list, and need not be read as the pattern that it is.
  const isPattern = state.pattern !== "" && !state.template;
  check("match", isPattern ? "pattern" : "exact");
  $("exact-fields").hidden = isPattern;
  $("pattern-fields").hidden = !isPattern;
  $("match-fields").hidden = state.pattern === "";
  // Of a template, the list says how many URLs it has.
  $("matches").hidden = state.template !== "";
  select("by").value = state.by;
  write("pattern", state.pattern);
  markPage();
  check("aggregation", state.aggregation);
  check("type", state.type);
  input("zero").checked = state.zero !== "";
  $("zero-field").hidden = state.zero === "";

  showDates();
  const width = ownWidths ? "own" : band(state);
  check("band", width);
  $("own-widths").hidden = width !== "own";
  write("width-min", state.width_min);
  write("width-max", state.width_max);

  input("test-accounts").checked = state.test_accounts !== "";
  select("cohort").value = state.cohort;
  write("events", state.events);
  showHow(state);
}

/** How the picture is shown. @param {State} state */
function showHow(state) {
  input("opacity").value = state.opacity;
  $("opacity-value").textContent = `${input("opacity").value} %`;
  input("radius").value = state.radius;
  $("radius-value").textContent = `${input("radius").value} px`;
  select("palette").value = state.palette;
  input("fixed").checked = state.fixed === "";
  check("show", ["page", "picture"].includes(state.show) ? state.show : "outline");
  select("zoom").value = state.zoom === "fit" ? "fit" : "100";
  write("frame-width", state.width);
  input("frame-width").placeholder = String(frameWidth({ ...state, width: "" }));
  write("site", state.site);
  input("scripts").checked = state.scripts !== "no";
}

/** @param {string} name @param {string} value */
function check(name, value) {
  for (const radio of radios(name)) radio.checked = radio.value === value;
}

/** What is being typed is left alone, until something else is to stand there. @param {string} id @param {string} value */
export function write(id, value) {
  const isOther = value !== shown.get(id);
  shown.set(id, value);
  if (untaken.has(id) || (!isOther && document.activeElement === $(id))) return;
  input(id).value = value;
}
