// Ties it together: the state, the questions it leads to, and what is shown of the answers.
import { ask, askText, budget, curl, key, parsed, Refused } from "./api.js";
import * as choices from "./choices.js";
import { explain } from "./empty.js";
import * as numbers from "./numbers.js";
import * as picture from "./picture.js";
import { ASKED, DEFAULTS, filters, frameWidth, readState, SCROLL_DEPTH, withoutEmpty, writeState } from "./state.js";
import { bytes, counted, days, moment, number, percent, shortUrl, title, unit, widths } from "./words.js";

const $ = (id) => document.getElementById(id);
const PAGES_AT_ONCE = 50;
const INTERACTIONS_AT_ONCE = 20;
// The API takes no more points in one request.
const MOST_POINTS = 500;
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
let behind = null;
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
        act("Show a project of mine", () => change({ ...DEFAULTS })),
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
  $("tools").hidden = $("toggle-controls").hidden = id !== "viewer";
  $("forget-key").hidden = !key.get();
  if (id !== "viewer") $("project-field").hidden = true;
}

function signIn(why) {
  const wasKey = key.get() !== "";
  key.forget();
  view("sign-in");
  clearTimeout(nextLook);
  $("log-in").href = `/admin/login/?next=${encodeURIComponent(location.pathname + location.search)}`;
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
$("forget-key").addEventListener("click", () => {
  key.forget();
  void start();
});

function noProject() {
  nothing("There is no project yet", [
    text("Make one, and give the address you sign in with a key to it:"),
    code(".venv/bin/python manage.py create_project Shop\n.venv/bin/python manage.py create_api_key --user you@example.com"),
    text("Or look at a made-up shop first:"),
    code("make demo"),
    act("Look again", start),
  ]);
}

function nothing(heading, children) {
  view("nothing");
  clearTimeout(nextLook);
  $("nothing-title").textContent = heading;
  $("nothing-text").replaceChildren(...children);
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
  closeBehind();
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
      lastSeen(types, "The last of this project:"),
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
  const find = (results) => results.find(({ url }) => url === state.url.replace(/\/+$/, ""));
  let page = find(pages.results);
  if (!page && state.url) {
    const asked = { ...dates(), search: state.url.replace(/\/+$/, ""), limit: 1000 };
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
const question = () => ({ ...filters(state), ...(state.aggregation === DEFAULTS.aggregation ? {} : { aggregation: state.aggregation }), ...(isDepth() ? {} : { limit: "0" }) });

// Asks, and shows the answer. A look for news keeps what is shown until there is something else to show.
async function load({ isLook = false } = {}) {
  clearTimeout(nextLook);
  loading.abort();
  drawing.abort();
  const { signal } = (loading = new AbortController());
  const began = performance.now();
  const slow = isLook ? 0 : setTimeout(showProgress, QUICK_MS);
  if (!isLook) isBusy(true);
  try {
    const onProgress = isLook ? undefined : (received) => showProgressText(received);
    const [answer, depths] = await Promise.all([
      askText(path("heatmaps/"), question(), { signal, onProgress }),
      // How far the page goes down, which nobody can measure from here.
      isDepth() || isLook ? null : ask(path("heatmaps/"), { ...filters(state), type: SCROLL_DEPTH }, { signal }),
    ]);
    lastTookMs = performance.now() - began;
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
  } finally {
    clearTimeout(slow);
    if (loading.signal === signal) {
      $("progress").hidden = true;
      isBusy(false);
      plan();
    }
  }
}

function isBusy(yes) {
  $("picture").setAttribute("aria-busy", yes);
}

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
  if (!signal) isBusy(true);
  try {
    if (isDepth()) await drawDepths(either);
    else await drawPoints(either);
    if (!signal) isBusy(false);
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
  picture.layOut(width, pageHeight(deepest, foldHeight, depths), state.zoom);
  const hottest = await picture.drawHeat(cells, { radius, foldHeight, showFixed, signal });
  picture.showFold(fold.median_viewport_height, fold.median_viewport_height === null ? "" : numbers.foldLabel(fold));
  numbers.showPoints({
    cells,
    fold,
    state,
    width,
    radius,
    hottest,
    onChoose: (spot) => openBehind(spot.cells, placeOf(spot), { scroll: true }),
    onPoint: (spot) => picture.markSpot(spot ? placeOf(spot) : (behind?.place ?? null)),
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
    children.push(text(removals.length === 1 ? "This filter emptied it:" : "Each of these filters emptied it:"), list(removals));
  } else if (together) {
    children.push(text("No filter alone emptied it; all of them together did."), act("Take all of them away", () => change(together)));
  } else children.push(text("No filter is the reason: nothing of this kind was ever seen here."));
  if (types.length) children.push(lastSeen(types, where));
  showEmpty(`No ${unit(state)} here`, children);
}

function lastSeen(types, sentence) {
  const table = document.createElement("table");
  const caption = table.createCaption();
  caption.textContent = sentence;
  for (const { type, count, last_seen } of types) {
    const row = table.insertRow();
    row.insertCell().textContent = title(type);
    const [amount, when] = [row.insertCell(), row.insertCell()];
    amount.textContent = number(count);
    amount.className = "number";
    when.textContent = moment(last_seen, project.timezone);
    when.className = "number";
  }
  return table;
}

function showEmpty(heading, children = []) {
  $("empty").hidden = heading === null;
  $("empty-title").textContent = heading ?? "";
  $("empty-text").replaceChildren(...children);
}

function text(sentence) {
  return Object.assign(document.createElement("p"), { textContent: sentence });
}

function code(lines) {
  const block = document.createElement("pre");
  block.append(Object.assign(document.createElement("code"), { textContent: lines }));
  block.tabIndex = 0;
  return block;
}

function act(name, does) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
  button.addEventListener("click", () => void does());
  return button;
}

function list(entries) {
  const found = document.createElement("ul");
  for (const [sentence, does] of entries) {
    const entry = document.createElement("li");
    entry.append(Object.assign(document.createElement("span"), { textContent: sentence }), act("Take it away", does));
    found.append(entry);
  }
  return found;
}

// --- What went wrong ------------------------------------------------------------------------------------------------

function told(error) {
  if (!(error instanceof Refused)) throw error;
  if (error.status === 401) return signIn(error.message);
  if ($("viewer").hidden) return nothing("That did not work", [text(error.message), act("Try again", start)]);
  problem(error.attr ? `${error.attr}: ${error.message}` : error.message, error.status === 0 || error.status >= 429 ? () => load() : null);
}

function problem(sentence, again = null) {
  $("problem").hidden = !sentence;
  $("problem").replaceChildren(sentence, ...(again ? [" ", act("Ask again", again)] : []));
}

// --- Hovering and choosing ------------------------------------------------------------------------------------------

picture.follow({
  onHover(place) {
    const tip = $("tip");
    const words = place && shown && (isDepth() ? depthWords(place) : spotWords(around(place)));
    tip.hidden = !words;
    if (!words) return;
    tip.textContent = words;
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.min(room, place.clientX + 14)}px`;
    tip.style.top = `${Math.max(4, place.clientY - tip.offsetHeight - 10)}px`;
  },
  onClick(place) {
    if (!shown || isDepth()) return;
    const cells = around(place);
    if (cells.length) void openBehind(cells, { x: place.x, y: place.y, radius: Number(state.radius) });
    else closeBehind();
  },
});

const around = (place) => picture.cellsAround(shown.results, place, Number(state.radius), state.fixed === "");

function spotWords(cells) {
  if (!cells.length) return "";
  const count = numbers.total(cells);
  const all = numbers.total(shown.results);
  return `${counted(count, state)} within ${state.radius} px · ${percent(count, all)}`;
}

function depthWords({ y }) {
  const band = numbers.bandAt(shown.bands, y);
  if (!band) return "Nobody got this far";
  const all = shown.bands[0].count;
  return `${counted(band.count, state)} of ${number(all)} got to ${number(band.bottom)} px · ${percent(band.count, all)}`;
}

async function openBehind(cells, place, { scroll = false, offset = 0 } = {}) {
  behind = { cells, place, offset };
  picture.markSpot(place, { scroll });
  const points = cells.slice(0, MOST_POINTS).map((cell) => ({
    x: cell.pointer_relative_x,
    y: cell.pointer_y,
    target_fixed: cell.pointer_target_fixed,
  }));
  const asked = { ...filters(state), points: JSON.stringify(points), limit: INTERACTIONS_AT_ONCE, offset };
  const mine = behind;
  try {
    const page = await ask(path("heatmaps/events/"), asked, { signal: loading.signal });
    if (behind !== mine) return;
    const most = cells.length > MOST_POINTS ? `, in the ${MOST_POINTS} hottest of ${number(cells.length)} cells` : "";
    const what = `${counted(page.total_count, { ...state, aggregation: "total_count" })}${most}. Times are of ${project.timezone}.`;
    const turn = numbers.showInteractions(page, {
      offset,
      limit: INTERACTIONS_AT_ONCE,
      timezone: project.timezone,
      withPage: state.pattern !== "",
      what,
    });
    $("older").onclick = () => openBehind(cells, place, { offset: turn.older });
    $("newer").onclick = () => openBehind(cells, place, { offset: turn.newer });
    if (offset === 0) {
      $("behind").scrollIntoView({ block: "nearest" });
      $("behind-title").focus({ preventScroll: true });
    }
  } catch (error) {
    if (behind === mine && error.name !== "AbortError") told(error);
  }
}

function closeBehind() {
  behind = null;
  $("behind").hidden = true;
  picture.markSpot(null);
}

$("close-behind").addEventListener("click", () => {
  closeBehind();
  $("shown-title").focus();
});

// --- News -----------------------------------------------------------------------------------------------------------

// Slower where asking takes long, or where a key has not much of its budget left.
function lookAfterMs() {
  const spared = budget.remaining > 0 ? (1000 * budget.reset) / budget.remaining : SLOWEST_LIVE_MS;
  return Math.min(SLOWEST_LIVE_MS, Math.max(LIVE_MS, 20 * lastTookMs, spared));
}

function plan() {
  clearTimeout(nextLook);
  if ($("live").checked && !$("viewer").hidden && shown) nextLook = setTimeout(look, lookAfterMs());
}

function look() {
  if (document.hidden) return;
  void load({ isLook: true });
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
  $("said").textContent = more > 0 ? `${counted(more, state)} came in.` : `${counted(numbers.total(shown.results), state)} shown.`;
}

// --- Copying, and the window ----------------------------------------------------------------------------------------

$("copy-link").addEventListener("click", () =>
  offer("Link to this picture", "Whoever opens it signs in with a session or key of their own.", location.href),
);
$("copy-curl").addEventListener("click", () =>
  offer("The request behind this picture", "Put a key of yours into KEY first.", curl(path("heatmaps/"), question())),
);

function offer(heading, hint, words) {
  $("copy-title").textContent = heading;
  $("copy-hint").textContent = hint;
  $("copy-text").value = words;
  $("copied").textContent = "";
  $("copy-dialog").showModal();
  $("copy-text").select();
}

$("copy").addEventListener("click", async () => {
  $("copy-text").select();
  // Only pages on https or on this very machine may write to the clipboard themselves.
  try {
    await navigator.clipboard.writeText($("copy-text").value);
    $("copied").textContent = "Copied";
  } catch {
    $("copied").textContent = "Selected; copy it with the keyboard";
  }
});

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
