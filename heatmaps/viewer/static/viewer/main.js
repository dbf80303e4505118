// Ties it together: the state, the questions it leads to, and what is shown of the answers.
import { ask, askText, budget, curl, key, parsed, Refused } from "./api.js";
import * as behind from "./behind.js";
import { act, code, lastSeen, list, text } from "./cards.js";
import * as choices from "./choices.js";
import { offer } from "./copying.js";
import { explain } from "./empty.js";
import * as numbers from "./numbers.js";
import * as picture from "./picture.js";
import {
  ASKED,
  DEFAULTS,
  filters,
  frameWidth,
  isSamePage,
  readState,
  SCROLL_DEPTH,
  withoutEmpty,
  withoutSlashes,
  writeState,
} from "./state.js";
import { bytes, counted, days, shortUrl, title, unit, widths } from "./words.js";

const $ = (id) => document.getElementById(id);
const PAGES_AT_ONCE = 50;
// What is quicker than this shows no progress, so that nothing blinks.
const QUICK_MS = 200;
const LIVE_MS = 5_000;
const SLOWEST_LIVE_MS = 60_000;
const LEAST_HEIGHT_PX = 600;
const MOST_PINGS = 40;

let state = readState(location.search);
let project = null;
let pages = { results: [], types: [], has_more: false };
let searched = "";
// The answer that is shown: its text, and what was made of it.
let shown = null;
let loading = new AbortController();
let drawing = new AbortController();
let finding = new AbortController();
let nextLook = 0;
let lastTookMs = 0;

// --- Who is asking --------------------------------------------------------------------------------------------------

async function start() {
  view(null);
  try {
    const { results } = await ask("projects/");
    if (!results.length) return noProject();
    project = results.find(({ id }) => String(id) === state.project) ?? null;
    if (!project && state.project) {
      return nothing("There is no such project", [
        text(`Project ${state.project} does not exist, or it is not one of yours.`),
        act("Show a project of mine", () => change({ project: "", url: "", pattern: "", cohort: "" })),
      ]);
    }
    project ??= results.find((one) => one.is_current) ?? results[0];
    choices.showProjects(results, project.id);
    state = { ...state, project: String(project.id), site: state.site || rememberedSite() };
    rememberSite();
    history.replaceState(null, "", writeState(state));
    view("viewer");
    choices.showChoices(state);
    choices.showTypes(null);
    void loadCohorts();
    if (state.url || state.pattern) await Promise.all([load(), loadPages()]);
    else await loadFirstPage();
  } catch (error) {
    told(error);
  }
}

function view(id) {
  for (const one of ["sign-in", "nothing", "viewer"]) $(one).hidden = one !== id;
  $("tools").hidden = // --- Copying, and the window ---
    $("copy-link").addEventListener("click", () =>
      offer("Link to this picture", "Whoever opens it signs in with a session or key of their own.", location.href),
    );
  $("copy-curl").addEventListener("click", () =>
    offer("The request behind this picture", "Put a key of yours into KEY first.", curl(path("heatmaps/"), question())),
  );

  $("toggle-controls").hidden = id !== "viewer";
  $("forget-key").hidden = !key.get();
  if (id !== "viewer") $("project-field").hidden = true;
}

function signIn(why) {
  const wasKey = key.get() !== "";
  key.forget();
  view("sign-in");
  clearTimeout(nextLook);
  $("log-in").href = `${document.documentElement.dataset.root}/admin/login/?next=${encodeURIComponent(location.pathname + location.search)}`;
  $("sign-in-error").hidden = !wasKey;
  $("sign-in-error").textContent = why;
  $("key").value = "";
  $("key").focus();
}

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key.set($("key").value.trim());
  void start();
});
$("forget-key").addEventListener("click", forgetKey);

function forgetKey() {
  key.forget();
  void start();
}

