// What is looked at, as it stands in the address bar. What is not there has its default.

export const DEFAULTS = Object.freeze({
  project: "",
  url: "",
  pattern: "",
  type: "click",
  date_from: "-7d",
  date_to: "",
  width_min: "",
  width_max: "",
  aggregation: "total_count",
  test_accounts: "",
  cohort: "",
  events: "",
  // How it is shown.
  site: "",
  show: "page",
  scripts: "",
  width: "",
  fixed: "",
  opacity: "75",
  radius: "32",
  zoom: "fit",
});

// Another value of one of these is another question to the service; the rest only changes the picture.
export const ASKED = [
  "project",
  "url",
  "pattern",
  "type",
  "date_from",
  "date_to",
  "width_min",
  "width_max",
  "aggregation",
  "test_accounts",
  "cohort",
  "events",
];

// What is drawn with must be a number, and not any.
const BOUNDS = { opacity: [10, 100], radius: [8, 64] };

export const SCROLL_DEPTH = "scrolldepth";

// Multiples of 16 px, the unit in which widths are stored, so that no window is in two bands.
export const BANDS = {
  any: { width_min: "", width_max: "", frame: 1440 },
  mobile: { width_min: "", width_max: "480", frame: 390 },
  tablet: { width_min: "496", width_max: "1024", frame: 820 },
  desktop: { width_min: "1040", width_max: "", frame: 1440 },
};

export function readState(search) {
  const given = new URLSearchParams(search);
  const state = Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [name, given.get(name) ?? value]));
  for (const [name, [least, most]] of Object.entries(BOUNDS)) {
    if (!(state[name] >= least && state[name] <= most)) state[name] = DEFAULTS[name];
  }
  return state;
}

export function writeState(state) {
  const query = new URLSearchParams(
    Object.keys(DEFAULTS).flatMap((name) => (state[name] === DEFAULTS[name] ? [] : [[name, state[name]]])),
  );
  return query.size ? `?${query}` : "?";
}

export function band(state) {
  const found = Object.entries(BANDS).find(
    ([, { width_min, width_max }]) => state.width_min === width_min && state.width_max === width_max,
  );
  return found ? found[0] : "own";
}

// The width at which the page is shown: as asked for, else a usual one of the band.
export function frameWidth(state) {
  const inside = BANDS[band(state)]?.frame ?? (Number(state.width_max) || Number(state.width_min));
  return Math.round(Math.min(5000, Math.max(200, Number(state.width) || inside || BANDS.any.frame)));
}

// The parameters of the API that ask for what is looked at.
export function filters(state) {
  const asked = {
    type: state.type,
    date_from: state.date_from,
    date_to: state.date_to,
    viewport_width_min: state.width_min,
    viewport_width_max: state.width_max,
    filter_test_accounts: state.test_accounts ? "true" : "",
    cohort_ids: state.cohort && (state.cohort.startsWith("[") ? state.cohort : `[${state.cohort}]`),
    events: eventFilter(state.events),
    ...(state.pattern ? { url_pattern: state.pattern } : { url_exact: state.url }),
  };
  return withoutEmpty(asked);
}

export function withoutEmpty(parameters) {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ""));
}

// A page is a URL without the slashes at its end, as `url_exact` has it.
export function withoutSlashes(url) {
  return url.replace(/\/+$/, "");
}

export function isSamePage(one, other) {
  return withoutSlashes(one) === withoutSlashes(other);
}

// Names of events with commas between, or JSON as the API takes it.
function eventFilter(text) {
  const written = text.trim();
  if (!written || written.startsWith("[")) return written;
  const names = written.split(",").map((name) => name.trim());
  return JSON.stringify(names.filter(Boolean).map((id) => ({ id })));
}

// Where a page is to be seen: at its own address, or where `site` stands in for its origin. null when nowhere.
export function frameAddress(url, site, here) {
  try {
    const page = new URL(url);
    const place = site ? new URL(site, here) : new URL("/", page);
    if (!["http:", "https:"].includes(place.protocol)) return null;
    return place.origin + place.pathname.replace(/\/+$/, "") + page.pathname + page.search + page.hash;
  } catch {
    return null;
  }
}
