// Screenshots of the page, which lie below the map when that is chosen, or when the page refuses to be shown in a frame.
import { ask, Refused, send } from "./api.js";
import { change, current, path } from "./current.js";
import { $, make } from "./elements.js";
import { askFile } from "./files.js";
import { quiet, say } from "./screenshot_note.js";
import { showError } from "./signing_in.js";
import { below, frameWidth } from "./state.js";
import { number, readable } from "./words.js";

/** @typedef {import("./state.js").State} State */
/**
 * @typedef {{ id: number, url_page: string, width: number, height: number, created_at: string }} Screenshot sizes in CSS px
 */

/** @type {Record<string, string>} */
const REFUSED = {
  mixed: "The page is on http and this one on https, and browsers show no such page in a frame",
  refused: "The page refuses to be shown in a frame",
  away: "The page cannot be reached",
};

/** @type {() => void} */
let redraw = () => undefined;
/** @type {() => void} */
let pickFile = () => undefined;
// What is looked at, and why a screenshot stands in for the page, if one does.
let wanted = "";
let refused = "";
/** @type {Screenshot | null} */
let shown = null;
// Of the page that was asked about last.
let asked = "";
/** @type {Promise<Screenshot[]>} */
let found = Promise.resolve([]);
let address = "";
// What is said is wrong, and nobody has read it yet.
let isComplaining = false;

/** @param {() => void} again draws what is shown once more */
export function bind(again) {
  redraw = again;
}

/** @param {() => void} pick lets somebody choose a file */
export function bindAdding(pick) {
  pickFile = pick;
}

/** How tall the screenshot is that is shown, in px of the page as it is laid out. */
export const height = () => (shown ? Math.ceil((shown.height * frameWidth(current())) / shown.width) : 0);

/** Shows a screenshot where one is wanted. @param {State} state */
export function show(state) {
  const key = JSON.stringify([state.project, below(state), state.show, state.site]);
  if (key !== wanted) {
    hide();
    wanted = key;
  }
  if (state.show === "picture" || refused) void place(state);
}

export function hide() {
  wanted = refused = "";
  isComplaining = false;
  shown = null;
  $("screenshot").hidden = $("screenshot-note").hidden = true;
}

/** In place of a page that is not to be had in a frame, if there is one. @param {string} reason */
export async function standIn(reason) {
  const before = wanted;
  const all = await quietly();
  if (wanted !== before || !all.length) return;
  refused = REFUSED[reason] ?? "The page cannot be shown in a frame";
  $("frame-note").hidden = true;
  await place(current());
}

/** A button that shows a screenshot, if there is one. @param {HTMLElement} box */
export async function offer(box) {
  const before = wanted;
  const all = await quietly();
  if (wanted !== before || !all.length) return;
  box.append(" ", quiet("Show its screenshot", () => change({ show: "picture" })));
}

/** Looks again, after one was added or removed, and shows what there is. */
export async function refresh() {
  asked = "";
  isComplaining = false;
  if (current().show === "picture" || refused) await place(current());
  else change({ show: "picture" });
}

/** Those of the page below the map. */
function list() {
  const state = current();
  const key = JSON.stringify([state.project, below(state)]);
  if (key !== asked) {
    asked = key;
    const question = below(state) ? ask(path("heatmaps/pictures/"), { url_page: below(state) }) : { results: [] };
    found = Promise.resolve(question).then(({ results }) => results);
    found.catch(() => (asked = ""));
  }
  return found;
}

/** None where they cannot be had: they are only offered. */
async function quietly() {
  try {
    return await list();
  } catch {
    return [];
  }
}

/** @param {State} state */
async function place(state) {
  const before = wanted;
  const width = frameWidth(state);
  const tall = height();
  try {
    const all = await list();
    if (wanted !== before || width !== frameWidth(current())) return;
    const one = nearest(all, width);
    if (one) await load(one, before);
    if (wanted !== before) return;
    shown = one;
    $("screenshot").hidden = one === null;
    if (!isComplaining) tell(one, state);
    if (height() !== tall) redraw();
  } catch (error) {
    if (wanted !== before) return;
    if (!(error instanceof Refused) || error.status === 401) showError(error);
    else say(`The screenshot cannot be shown. ${error.message}`, { isBad: true });
  }
}

/** @param {Screenshot[]} all @param {number} width @returns {Screenshot | null} */
function nearest(all, width) {
  return all.reduce(
    (/** @type {Screenshot | null} */ best, one) =>
      best && Math.abs(best.width - width) <= Math.abs(one.width - width) ? best : one,
    null,
  );
}

/** Puts a screenshot below the map, unless it is there. @param {Screenshot} one @param {string} before */
async function load(one, before) {
  const key = `${one.id} ${one.created_at}`;
  if ($("screenshot").dataset.shows === key) return;
  const url = URL.createObjectURL(await askFile(path(`heatmaps/pictures/${one.id}/`)));
  const image = make("img", { src: url, alt: `Screenshot of ${readable(one.url_page)}, ${one.width} px wide` });
  await image.decode().catch(() => undefined);
  if (wanted !== before) return URL.revokeObjectURL(url);
  URL.revokeObjectURL(address);
  address = url;
  $("screenshot").dataset.shows = key;
  return $("screenshot").replaceChildren(image);
}

/** @param {Screenshot | null} one @param {State} state */
function tell(one, state) {
  const width = frameWidth(state);
  if (!below(state)) return say("There is no page to have a screenshot of: choose one.");
  const page = readable(below(state));
  if (!one && refused) {
    refused = "";
    $("screenshot-note").hidden = true;
    $("frame-note").hidden = false;
    return undefined;
  }
  if (!one) {
    const sentence = `There is no screenshot of ${page} yet. Drop one here, as it looks ${number(width)} px wide.`;
    return say(sentence, { buttons: [quiet("Choose a file", pickFile)] });
  }
  const day = new Date(one.created_at).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  const what = `${number(one.width)} px wide, added ${day}.`;
  const isOther = one.width !== width;
  const stretched = isOther ? ` The page is laid out ${number(width)} px wide here, so places further down may be off.` : "";
  const sentence = refused ? `${refused}, so its screenshot is shown: ${what}` : `Screenshot of ${page}, ${what}`;
  const buttons = [
    isOther ? quiet(`Show it ${number(one.width)} px wide`, () => change({ width: String(one.width) })) : null,
    quiet(isOther ? `Add one ${number(width)} px wide` : "Replace", pickFile),
    quiet("Remove", () => void remove(one)),
  ];
  return say(sentence + stretched, { buttons: buttons.filter((button) => button !== null) });
}

/** @param {Screenshot} one */
async function remove(one) {
  try {
    await send("DELETE", path(`heatmaps/pictures/${one.id}/`));
    await refresh();
  } catch (error) {
    tellRefusal(error);
  }
}

/** What kept somebody from changing something. @param {unknown} error */
export function tellRefusal(error) {
  if (!(error instanceof Refused) || error.status === 401) return showError(error);
  return complain(
    error.status === 403
      ? "Your key may only read. One with the scope heatmap:write adds and removes screenshots."
      : `That did not work. ${error.message}`,
  );
}

/** What went wrong, until somebody has read it. @param {string} sentence */
export function complain(sentence) {
  isComplaining = true;
  say(sentence, { isBad: true, buttons: [quiet("Close", leave)] });
}

/** Back to what there was to say before. */
function leave() {
  isComplaining = false;
  $("screenshot-note").hidden = true;
  if (current().show === "picture" || refused) void place(current());
}
