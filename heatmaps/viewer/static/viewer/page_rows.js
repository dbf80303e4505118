// The rows of the list of pages. A page of several URLs can be opened, and then lists them.
import { change, current } from "./current.js";
import { $, make } from "./elements.js";
import { choiceOf, isLookedAt, isPageOf } from "./page_names.js";
import { urlsOf } from "./page_urls.js";
import { showError } from "./signing_in.js";
import { number, readable, shortUrl } from "./words.js";

/** @typedef {import("./api.js").PageRow} PageRow */
/** @typedef {import("./api.js").Pages} Pages */

/** @type {(url: string) => string} */
let write = readable;
// The rows whose URLs are listed, by their names, with these; null while they are asked for.
/** @type {Map<string, PageRow[] | null>} */
const opened = new Map();
// Closed by hand, so not opened again for what is looked at.
/** @type {Set<string>} */
const closed = new Set();
/** @type {WeakMap<HTMLButtonElement, PageRow>} */
const rowOfButton = new WeakMap();

/** What it is called in the list. @param {PageRow} row */
const keyOf = ({ url, url_page, template }) => url_page ?? template ?? url;

export function forgetOpened() {
  opened.clear();
  closed.clear();
}

/** @param {Pages} pages @param {boolean} searched */
export function showRows({ results, has_more }, searched) {
  const origins = new Set(results.map(({ url }) => originOf(url)));
  write = origins.size > 1 ? readable : shortUrl;
  keepingFocus(() => {
    $("pages").replaceChildren(...results.map(rowFor));
    // Then there is a column for what opens them.
    $("pages").classList.toggle("has-openers", results.some(canOpen));
  });
  markPage();
  const missing = searched ? "No page has that in its address." : "No page in these dates.";
  $("pages-note").textContent = results.length ? "" : missing;
  $("more-pages").hidden = !has_more;
}

/** Takes the numbers away that a failed question was about. */
export function showNoRows() {
  $("pages").replaceChildren();
  $("pages-note").textContent = "";
  $("more-pages").hidden = true;
}

