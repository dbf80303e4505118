// The elements of the page that was looked at, by how often something happened on them: a list beside that of the spots.
import { ask, Refused } from "./api.js";
import { current, path } from "./current.js";
import { $, input, make, table } from "./elements.js";
import { calledElement } from "./element_words.js";
import * as names from "./names.js";
import { markSpot } from "./picture.js";
import { showError } from "./signing_in.js";
import { filters, frameWidth } from "./state.js";
import { fill, line } from "./tables.js";
import { number } from "./words.js";

/** @typedef {import("./state.js").State} State */
/**
 * What the API replies with, of which this is used: chains of elements, the innermost first.
 * @typedef {{
 *   text: string | null, tag_name: string | null, attr_class: string[] | null, href: string | null, attr_id: string | null,
 * }} Element
 * @typedef {{ count: number, type: string, elements: Element[] }} Chain
 * @typedef {{ element: Element, type: string, count: number }} Row
 */

const MOST_CHAINS = 1000;
const AT_ONCE = 15;
/** @type {Record<string, string>} */
const KINDS = { $autocapture: "captured", $rageclick: "rage click", $dead_click: "dead click" };
const TAKEN = [
  "url_page",
  "url_exact",
  "url_pattern",
  "date_from",
  "date_to",
  "time_from",
  "time_to",
  "filter_test_accounts",
];

/** @type {Row[]} */
let rows = [];
let answered = "";
let asking = new AbortController();
const next = make("button", { type: "button", className: "quiet", hidden: true });

/** Whether this list is the one that is looked at. */
export const isChosen = () => input("list-elements").checked;

/** What is listed, for whoever takes it along. */
export const listed = () => ({
  columns: ["text", "tag_name", "selector", "href", "type", "count"],
  rows: rows.map(({ element, type, count }) => [
    element.text,
    element.tag_name,
    selectorOf(element),
    element.href,
    type,
    count,
  ]),
});

export function bind() {
  $("elements-list").append(next);
  for (const id of ["list-spots", "list-elements"]) {
    input(id).addEventListener("change", () => {
      $("spots-list").hidden = isChosen();
      $("elements-list").hidden = !isChosen();
      void load();
    });
  }
  // Then it is known of some where they are.
  names.whenKnown(() => isChosen() && show(Math.max(AT_ONCE, table("elements-table").tBodies[0].rows.length)));
}

export function forget() {
  asking.abort();
  answered = "";
  rows = [];
  say("");
  show(0);
}

/** Asks for the elements of what is looked at, where this list is chosen. */
export async function load({ again = false } = {}) {
  const state = current();
  if (!isChosen() || !(state.page || state.url || state.pattern)) return;
  const asked = question(state);
  const key = JSON.stringify([state.project, asked]);
  if (key === answered && !again) return;
  asking.abort();
  const { signal } = (asking = new AbortController());
  if (key !== answered) {
    rows = [];
    show(0);
    say("Asking…");
  }
  try {
    const { results, next: rest } = await ask(path("elements/stats/"), asked, { signal });
    rows = together(/** @type {Chain[]} */ (results));
    answered = key;
    say(sentence(state, rest !== null));
    show(AT_ONCE);
  } catch (error) {
    if (signal.aborted) return;
    forget();
    if (!(error instanceof Refused) || error.status === 401) return void showError(error);
    say(error.status === 403 ? "This key may not read elements: that takes the scope element:read or heatmap:read." : error.message);
  }
}

/** What of the filters events have as well. @param {State} state */
function question(state) {
  const properties = (state.cohort.match(/\d+/g) ?? []).map(Number).map((value) => ({ key: "id", value, type: "cohort" }));
  return {
    ...Object.fromEntries(Object.entries(filters(state)).filter(([name]) => TAKEN.includes(name))),
    ...(properties.length ? { properties: JSON.stringify(properties) } : {}),
    max_element_chain_depth: 1,
    limit: MOST_CHAINS,
  };
}

/** Chains whose innermost elements look the same to people are one element. @param {Chain[]} chains */
function together(chains) {
  /** @type {Map<string, Row>} */
  const found = new Map();
  for (const { count, type, elements } of chains) {
    const [element] = elements;
    if (!element) continue;
    const key = JSON.stringify([type, element.tag_name, element.text, element.attr_id, element.href]);
    const row = found.get(key);
    if (row) row.count += count;
    else found.set(key, { element, type, count });
  }
  return [...found.values()].sort((one, other) => other.count - one.count);
}

/** @param {State} state @param {boolean} isPart */
function sentence({ width_min, width_max, events }, isPart) {
  if (!rows.length) {
    return "No event on an element came in from here in these dates. Either nothing was clicked, or the SDK’s autocapture is off (autocapture: true in its configuration).";
  }
  const kept = [(width_min || width_max) && "widths", events && "events in sessions"].filter(Boolean).join(" and ");
  return [
    "From the SDK’s autocapture: clicks, changed fields and sent forms.",
    kept && `The filters of ${kept} have no say here.`,
    isPart && `Of the ${number(MOST_CHAINS)} most frequent places in the page’s structure.`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** @param {string} words */
function say(words) {
  $("elements-text").textContent = words;
}

/** @param {number} most */
function show(most) {
  const there = Math.min(most, rows.length);
  fill("elements-table", rows.slice(0, there).map(rowOf));
  next.hidden = there >= rows.length || !there;
  next.textContent = `Show ${number(Math.min(AT_ONCE, rows.length - there))} more of ${number(rows.length - there)}`;
  next.onclick = () => {
    show(there + AT_ONCE);
    // The button may have gone.
    $("elements-text").focus();
  };
}

/** @param {Row} row */
function rowOf({ element, type, count }) {
  const name = calledElement({ ...element, selector: selectorOf(element) });
  const [place] = names.placesOf((one) => isSame(one, element));
  const cell = make(place ? "button" : "span", { textContent: name });
  if (cell instanceof HTMLButtonElement) {
    Object.assign(cell, { type: "button", className: "quiet" });
    const width = frameWidth(current());
    const circle = { x: place.x * width, y: place.y, radius: place.radius * width };
    cell.addEventListener("click", () => markSpot(circle, { scroll: true }));
  }
  const whole = [element.text, selectorOf(element), element.href].filter(Boolean).join(" · ");
  cell.title = place ? `${whole}. Shows where it probably is.` : whole;
  return line([cell, KINDS[type] ?? type, number(count)], 2);
}

/** @param {Pick<Element, "tag_name" | "text" | "attr_id" | "href">} one @param {Element} other */
const isSame = (one, other) =>
  one.tag_name === other.tag_name &&
  (one.text || null) === (other.text || null) &&
  (one.attr_id || null) === (other.attr_id || null) &&
  (one.href || null) === (other.href || null);

/** As people who make pages write it. @param {Element} element */
function selectorOf({ tag_name, attr_id, attr_class }) {
  const tag = tag_name ?? "";
  if (attr_id) return `${tag}#${CSS.escape(attr_id)}`;
  return [tag, ...(attr_class ?? []).map((name) => CSS.escape(name))].join(".");
}
