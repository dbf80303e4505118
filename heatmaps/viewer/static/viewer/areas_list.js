// The areas beside the picture: each with its name, its numbers, and what is probably there.
import { changeWords } from "./comparison_words.js";
import { $, make } from "./elements.js";
import { line } from "./tables.js";
import { counted, number, title } from "./words.js";

/** @typedef {import("./areas.js").Area} Area */
/** @typedef {import("./areas.js").AreaNumbers} AreaNumbers */
/** @typedef {import("./areas.js").AreaElement} AreaElement */
/** @typedef {import("./comparing.js").Compared} Compared */
/** @typedef {import("./state.js").State} State */
/**
 * An entry keeps its elements, so that nobody loses their place in it while it changes.
 * @typedef {{
 *   item: HTMLLIElement, name: HTMLInputElement, remove: HTMLButtonElement, open: HTMLButtonElement,
 *   words: HTMLParagraphElement, more: HTMLDetailsElement, parts: HTMLElement, called: string,
 * }} Entry
 */

/** @type {Entry[]} */
const entries = [];
let made = 0;
/** @type {{ rename: (index: number, name: string) => void, remove: (index: number) => void, open: (index: number) => void, point: (index: number | null) => void }} */
let calls;

/** @param {typeof calls} given */
export function bind(given) {
  calls = given;
}

/** @param {Area[]} areas @param {(AreaNumbers | undefined)[]} numbers @param {State} state */
export function show(areas, numbers, state) {
  while (entries.length > areas.length) drop(entries.length - 1);
  while (entries.length < areas.length) entries.push(begin());
  areas.forEach((area, index) => fill(entries[index], area, numbers[index], state));
}

/** @param {number} index */
export function drop(index) {
  for (const { item } of entries.splice(index, 1)) item.remove();
}

/** @param {number} index */
export function focusName(index) {
  entries[index]?.name.focus();
  entries[index]?.name.select();
}

function begin() {
  /** @type {Entry} */
  const entry = {
    item: make("li"),
    name: make("input", { type: "text", maxLength: 200, autocomplete: "off", spellcheck: false }),
    remove: make("button", { type: "button", className: "quiet", textContent: "Remove" }),
    open: make("button", { type: "button", className: "quiet", textContent: "Interactions" }),
    words: make("p"),
    more: make("details"),
    parts: make("div"),
    called: "",
  };
  entry.words.id = `area-words-${++made}`;
  entry.name.setAttribute("aria-describedby", entry.words.id);
  const index = () => entries.indexOf(entry);
  const head = make("div", { className: "row" });
  head.append(entry.name, entry.open, entry.remove);
  entry.more.append(make("summary", { textContent: "More" }), entry.parts);
  entry.item.append(head, entry.words, entry.more);
  entry.name.addEventListener("change", () => {
    // The area itself may have gone, and its name with it.
    if (index() < 0) return;
    calls.rename(index(), entry.name.value);
    // No name, or one that another area has, has become another.
    entry.name.value = entry.called;
  });
  entry.name.addEventListener("keydown", ({ key }) => {
    if (key === "Enter") entry.name.blur();
  });
  entry.remove.addEventListener("click", () => calls.remove(index()));
  entry.open.addEventListener("click", () => calls.open(index()));
  const point = () => calls.point(index());
  const leave = () => calls.point(null);
  for (const event of ["pointerenter", "focusin"]) entry.item.addEventListener(event, point);
  for (const event of ["pointerleave", "focusout"]) entry.item.addEventListener(event, leave);
  $("areas-list").append(entry.item);
  return entry;
}

/** @param {Entry} entry @param {Area} area @param {AreaNumbers | undefined} found @param {State} state */
function fill(entry, area, found, state) {
  const { name, remove, open, words, more, parts } = entry;
  entry.called = area.name;
  if (document.activeElement !== name) name.value = area.name;
  name.setAttribute("aria-label", `Name of ${area.name}`);
  remove.setAttribute("aria-label", `Remove ${area.name}`);
  open.setAttribute("aria-label", `Interactions in ${area.name}`);
  open.hidden = more.hidden = !found;
  words.replaceChildren(...(found ? sentences(found, state) : []).flatMap((text) => [text, make("br")]));
  parts.replaceChildren(placeOf(area), ...(found ? tables(found) : []));
}

/** @param {AreaNumbers} found @param {State} state */
function sentences(found, state) {
  const { count, visitors, sessions, elements } = found;
  const all = { ...state, aggregation: "total_count" };
  const [likely] = elements;
  return [
    `${counted(count, all)}${share(found.share_of_count)}`,
    `${counted(visitors, { ...all, aggregation: "unique_visitors" })}${share(found.share_of_visitors)}`,
    `${number(sessions)} ${sessions === 1 ? "session" : "sessions"} · ${share(found.first_share, "").trim() || "0 %"} of all begin here`,
    ...(found.verdict ? [changeWords(/** @type {Compared} */ (found))] : []),
    ...(likely ? [`Probably ${called(likely)}${share(likely.share)}`] : []),
  ];
}

/** @param {number | null} value */
function share(value, before = " · ") {
  return value === null ? "" : `${before}${(100 * value).toFixed(1)} %`;
}

/** @param {AreaElement} element */
const called = ({ text, selector }) => (text ? `“${text}”` : selector);

/** Where it is, in words. @param {Area} area */
function placeOf(area) {
  const where = area.target_fixed ? "the screen, on fixed elements" : "the page";
  const [xs, ys] = "polygon" in area ? [area.polygon.map(([x]) => x), area.polygon.map(([, y]) => y)] : [area.x, area.y];
  const [left, right] = [Math.min(...xs), Math.max(...xs)].map((x) => Math.round(100 * x));
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)].map((y) => number(Math.round(y)));
  const kind = "polygon" in area ? "A lasso within" : "From";
  return make("p", { textContent: `${kind} ${left} to ${right} % across and ${top} to ${bottom} px down ${where}.` });
}

/** @param {AreaNumbers} found */
function tables({ types, elements }) {
  return [
    table("All that happened here", types.map(({ type, count, visitors }) => [title(type), number(count), `by ${number(visitors)}`])),
    table(
      "What is probably under it, from the clicks that were captured at about the same time",
      elements.map((element) => [called(element), number(element.count), share(element.share, "")]),
    ),
  ].filter((one) => one.rows.length > 0);
}

/** @param {string} caption @param {string[][]} rows */
function table(caption, rows) {
  const found = make("table");
  found.createCaption().textContent = caption;
  found.createTBody().append(...rows.map((row) => line(row)));
  return found;
}