function noProject() {
  nothing("There is no project yet", [
    text("Make one, and give the address you sign in with a key to it:"),
    code(
      ".venv/bin/python manage.py create_project Shop\n.venv/bin/python manage.py create_api_key --user you@example.com",
    ),
    text("Or look at a made-up shop first:"),
    code("make demo"),
    act("Look again", start),
  ]);
}

function nothing(heading, children) {
  view("nothing");
  clearTimeout(nextLook);
  $("nothing-title").textContent = heading;
  $("nothing-text").replaceChildren(...children, ...(key.get() ? [act("Use another key", forgetKey)] : []));
}

// --- The state ------------------------------------------------------------------------------------------------------

function change(difference, { isStep = false } = {}) {
  const before = state;
  state = { ...state, ...difference };
  if (writeState(before) === writeState(state)) return;
  if ("site" in difference && !("project" in difference)) rememberSite();
  history[isStep ? "replaceState" : "pushState"](null, "", writeState(state));
  follow(before);
}

function follow(before) {
  choices.showChoices(state);
  if (state.project !== before.project) {
    Object.assign(pages, { results: [], types: [], has_more: false });
    searched = $("search").value = "";
    picture.clear();
    return void start();
  }
  const isOther = (names) => names.some((name) => state[name] !== before[name]);
  behind.close();
  if (isOther(["date_from", "date_to"])) void loadPages();
  if (!state.url && !state.pattern) return void loadFirstPage();
  if (isOther(ASKED)) void load();
  else if (isOther(["opacity"]) && !isOther(["radius", "fixed", "width", "zoom", "show", "site", "scripts"])) {
    picture.setOpacity(state.opacity);
  } else void draw();
  showTypeCounts();
}

addEventListener("popstate", () => {
  const before = state;
  state = readState(location.search);
  follow(before);
});

const siteKey = () => `heatmaps.site.${project.id}`;
const rememberedSite = () => localStorage.getItem(siteKey()) ?? "";
function rememberSite() {
  if (state.site) localStorage.setItem(siteKey(), state.site);
  else localStorage.removeItem(siteKey());
}

// --- Pages, types and cohorts ---------------------------------------------------------------------------------------

const path = (rest) => `projects/${state.project}/${rest}`;
const dates = () => withoutEmpty({ date_from: state.date_from, date_to: state.date_to });

async function loadPages({ offset = 0 } = {}) {
  finding.abort();
  const { signal } = (finding = new AbortController());
  try {
    const asked = { ...dates(), ...withoutEmpty({ search: searched }), limit: PAGES_AT_ONCE, offset };
    const answer = await ask(path("heatmaps/pages/"), asked, { signal });
    pages = { ...answer, results: offset ? [...pages.results, ...answer.results] : answer.results };
    choices.showPages(pages, searched !== "");
    await showTypeCounts(signal);
  } catch (error) {
    if (!signal.aborted) told(error);
  }
}

// With no page chosen yet, the busiest is a good one to begin with.
async function loadFirstPage() {
  await loadPages();
  if (pages.results.length) {
    state = { ...state, url: pages.results[0].url };
    history.replaceState(null, "", writeState(state));
    choices.showChoices(state);
    void showTypeCounts();
    return load();
  }
  picture.clear();
  showTitle();
  return nothingHere();
}

async function nothingHere() {
  const { types } = await ask(path("heatmaps/pages/"), { date_from: "all", limit: 1 });
  if (types.length) {
    return showEmpty("Nothing happened in these dates", [
      lastSeen(types, "The last of this project:", project.timezone),
      act("Show all dates", () => change({ date_from: "all", date_to: "" })),
    ]);
  }
  showEmpty("No interaction has come in yet", [
    text("Put the browser SDK on your pages, or load a file:"),
    code(`.venv/bin/python manage.py load_interactions FILE.jsonl --project ${project.id}`),
    text("Or look at a made-up shop first:"),
    code("make demo"),
    act("Look again", () => loadFirstPage()),
  ]);
}