/** Marks what is looked at. */
export function markPage() {
  const state = current();
  for (const button of buttons()) {
    const row = rowOfButton.get(button);
    const isAlone = row && row.urls === 1 && isPageOf(row, state);
    if (row && (isAlone || isLookedAt(row, state))) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

/** Scrolls the list to what is looked at. */
export function revealMarked() {
  const box = $("pages");
  const marked = box.querySelector("[aria-current]")?.getBoundingClientRect();
  if (marked) box.scrollTop += marked.top - box.getBoundingClientRect().top - box.clientHeight / 2;
}

/** @param {PageRow} row */
const canOpen = (row) => row.url_page !== undefined && (row.urls ?? 1) > 1;

/** @param {PageRow} row */
function rowFor(row) {
  const line = make("li");
  const isOpen = opened.has(keyOf(row));
  if (canOpen(row)) line.append(opener(row, isOpen));
  const parts = row.template && row.urls ? [urlCount(row.urls)] : [];
  line.append(chooser(row, write(row.template ?? row.url), parts));
  if (isOpen && canOpen(row)) line.append(urlList(row));
  return line;
}

/** @param {PageRow} row @param {string} name @param {string[]} parts */
function chooser(row, name, parts = []) {
  const button = make("button", { type: "button", title: keyOf(row), className: "page" });
  button.dataset.url = keyOf(row);
  // A page and one of its URLs may be called the same.
  button.dataset.key = `${row.url_page ? "page" : "url"} ${keyOf(row)}`;
  const spans = [name, ...parts, number(row.total_count)].map((textContent) => make("span", { textContent }));
  button.append(...spans.flatMap((span) => [span, " "]).slice(0, -1));
  button.addEventListener("click", () => change(choiceOf(row)));
  rowOfButton.set(button, row);
  return button;
}

/** @param {PageRow} row @param {boolean} isOpen */
function opener(row, isOpen) {
  const button = make("button", { type: "button", className: "opener", title: urlCount(row.urls ?? 0) });
  button.dataset.key = `open ${keyOf(row)}`;
  button.setAttribute("aria-expanded", String(isOpen));
  button.setAttribute("aria-label", `${urlCount(row.urls ?? 0)} of ${write(row.url)}`);
  button.addEventListener("click", () => void (opened.has(keyOf(row)) ? close(row) : open(row)));
  return button;
}

/** @param {number} urls */
const urlCount = (urls) => `${number(urls)} ${urls === 1 ? "URL" : "URLs"}`;

/** @param {PageRow} row */
function urlList(row) {
  const list = make("ul");
  list.setAttribute("aria-label", `The URLs of ${write(row.url)}`);
  const rows = opened.get(keyOf(row));
  if (!rows) list.append(make("li", { className: "hint", textContent: "Asking…" }));
  const page = write(row.url);
  for (const one of rows ?? []) {
    const line = make("li");
    const name = write(one.url);
    // Below the page, only what it differs in.
    const rest = name.startsWith(page) ? name.slice(page.length).replace(/^\/+/, "") : "";
    line.append(chooser(one, /^[?#]/.test(rest) ? rest : name));
    list.append(line);
  }
  const missing = rows ? (row.urls ?? 0) - rows.length : 0;
  if (missing > 0) list.append(make("li", { className: "hint", textContent: `and ${number(missing)} that are less busy` }));
  return list;
}

/** @param {PageRow} row */
function close(row) {
  opened.delete(keyOf(row));
  closed.add(keyOf(row));
  showAgain(row);
}

/** @param {PageRow} row @param {AbortSignal} [signal] */
async function open(row, signal) {
  const key = keyOf(row);
  closed.delete(key);
  if (!opened.get(key)) {
    opened.set(key, null);
    showAgain(row);
  }
  try {
    const found = await urlsOf({ page: key }, { signal });
    if (opened.has(key)) opened.set(key, found?.results ?? []);
  } catch (error) {
    if (signal?.aborted) return;
    opened.delete(key);
    showError(error);
  }
  showAgain(row);
}

/** Asks anew for the URLs of all pages that are open. @param {AbortSignal} signal */
export async function refreshOpened(signal) {
  const rows = buttons().map((button) => rowOfButton.get(button));
  await Promise.all(rows.map((row) => row && canOpen(row) && opened.has(keyOf(row)) && open(row, signal)));
}

/**
 * Where one URL is looked at, it is shown among those of its page.
 * @param {PageRow[]} rows
 * @param {AbortSignal} signal
 */
export async function openLookedAt(rows, signal) {
  const row = rows.find((one) => canOpen(one) && isPageOf(one, current()));
  if (row && !opened.has(keyOf(row)) && !closed.has(keyOf(row))) await open(row, signal);
}

/** @param {PageRow} row */
function showAgain(row) {
  const button = buttonOf(`page ${keyOf(row)}`);
  // The list may have come anew meanwhile.
  const now = button && rowOfButton.get(button);
  if (now) keepingFocus(() => button.parentElement?.replaceWith(rowFor(now)));
  markPage();
}

/** What is drawn anew keeps the focus where it was. @param {() => void} draw */
function keepingFocus(draw) {
  const focused = document.activeElement;
  const key = focused instanceof HTMLElement && $("pages").contains(focused) ? focused.dataset.key : undefined;
  draw();
  if (key !== undefined) buttonOf(key)?.focus();
}

const buttons = () => [...$("pages").querySelectorAll("button")];

/** @param {string} key */
const buttonOf = (key) => buttons().find((button) => button.dataset.key === key);

/** @param {string} url */
function originOf(url) {
  return URL.parse?.(url)?.origin ?? url.split("/").slice(0, 3).join("/");
}
