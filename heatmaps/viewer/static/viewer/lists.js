// The lists among the controls, which come from the service: projects, cohorts, matches, and types.
import { current } from "./current.js";
import { $, make, radios, select } from "./elements.js";
import { isSamePage } from "./state.js";
import { KNOWN_TYPES, number, readable, title } from "./words.js";

/** @typedef {import("./api.js").Cohort} Cohort */
/** @typedef {import("./api.js").Pages} Pages */
/** @typedef {import("./api.js").Project} Project */
/** @typedef {import("./api.js").TypeCount} TypeCount */

/** @param {Project[]} projects @param {number} chosen */
export function showProjects(projects, chosen) {
  options(
    "project",
    projects.map(({ id, name }) => [String(id), name]),
    String(chosen),
  );
  $("project-field").hidden = false;
}

/** @param {Cohort[]} cohorts */
export function showCohorts(cohorts) {
  const { cohort } = current();
  /** @type {[string, string][]} */
  const known = cohorts.map(({ id, name }) => [String(id), name]);
  // A link may name several, or one that is gone: the API says what it thinks of that.
  if (cohort && !known.some(([id]) => id === cohort)) known.push([cohort, `Cohorts ${cohort}`]);
  options("cohort", [["", "Everybody"], ...known], cohort);
}

/** @param {string} id @param {[string, string][]} pairs @param {string} chosen */
function options(id, pairs, chosen) {
  select(id).replaceChildren(...pairs.map(([value, text]) => new Option(text, value, false, value === chosen)));
}

/** The pages that the pattern takes in; null when that cannot be told. @param {Pages | null} matches */
export function showMatches(matches) {
  const rows = matches?.results ?? [];
  $("below-field").hidden = rows.length === 0;
  options(
    "below",
    // Apart from it, as a name that is read from the right would draw the number into itself.
    rows.map(({ url, total_count }) => [url, `\u2068${readable(url)}\u2069 · ${number(total_count)}`]),
    rows.find(({ url }) => isSamePage(url, current().url))?.url ?? "",
  );
  const more = matches?.has_more ? " or more" : "";
  if (!matches) $("matches").textContent = "Which pages this takes in cannot be told here.";
  else $("matches").textContent = `Takes in ${number(rows.length)}${more} ${rows.length === 1 ? "page" : "pages"}.`;
}

/** @param {TypeCount[] | null} types null when nobody knows how many there are of each */
export function showTypes(types) {
  const { type: chosen } = current();
  const counts = new Map((types ?? []).map(({ type, count }) => [type, count]));
  const names = [...new Set([...KNOWN_TYPES, ...counts.keys(), chosen])];
  const there = radios("type").map(({ value }) => value);
  if (names.join("\n") !== there.join("\n")) {
    $("types").replaceChildren(
      ...names.map((type) => {
        const label = make("label");
        label.append(
          make("input", { type: "radio", name: "type", value: type, checked: type === chosen }),
          make("span", { textContent: title(type) }),
          make("span"),
        );
        return label;
      }),
    );
  }
  for (const radio of radios("type")) {
    const count = radio.parentElement?.lastElementChild;
    if (count) count.textContent = types ? number(counts.get(radio.value) ?? 0) : "";
  }
}