// How often each type happened on the page, whatever the other filters are.
async function showTypeCounts(signal) {
  if (state.pattern) return choices.showTypes(null);
  const find = (results) => results.find(({ url }) => isSamePage(url, state.url));
  let page = find(pages.results);
  if (!page && state.url) {
    const asked = { ...dates(), search: withoutSlashes(state.url), limit: 1000 };
    try {
      page = find((await ask(path("heatmaps/pages/"), asked, { signal })).results);
    } catch {
      return choices.showTypes(null);
    }
  }
  choices.showTypes(page?.types ?? []);
}

async function loadCohorts() {
  try {
    choices.showCohorts((await ask(path("cohorts/"))).results);
  } catch (error) {
    told(error);
  }
}

// --- The picture ----------------------------------------------------------------------------------------------------

const isDepth = () => state.type === SCROLL_DEPTH;
const question = () => ({
  ...filters(state),
  ...(state.aggregation === DEFAULTS.aggregation ? {} : { aggregation: state.aggregation }),
  ...(isDepth() ? {} : { limit: "0" }),
});

// Asks, and shows the answer. A look for news keeps what is shown until there is something else to show.
async function load({ isLook = false } = {}) {
  clearTimeout(nextLook);
  loading.abort();
  if (!isLook) drawing.abort();
  const { signal } = (loading = new AbortController());
  const began = performance.now();
  const slow = isLook ? 0 : setTimeout(showProgress, QUICK_MS);
  if (!isLook) busy(true);
  try {
    const onProgress = isLook ? undefined : (received) => showProgressText(received);
    const [answer, depths] = await Promise.all([
      askText(path("heatmaps/"), question(), { signal, onProgress }),
      // How far the page goes down, which nobody can measure from here.
      isDepth() || isLook ? null : ask(path("heatmaps/"), { ...filters(state), type: SCROLL_DEPTH }, { signal }),
    ]);
    lastTookMs = performance.now() - began;
    $("live-word").textContent = "Live";
    problem("");
    if (isLook && answer === shown?.answer) return;
    const before = isLook ? shown : null;
    shown = { answer, ...parsed(answer), depths: depths?.results ?? shown?.depths ?? [] };
    await draw({ signal });
    if (before) tellNews(before);
    else say();
  } catch (error) {
    if (!signal.aborted && !isLook) {
      shown = null;
      picture.clear();
      showEmpty(null);
      told(error);
    } else if (error instanceof Refused && error.status === 401) signIn(error.message);
    else if (!signal.aborted) $("live-word").textContent = "Live: no answer";
  } finally {
    clearTimeout(slow);
    if (loading.signal === signal) {
      $("progress").hidden = true;
      busy(false);
      plan();
    }
  }
}

function busy(yes) {
  $("picture").setAttribute("aria-busy", yes);
}

const isBusy = () => $("picture").getAttribute("aria-busy") === "true";

function showProgress() {
  picture.clear();
  showEmpty(null);
  showTitle();
  $("progress-text").textContent = "Asking…";
  $("progress").hidden = false;
}

function showProgressText(received) {
  if (!$("progress").hidden) $("progress-text").textContent = `Receiving… ${bytes(received)}`;
}

$("cancel").addEventListener("click", () => {
  loading.abort();
  $("progress").hidden = true;
  shown = null;
  problem("Cancelled.", () => load());
});

async function draw({ signal } = {}) {
  drawing.abort();
  drawing = new AbortController();
  const either = signal ? AbortSignal.any([signal, drawing.signal]) : drawing.signal;
  showTitle();
  picture.setOpacity(state.opacity);
  picture.showFrame(state, note);
  if (!shown) return;
  if (!signal) busy(true);
  try {
    if (isDepth()) await drawDepths(either);
    else await drawPoints(either);
    if (!signal) busy(false);
  } catch (error) {
    if (!either.aborted) throw error;
  }
}

