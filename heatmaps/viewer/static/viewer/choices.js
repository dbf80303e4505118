// The controls: from the state to what they show, and from what is chosen to a change of the state.
import { BANDS, band, DEFAULTS, frameWidth, isSamePage } from "./state.js";
import { KNOWN_TYPES, number, shortUrl, title } from "./words.js";

const $ = (id) => document.getElementById(id);
const TYPING_MS = 350;

let now = DEFAULTS;
// "Own" was chosen, though no numbers are there yet that would say so.
let ownWidths = false;
let ownDates = false;

// `change` takes what is to be different, and whether it is only the latest step of one and the same change.
export function bind({ change, search, more, choosePage }) {
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  $("project").addEventListener("change", ({ target }) =>
    change({ project: target.value, url: "", pattern: "", cohort: "", site: "" }),
  );

  onRadio("match", (value) => {
    if (value === "exact") return change({ pattern: "" });
    change({ pattern: patternFor(now.url) });
    $("pattern").focus();
  });
  whenTyped("search", search);
  whenTyped("pattern", (pattern) => pattern.trim() && change({ pattern: pattern.trim() }));
  $("more-pages").addEventListener("click", more);
  $("pages").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) choosePage(button.dataset.url);
  });

  $("types").addEventListener("change", ({ target }) => change({ type: target.value }));
  onRadio("aggregation", (aggregation) => change({ aggregation }));

  $("dates").addEventListener("change", ({ target }) => {
    ownDates = target.value === "own";
    if (!ownDates) return change({ date_from: target.value, date_to: "" });
    showChoices(now);
    $("date-from").focus();
  });
  whenTyped("date-from", (date_from) => change({ date_from: date_from.trim() || DEFAULTS.date_from }));
  whenTyped("date-to", (date_to) => change({ date_to: date_to.trim() }));

  onRadio("band", (value) => {
    ownWidths = value === "own";
    if (!ownWidths) {
      const { width_min, width_max } = BANDS[value];
      return change({ width_min, width_max, width: "" });
    }
    showChoices(now);
    $("width-min").focus();
  });
  whenTyped("width-min", (width_min) => change({ width_min, width: "" }));
  whenTyped("width-max", (width_max) => change({ width_max, width: "" }));

  $("test-accounts").addEventListener("change", ({ target }) => change({ test_accounts: target.checked ? "yes" : "" }));
  $("cohort").addEventListener("change", ({ target }) => change({ cohort: target.value }));
  whenTyped("events", (events) => change({ events: events.trim() }));

  for (const name of ["opacity", "radius"]) {
    $(name).addEventListener("input", ({ target }) => change({ [name]: target.value }, { isStep: true }));
  }
  $("fixed").addEventListener("change", ({ target }) => change({ fixed: target.checked ? "" : "no" }));
  onRadio("show", (show) => change({ show }));
  $("zoom").addEventListener("change", ({ target }) => change({ zoom: target.value }));
  whenTyped("frame-width", (width) => change({ width }));
  whenTyped("site", (site) => change({ site: site.trim() }));
  $("scripts").addEventListener("change", ({ target }) => change({ scripts: target.checked ? "" : "no" }));
}

function onRadio(name, choose) {
  for (const input of document.getElementsByName(name)) input.addEventListener("change", () => choose(input.value));
}

// Once nothing more is typed for a moment, or at once with Enter or when the field is left.
function whenTyped(id, take) {
  const field = $(id);
  let waiting = 0;
  let taken = null;
  const done = () => {
    clearTimeout(waiting);
    if (field.value !== taken) take((taken = field.value));
  };
  field.addEventListener("focus", () => (taken = field.value));
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(done, TYPING_MS);
  });
  field.addEventListener("change", done);
}

// All pages below the first part of the path, which is what most patterns are for.
function patternFor(url) {
  try {
    const { origin, pathname } = new URL(url);
    const first = pathname.split("/")[1];
    return first ? `${origin}/${first}*` : `${origin}/*`;
  } catch {
    return "*";
  }
}

