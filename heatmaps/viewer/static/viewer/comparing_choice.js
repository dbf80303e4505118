// The choice of what to compare with, above the picture.
import { ask } from "./api.js";
import { againstCohort, againstPage, againstWidth, chosen } from "./comparing.js";
import { whenWritten, write } from "./choices.js";
import { change, current, dates, path } from "./current.js";
import { $, button, input, make, radios, select } from "./elements.js";
import { showError } from "./signing_in.js";
import { band } from "./state.js";
import { readable } from "./words.js";

/** @typedef {import("./api.js").Pages} Pages */
/** @typedef {import("./comparing.js").Kind} Kind */

const MOST_PAGES = 200;
/** @type {Record<Kind, string>} */
const FIELDS = { "": "", previous: "", width: "compare-width", cohort: "compare-cohort", page: "compare-page", own: "compare-own" };

// A kind was chosen, though not yet which of it.
/** @type {Kind | null} */
let open = null;
// What the list of pages is of.
let pagesOf = "";

export function bind() {
  select("compare").addEventListener("change", () => begin(/** @type {Kind} */ (select("compare").value)));
  select("compare-width").addEventListener("change", () => compare(againstWidth(select("compare-width").value)));
  select("compare-cohort").addEventListener("change", () => compare(againstCohort(select("compare-cohort").value)));
  input("compare-page").addEventListener("focus", () => void listPages());
  whenWritten("compare-page", (page) => compareWith(page, (text) => againstPage(text, current())));
  whenWritten("compare-own", (filters) => compareWith(filters, (text) => text));
  button("stop-comparing").addEventListener("click", () => {
    stop();
    select("compare").focus();
  });
}

/** @param {string} written @param {(text: string) => string} sideOf */
function compareWith(written, sideOf) {
  if (written.trim()) compare(sideOf(written.trim()));
}

/** @param {Kind} kind */
function begin(kind) {
  if (kind === "previous") return compare("previous");
  if (kind === "") return stop();
  if (kind === "width") return compare(againstWidth(band(current()) === "mobile" ? "desktop" : "mobile"));
  open = kind;
  change({ against: "" });
  show();
  return $(FIELDS[kind]).focus();
}

/** @param {string} against */
function compare(against) {
  open = null;
  change({ against });
  show();
}

const stop = () => compare("");

/** The busiest pages of these dates, to choose from. */
async function listPages() {
  const asked = { ...dates(), limit: MOST_PAGES };
  const key = JSON.stringify([current().project, asked]);
  if (key === pagesOf) return;
  try {
    const { results } = /** @type {Pages} */ (await ask(path("heatmaps/pages/"), asked));
    $("compare-pages").replaceChildren(
      ...results.map(({ url }) => make("option", { value: url, label: readable(url) })),
    );
    pagesOf = key;
  } catch (error) {
    showError(error);
  }
}

/** Shows what the address says. */
export function show() {
  const state = current();
  const { kind, value } = chosen(state.against);
  if (kind) open = null;
  const shown = open ?? kind;
  select("compare").value = shown;
  for (const id of Object.values(FIELDS)) if (id) $(id).hidden = id !== FIELDS[shown];
  button("stop-comparing").hidden = shown === "";
  for (const option of select("compare-width").options) option.disabled = option.value === band(state);
  showCohorts(kind === "cohort" ? value : "");
  if (kind === "width") select("compare-width").value = value;
  write("compare-page", kind === "page" ? value : "");
  write("compare-own", kind === "own" ? value : "");
  // Neither has a say in a comparison, which counts visitors, cell by cell.
  for (const radio of radios("aggregation")) radio.disabled = state.against !== "";
  input("radius").disabled = state.against !== "";
}

/** The cohorts that there are to choose from, but for the one that is looked at. @param {string} cohort */
export function showCohorts(cohort = chosen(current().against).kind === "cohort" ? chosen(current().against).value : "") {
  const looked = current().cohort;
  const options = [...select("cohort").options].map(({ value, text }) => new Option(text, value || "everybody"));
  const others = options.filter(({ value }) => value !== (looked || "everybody"));
  if (cohort && !options.some(({ value }) => value === cohort)) others.push(new Option(`Cohort ${cohort}`, cohort));
  const first = new Option("Choose a cohort", "");
  first.disabled = first.hidden = true;
  select("compare-cohort").replaceChildren(first, ...others);
  select("compare-cohort").value = cohort;
}
