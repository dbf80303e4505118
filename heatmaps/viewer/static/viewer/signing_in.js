// Who is asking, which of the three views that opens, and what went wrong.
import { key, Refused } from "./api.js";
import { act, code, text } from "./cards.js";
import { current } from "./current.js";
import { $, input, keepFocus } from "./elements.js";
import { sentenceOf } from "./sentences.js";

/** @type {() => void} */
let start = () => undefined;
/** @type {() => void} */
let stop = () => undefined;

/**
 * What begins once somebody is signed in, and what ends when nobody is any more.
 * @param {{ start: () => void, stop: () => void }} calls
 */
export function bind(calls) {
  ({ start, stop } = calls);
}

/** @param {"sign-in" | "nothing" | "viewer" | null} id */
export function showView(id) {
  for (const one of ["sign-in", "nothing", "viewer"]) $(one).hidden = one !== id;
  for (const one of ["tools", "live-field", "toggle-controls"]) $(one).hidden = id !== "viewer";
  $("forget-key").hidden = !key.get();
  if (id !== "viewer") $("project-field").hidden = true;
}

export const isOpen = () => !$("viewer").hidden;

/** @param {string} why */
export function signIn(why) {
  const wasKey = key.get() !== "";
  key.forget();
  showView("sign-in");
  stop();
  $("log-in").setAttribute("href", `${$("log-in").dataset.page}?next=${encodeURIComponent(location.pathname + location.search)}`);
  $("sign-in-error").hidden = !wasKey;
  $("sign-in-error").textContent = why;
  input("key").value = "";
  input("key").focus();
}

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key.set(input("key").value.trim());
  start();
});
$("forget-key").addEventListener("click", forgetKey);
// Whoever signs out is out, with a key as well. Only those who are signed in have the form.
document.getElementById("sign-out-form")?.addEventListener("submit", () => key.forget());

function forgetKey() {
  key.forget();
  start();
}

export function noProject() {
  // Of somebody with a key only, the page does not know who it is.
  const email = (!key.get() && document.getElementById("who")?.textContent) || "EMAIL";
  nothing("There is no project yet", [
    text("At least none that you may see. An operator makes you a member of an organization, by its name:"),
    code(`python manage.py add_member ${email} --organization NAME`),
    text("Somebody who has no account gets one and becomes a member with:"),
    code("python manage.py create_user EMAIL --organization NAME"),
    text("If there is no project at all, make one, or look at a made-up shop first:"),
    code("python manage.py create_project Shop\nmake demo"),
    act("Look again", start),
  ]);
}

/**
 * A card in place of the viewer.
 * @param {string} heading
 * @param {HTMLElement[]} children
 */
export function nothing(heading, children) {
  showView("nothing");
  stop();
  $("nothing-title").textContent = heading;
  $("nothing-text").replaceChildren(...children, ...(key.get() ? [act("Use another key", forgetKey)] : []));
}

/** Whether asking once more may help. @param {unknown} error */
export const mayPass = (error) => error instanceof Refused && (error.status === 0 || error.status >= 429);

/**
 * Says what went wrong, wherever it can be said now. `again` asks once more.
 * @param {unknown} error
 * @param {() => void} [again]
 */
export function showError(error, again) {
  if (!(error instanceof Refused)) throw error;
  if (error.status === 401) signIn(error.message);
  else if (!isOpen()) nothing("That did not work", [text(error.message), act("Try again", start)]);
  else {
    showProblem(sentenceOf(error, current()), mayPass(error) ? again : undefined);
  }
}

/**
 * A sentence above the picture; none takes it away.
 * @param {string} sentence
 * @param {() => void} [again]
 */
export function showProblem(sentence, again) {
  keepFocus($("problem"));
  $("problem").hidden = !sentence;
  $("problem").replaceChildren(sentence, ...(again ? [" ", act("Ask again", again)] : []));
}