export function showChoices(state) {
  if (band(state) !== band(now)) ownWidths = false;
  if (state.date_from !== now.date_from && !state.date_to) ownDates &&= document.activeElement === $("date-from");
  now = state;
  check("match", state.pattern ? "pattern" : "exact");
  $("exact-fields").hidden = state.pattern !== "";
  $("pattern-fields").hidden = state.pattern === "";
  write("pattern", state.pattern);
  check("aggregation", state.aggregation);
  for (const input of document.getElementsByName("type")) input.checked = input.value === state.type;

  const preset = [...$("dates").options].some(({ value }) => value === state.date_from && value !== "own");
  const hasOwnDates = ownDates || !preset || state.date_to !== "";
  $("dates").value = hasOwnDates ? "own" : state.date_from;
  $("own-dates").hidden = !hasOwnDates;
  write("date-from", state.date_from);
  write("date-to", state.date_to);

  const width = ownWidths ? "own" : band(state);
  check("band", width);
  $("own-widths").hidden = width !== "own";
  write("width-min", state.width_min);
  write("width-max", state.width_max);

  $("test-accounts").checked = state.test_accounts !== "";
  $("cohort").value = state.cohort;
  write("events", state.events);

  $("opacity").value = state.opacity;
  $("opacity-value").textContent = `${$("opacity").value} %`;
  $("radius").value = state.radius;
  $("radius-value").textContent = `${$("radius").value} px`;
  $("fixed").checked = state.fixed === "";
  check("show", state.show === "page" ? "page" : "outline");
  $("zoom").value = state.zoom === "fit" ? "fit" : "100";
  write("frame-width", state.width);
  $("frame-width").placeholder = frameWidth({ ...state, width: "" });
  write("site", state.site);
  $("scripts").checked = state.scripts === "";
  for (const button of $("pages").querySelectorAll("button")) mark(button);
}

function check(name, value) {
  for (const input of document.getElementsByName(name)) input.checked = input.value === value;
}

// What is being typed is left alone.
function write(id, value) {
  if (document.activeElement !== $(id)) $(id).value = value;
}

export function showProjects(projects, chosen) {
  options(
    "project",
    projects.map(({ id, name }) => [String(id), name]),
    String(chosen),
  );
  $("project-field").hidden = false;
}

export function showCohorts(cohorts) {
  const known = cohorts.map(({ id, name }) => [String(id), name]);
  // A link may name several, or one that is gone: the API says what it thinks of that.
  const other = now.cohort && !known.some(([id]) => id === now.cohort) ? [[now.cohort, `Cohorts ${now.cohort}`]] : [];
  options("cohort", [["", "Everybody"], ...known, ...other], now.cohort);
}

function options(id, pairs, chosen) {
  $(id).replaceChildren(...pairs.map(([value, text]) => new Option(text, value, false, value === chosen)));
}

export function showPages({ results, has_more }, searched) {
  const focused = document.activeElement?.closest("#pages button")?.dataset.url;
  const origins = new Set(results.map(({ url }) => originOf(url)));
  const rows = results.map(({ url, total_count }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.url = url;
    button.title = url;
    mark(button);
    const name = document.createElement("span");
    name.textContent = origins.size > 1 ? url.replace(/^https?:\/\//, "") : shortUrl(url);
    const count = document.createElement("span");
    count.textContent = number(total_count);
    button.append(name, " ", count);
    const row = document.createElement("li");
    row.append(button);
    return row;
  });
  $("pages").replaceChildren(...rows);
  $("pages")
    .querySelectorAll("button")
    .forEach((button) => button.dataset.url === focused && button.focus());
  $("pages-note").textContent = results.length
    ? ""
    : searched
      ? "No page has that in its address."
      : "No page in these dates.";
  $("more-pages").hidden = !has_more;
}

function originOf(url) {
  return URL.parse?.(url)?.origin ?? url.split("/").slice(0, 3).join("/");
}

function mark(button) {
  if (isSamePage(button.dataset.url, now.url)) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
}

// `types` are {type, count}; null when nobody knows how many there are of each.
export function showTypes(types) {
  const counts = new Map((types ?? []).map(({ type, count }) => [type, count]));
  const names = [...new Set([...KNOWN_TYPES, ...counts.keys(), now.type])];
  const box = $("types");
  const there = [...document.getElementsByName("type")].map(({ value }) => value);
  if (names.join("\n") !== there.join("\n")) {
    box.replaceChildren(
      ...names.map((type) => {
        const label = document.createElement("label");
        const input = Object.assign(document.createElement("input"), { type: "radio", name: "type", value: type });
        input.checked = type === now.type;
        label.append(
          input,
          Object.assign(document.createElement("span"), { textContent: title(type) }),
          document.createElement("span"),
        );
        return label;
      }),
    );
  }
  for (const label of box.children) {
    const count = counts.get(label.firstChild.value) ?? 0;
    label.lastChild.textContent = types ? number(count) : "";
  }
}
