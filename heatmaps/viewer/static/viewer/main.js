// Ties it together: from who is asking to what is looked at, and from there to the picture.
import * as areas from "./areas.js";
import { ask } from "./api.js";
import * as behind from "./behind.js";
import { act, text } from "./cards.js";
import * as comparingChoice from "./comparing_choice.js";
import * as choices from "./choices.js";
import { offer } from "./copying.js";
import { change, current, fillIn, onChange, path, setProject } from "./current.js";
import { hidePage, showTitle } from "./drawing.js";
import * as lists from "./lists.js";
import * as layout from "./layout.js";
import * as live from "./live.js";
import { abandon, answer, load, redraw } from "./loading.js";
import { explainNoPage, showEmpty } from "./empty.js";
import * as dates from "./dates.js";
import { $, input } from "./elements.js";
import * as escape from "./escape.js";
import * as marking from "./marking.js";
import * as pageList from "./page_list.js";
import * as pageElements from "./page_elements.js";
import * as picture from "./picture.js";
import * as screenshotAdding from "./screenshot_adding.js";
import * as screenshots from "./screenshots.js";
import * as shares from "./shares.js";
import { bind, noProject, nothing, showError, showProblem, showView } from "./signing_in.js";
import * as snippets from "./snippets.js";
import { ASKED, DRAWN, hasManyUrls, NO_PAGE } from "./state.js";
import * as taking from "./taking.js";
import * as widths from "./widths.js";

/** @typedef {import("./api.js").Project} Project */
/** @typedef {import("./state.js").State} State */

const RESIZED_MS = 150;

async function start() {
  showView(null);
  try {
    const { results } = /** @type {{ results: Project[] }} */ (await ask("projects/"));
    const wanted = current().project;
    const chosen = wanted
      ? results.find(({ id }) => String(id) === wanted)
      : (results.find((one) => one.is_current) ?? results[0]);
    if (chosen) await open(chosen, results);
    else if (results.length) noSuchProject(wanted);
    else noProject();
  } catch (error) {
    showError(error);
  }
}

/**
 * @param {Project} project
 * @param {Project[]} all
 */
async function open(project, all) {
  lists.showProjects(all, project.id);
  setProject(project);
  showView("viewer");
  choices.showChoices();
  comparingChoice.show();
  lists.showTypes(null);
  void loadCohorts();
  if (isChosen()) await Promise.all([load(), pageList.loadPages()]);
  else await loadFirstPage();
}

const isChosen = () => current().url !== "" || hasManyUrls(current());

/** @param {string} id */
function noSuchProject(id) {
  nothing("There is no such project", [
    text(`Project ${id} does not exist, or it is not one of yours.`),
    act("Show a project of mine", () => change({ ...NO_PAGE, project: "", cohort: "", against: "" })),
  ]);
}

async function loadFirstPage() {
  const isListed = await pageList.loadPages({ again: loadFirstPage });
  // Somebody was quicker.
  if (isChosen()) return;
  if (isListed && pageList.chooseFirstPage()) {
    choices.showChoices();
    return load();
  }
  abandon();
  showTitle();
  hidePage();
  showEmpty(null);
  if (!isListed) return;
  showProblem("");
  try {
    await explainNoPage(loadFirstPage);
  } catch (error) {
    showError(error, loadFirstPage);
  }
}

async function loadCohorts() {
  const { project } = current();
  const isLeft = () => project !== current().project;
  try {
    const { results } = await ask(path("cohorts/"));
    if (isLeft()) return;
    lists.showCohorts(results);
    comparingChoice.showCohorts();
  } catch (error) {
    if (!isLeft()) showError(error);
  }
}

/** @param {string} words */
function search(words) {
  pageList.search(words);
  void (isChosen() ? pageList.loadPages() : loadFirstPage());
}

/** Shows what has become another than it was. @param {State} before */
function follow(before) {
  const state = current();
  /** @param {(keyof State)[]} names */
  const isOther = (names) => names.some((name) => state[name] !== before[name]);
  // With a page or a pattern, the URL is only that of the page below.
  const asked = ASKED.filter((name) => name !== "url" || !hasManyUrls(state));
  if (isOther(["project", "page", "pattern"]) || (asked.includes("url") && isOther(["url"]))) {
    widths.reopen();
    // What is marked on one page means nothing on another; the way back finds it again.
    if (!isOther(["areas"])) fillIn({ areas: "" });
  }
  choices.showChoices();
  comparingChoice.show();
  if (state.project !== before.project) {
    pageList.forget();
    input("search").value = "";
    abandon();
    return void start();
  }
  behind.close();
  if (!isChosen()) return void loadFirstPage();
  if (isOther(["date_from", "date_to", "time_from", "time_to", "by"])) void pageList.loadPages();
  if (isOther(asked)) void load();
  else if (isOther(DRAWN)) void redraw();
  else if (isOther(["opacity"])) picture.setOpacity(Number(state.opacity));
  if (!isOther(asked) && isOther(["areas"])) void areas.load();
  return void pageList.showTypeCounts();
}

$("copy-link").addEventListener("click", () =>
  offer("Link to this picture", "Whoever opens it signs in with a session or key of their own.", location.href),
);

let resizing = 0;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = window.setTimeout(() => answer() && redraw(), RESIZED_MS);
});

onChange(follow);
bind({ start, stop: live.stop });
comparingChoice.bind();
dates.bind();
marking.bind();
screenshots.bind(() => void (answer() && redraw()));
screenshotAdding.bind();
layout.bind();
// What is innermost comes first.
escape.bind([picture.hideTip, marking.escape, behind.escape]);
pageElements.bind();
shares.bind();
snippets.bind();
taking.bind();
choices.bind({ search, more: pageList.loadMore });
void start();
