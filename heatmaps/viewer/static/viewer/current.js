// What is looked at now. It stands in the address bar, and whoever changes it here changes it there.
import { period, readState, writeState } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./api.js").Project} Project */

/** @type {State} */
let state = readState(location.search);
/** @type {Project | null} */
let project = null;
/** @type {(before: State) => void} */
let follow = () => undefined;

export const current = () => state;

export function currentProject() {
  if (!project) throw new Error("No project is chosen yet");
  return project;
}

/** The time zone of the project, whose days are looked at. */
export const zone = () => project?.timezone ?? "UTC";

/** @param {Project} chosen */
export function setProject(chosen) {
  project = chosen;
  fillIn({ project: String(chosen.id), site: state.site || (localStorage.getItem(siteKey()) ?? "") });
  rememberSite();
}

/**
 * Calls back whenever what is looked at has changed, with what was before.
 * @param {(before: State) => void} callback
 */
export function onChange(callback) {
  follow = callback;
}

/**
 * What somebody has chosen: the way back leads to what was before, unless this is one of many steps.
 * @param {Partial<State>} difference
 */
export function change(difference, { isStep = false } = {}) {
  const before = state;
  state = { ...state, ...difference };
  if (writeState(before) === writeState(state)) return;
  if ("site" in difference && !("project" in difference)) rememberSite();
  history[isStep ? "replaceState" : "pushState"](null, "", writeState(state));
  follow(before);
}

/**
 * What nobody chose, so that something had to be taken.
 * @param {Partial<State>} difference
 */
export function fillIn(difference) {
  state = { ...state, ...difference };
  history.replaceState(null, "", writeState(state));
}

addEventListener("popstate", () => {
  const before = state;
  state = readState(location.search);
  follow(before);
});

/** The path of what the API has of the project. @param {string} rest */
export const path = (rest) => `projects/${state.project}/${rest}`;
export const dates = () => period(state);

const siteKey = () => `heatmaps.site.${currentProject().id}`;

function rememberSite() {
  if (state.site) localStorage.setItem(siteKey(), state.site);
  else localStorage.removeItem(siteKey());
}
