// Who is asking, which of the three views that opens, and what went wrong.
import { key, Refused } from "./api.js";
import { act, code, text } from "./cards.js";
import { $, input } from "./elements.js";

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
  $("tools").hidden = id !== "viewer";
  $("toggle-controls").hidden = id !== "viewer";
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
  $("log-in").setAttribute("href", `/admin/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
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

function forgetKey() {
  key.forget();
  start();
}

export function noProject() {
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
    const mayPass = error.status === 0 || error.status >= 429;
    showProblem(error.attr ? `${error.attr}: ${error.message}` : error.message, mayPass ? again : undefined);
  }
}

/**
 * A sentence above the picture; none takes it away.
 * @param {string} sentence
 * @param {() => void} [again]
 */
export function showProblem(sentence, again) {
  $("problem").hidden = !sentence;
  $("problem").replaceChildren(sentence, ...(again ? [" ", act("Ask again", again)] : []));
}