async function drawPoints(signal) {
  const { results: cells, fold, depths } = shown;
  const width = frameWidth(state);
  const radius = Number(state.radius);
  const showFixed = state.fixed === "";
  const deepest = cells.reduce((most, cell) => Math.max(most, cell.pointer_target_fixed ? 0 : cell.pointer_y), 0);
  const foldHeight = fold.median_viewport_height ?? LEAST_HEIGHT_PX;
  const height = pageHeight(deepest, foldHeight, depths);
  picture.layOut(width, height, state.zoom);
  const hottest = await picture.drawHeat(cells, { radius, foldHeight, showFixed, signal });
  picture.showFold(fold.median_viewport_height, fold.median_viewport_height === null ? "" : numbers.foldLabel(fold));
  numbers.showPoints({
    cells,
    fold,
    hasMore: shown.has_more,
    state,
    width,
    height,
    radius,
    hottest,
    onChoose: (spot) => choose(spot.cells, placeOf(spot), { scroll: true }),
    onPoint: (spot) => picture.markSpot(spot ? placeOf(spot) : behind.place()),
  });
  if (cells.length) showEmpty(null);
  else await showWhyEmpty(signal);
}

async function drawDepths(signal) {
  const bands = numbers.depthBands(shown.results);
  shown.bands = bands;
  picture.showFold(null);
  picture.layOut(frameWidth(state), pageHeight(0, LEAST_HEIGHT_PX, shown.results), state.zoom);
  picture.drawBands(bands);
  numbers.showDepths({ bands, state });
  if (bands.length) showEmpty(null);
  else await showWhyEmpty(signal);
}

function pageHeight(deepest, foldHeight, depths) {
  const last = depths.at(-1)?.scroll_depth_bucket ?? 0;
  return Math.min(picture.TALLEST_PX, Math.max(LEAST_HEIGHT_PX, foldHeight, last, deepest + Number(state.radius)));
}

const placeOf = ({ centre }) => ({
  x: centre.pointer_relative_x * picture.width(),
  y: centre.pointer_y,
  radius: Number(state.radius),
});

