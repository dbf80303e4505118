// What is said about the screenshot below the map, and what can be done about it.
import { act } from "./cards.js";
import { $ } from "./elements.js";

/** @param {string} name @param {() => void} does */
export function quiet(name, does) {
  const button = act(name, does);
  button.className = "quiet";
  if (name === "Remove" || name === "Replace") button.setAttribute("aria-label", `${name} the screenshot`);
  return button;
}

/**
 * A sentence about the screenshot, and what can be done.
 * @param {string} sentence
 * @param {{ isBad?: boolean, buttons?: HTMLElement[] }} [how]
 */
export function say(sentence, { isBad = false, buttons = [] } = {}) {
  const box = $("screenshot-note");
  const words = $("screenshot-text");
  const names = [...box.querySelectorAll("button")].map(({ textContent }) => textContent);
  const isSaid = words.textContent === sentence && names.join() === buttons.map((one) => one.textContent).join();
  // It is said once, however often what is below is drawn.
  if (!box.hidden && isSaid) return;
  const hadFocus = box.contains(document.activeElement);
  box.hidden = false;
  words.textContent = sentence;
  words.classList.toggle("is-bad", isBad);
  box.replaceChildren(words, ...buttons);
  if (hadFocus) (buttons[0] ?? $("picture")).focus();
}
