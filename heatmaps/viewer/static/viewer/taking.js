// Takes along what is seen: the choices below "Export", and the files that they save.
import { question, route } from "./answer.js";
import { askText, Refused } from "./api.js";
import { current, path } from "./current.js";
import { drawnNow } from "./drawing.js";
import { $ } from "./elements.js";
import { csv, tableOf } from "./export_csv.js";
import { picture } from "./export_png.js";
import * as pageElements from "./page_elements.js";
import { showError } from "./signing_in.js";
import { SCROLL_DEPTH } from "./state.js";
import { nameOf, title } from "./words.js";

/** @typedef {import("./state.js").State} State */

const LONGEST_NAME = 120;
// Long enough for a browser to have begun to save it.
const KEPT_MS = 60_000;

const choices = $("export-choices");

export function bind() {
  $("export").addEventListener("click", () => (choices.hidden ? open() : close()));
  // Whoever goes elsewhere is done with it.
  document.addEventListener("pointerdown", ({ target }) => {
    if (target instanceof Node && !$("taking").contains(target)) close();
  });
  $("taking").addEventListener("keydown", (event) => {
    // Only where the keyboard leads elsewhere, and not where an answer that has come takes the focus.
    if (event.key === "Tab") setTimeout(() => $("taking").contains(document.activeElement) || close());
    if (event.key !== "Escape" || choices.hidden) return;
    // What is around it stays open.
    event.preventDefault();
    close();
    $("export").focus();
  });
  $("copy-curl").addEventListener("click", close);
  $("export-png").addEventListener("click", () => void take("", "png", () => (drawnNow() ? picture() : null)));
  $("export-table").addEventListener("click", () => void take("table", "csv", ofTable));
  $("export-all").addEventListener("click", () => void take("all cells", "csv", ofAllCells));
}

function open() {
  say("");
  choices.hidden = false;
  $("export").setAttribute("aria-expanded", "true");
}

function close() {
  choices.hidden = true;
  $("export").setAttribute("aria-expanded", "false");
}

/** @param {string} sentence */
function say(sentence) {
  $("export-said").textContent = sentence;
}

/**
 * Makes a file and has the browser save it; says how it went.
 * @param {string} what
 * @param {string} extension
 * @param {() => Blob | null | Promise<Blob | null>} makes null when there is nothing
 */
async function take(what, extension, makes) {
  const name = `${fileName(current(), what)}.${extension}`;
  say("One moment…");
  try {
    const file = await makes();
    if (file) save(file, name);
    say(file ? `Saved as ${name}` : "There is nothing to take along yet.");
  } catch (error) {
    say(error instanceof Error ? error.message : "");
    if (error instanceof Refused && error.status === 401) showError(error);
    else if (!(error instanceof Refused)) throw error;
  }
}

function ofTable() {
  const drawn = drawnNow();
  const table = pageElements.isChosen() ? pageElements.listed() : drawn && tableOf(drawn, current());
  return table?.rows.length ? new Blob([csv(table)], { type: "text/csv" }) : null;
}

async function ofAllCells() {
  const state = current();
  const asked = new Map(Object.entries(question(state)));
  // What stands beside the rows has no place in such a file.
  asked.delete("include");
  if (state.type !== SCROLL_DEPTH) asked.set("limit", "0");
  asked.set("format", "csv");
  return new Blob([await askText(path(route(state)), Object.fromEntries(asked))], { type: "text/csv" });
}

/** What a file is called, from what it is of, such as "heatmap shop.example cart clicks 2026-11-20". @param {State} state */
export function fileName(state, what = "") {
  const day = new Date().toLocaleDateString("en-CA");
  const page = nameOf(state).replace(/[^\p{L}\p{M}\p{N}.-]+/gu, " ");
  const words = ["heatmap", page.trim().slice(0, LONGEST_NAME).trim(), title(state.type).toLowerCase(), what, day];
  return words.filter(Boolean).join(" ");
}

/** @param {Blob} file @param {string} name */
function save(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