function showTitle() {
  const where = state.pattern || state.url;
  $("shown-title").textContent = where ? where.replace(/^https?:\/\//, "") : "No page";
  $("shown-title").title = where;
  const who = [
    state.test_accounts && "without test accounts",
    state.cohort && `cohort ${$("cohort").selectedOptions[0]?.text ?? state.cohort}`,
    state.events && `with ${state.events}`,
  ];
  const counting = state.aggregation === "unique_visitors" ? `${title(state.type)}, in visitors` : title(state.type);
  $("shown-text").textContent = [counting, days(state), widths(state), ...who].filter(Boolean).join(" · ");
  document.title = where ? `${title(state.type)} · ${shortUrl(where)} · Heatmaps` : "Heatmaps";
}

function note(sentence, { isUnsure = false } = {}) {
  $("frame-note").hidden = !sentence;
  $("frame-note").replaceChildren(sentence);
  if (!isUnsure) return;
  const button = act("Show its outline", () => change({ show: "outline" }));
  button.className = "quiet";
  $("frame-note").append(" ", button);
}

function say() {
  const count = isDepth() ? (shown.bands[0]?.count ?? 0) : numbers.total(shown.results);
  $("said").textContent = `${counted(count, state)} shown.`;
}

// --- Nothing found --------------------------------------------------------------------------------------------------

async function showWhyEmpty(signal) {
  showEmpty(`No ${unit(state)} here`, [text("Looking for the reason…")]);
  const { reasons, together, types, where } = await explain(state, path, signal);
  const removals = reasons.map(({ sentence, without }) => [sentence, () => change(without)]);
  const children = [];
  if (removals.length) {
    children.push(
      text(removals.length === 1 ? "This filter emptied it:" : "Each of these filters emptied it:"),
      list(removals),
    );
  } else if (together) {
    children.push(
      text("No filter alone emptied it; all of them together did."),
      act("Take all of them away", () => change(together)),
    );
  } else children.push(text("No filter is the reason: nothing of this kind was ever seen here."));
  if (types.length) children.push(lastSeen(types, where, project.timezone));
  showEmpty(`No ${unit(state)} here`, children);
}

function showEmpty(heading, children = []) {
  $("empty").hidden = heading === null;
  $("empty-title").textContent = heading ?? "";
  $("empty-text").replaceChildren(...children);
}

// --- What went wrong ------------------------------------------------------------------------------------------------

function told(error) {
  if (!(error instanceof Refused)) throw error;
  if (error.status === 401) return signIn(error.message);
  if ($("viewer").hidden) return nothing("That did not work", [text(error.message), act("Try again", start)]);
  problem(
    error.attr ? `${error.attr}: ${error.message}` : error.message,
    error.status === 0 || error.status >= 429 ? () => load() : null,
  );
}

function problem(sentence, again = null) {
  $("problem").hidden = !sentence;
  $("problem").replaceChildren(sentence, ...(again ? [" ", act("Ask again", again)] : []));
}

// --- Hovering and choosing ---

const around = (place) => picture.cellsAround(shown.results, place, Number(state.radius), state.fixed === "");

picture.follow({
  onHover(place) {
    const words = place && shown && (isDepth() ? numbers.depthWords(shown.bands, place.y, state) : spotWords(place));
    picture.showTip(words, place);
  },
  onClick(place) {
    if (!shown || isDepth()) return;
    const cells = around(place);
    if (cells.length) choose(cells, { x: place.x, y: place.y, radius: Number(state.radius) });
    else behind.close();
  },
});

function spotWords(place) {
  const cells = around(place);
  return cells.length ? numbers.spotWords(cells, shown.results, state) : "";
}

function choose(cells, place, { scroll = false } = {}) {
  void behind.open({ cells, place, scroll, state, project, told });
}

// --- News -----------------------------------------------------------------------------------------------------------

// Slower where asking takes long, or where a key has not much of its budget left.
function lookAfterMs() {
  const spared = budget.remaining > 0 ? (1000 * budget.reset) / budget.remaining : SLOWEST_LIVE_MS;
  return Math.min(SLOWEST_LIVE_MS, Math.max(LIVE_MS, 4 * lastTookMs, spared));
}

function plan() {
  clearTimeout(nextLook);
  if ($("live").checked && !$("viewer").hidden && shown) nextLook = setTimeout(look, lookAfterMs());
}

function look() {
  // Whoever comes back to the tab looks at once.
  if (document.hidden) return;
  if (isBusy()) plan();
  else void load({ isLook: true });
}

$("live").addEventListener("change", () => ($("live").checked ? look() : clearTimeout(nextLook)));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && $("live").checked && shown && !$("viewer").hidden) look();
});

function tellNews(before) {
  void loadPages();
  if (isDepth()) return say();
  const place = (cell) => `${cell.pointer_target_fixed} ${cell.pointer_y} ${cell.pointer_relative_x}`;
  const known = new Map(before.results.map((cell) => [place(cell), cell.count]));
  const risen = shown.results.filter((cell) => cell.count > (known.get(place(cell)) ?? 0));
  if (risen.length <= MOST_PINGS) picture.ping(risen);
  const more = numbers.total(shown.results) - numbers.total(before.results);
  $("said").textContent =
    more > 0 ? `${counted(more, state)} came in.` : `${counted(numbers.total(shown.results), state)} shown.`;
}

$("toggle-controls").addEventListener("click", ({ currentTarget }) => {
  const isOpen = $("controls").classList.toggle("is-open");
  currentTarget.setAttribute("aria-expanded", isOpen);
});

choices.bind({
  change,
  search(words) {
    searched = words.trim();
    void loadPages();
  },
  more: () => loadPages({ offset: pages.results.length }),
  choosePage: (url) => change({ url }),
});

let resizing = 0;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => shown && draw(), 150);
});

void start();
