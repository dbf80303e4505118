// What messages are made of.
import { make } from "./elements.js";

/** @param {string} sentence */
export function text(sentence) {
  return make("p", { textContent: sentence });
}

/** @param {string} lines */
export function code(lines) {
  const block = make("pre", { tabIndex: 0 });
  block.append(make("code", { textContent: lines }));
  return block;
}

/**
 * @param {string} name
 * @param {() => unknown} does
 */
export function act(name, does) {
  const button = make("button", { type: "button", textContent: name });
  button.addEventListener("click", () => void does());
  return button;
}

/**
 * A sentence, and entries with what can be done about each: its words, more of them, the name of the button.
 * @param {string} sentence
 * @param {{ words: string, hint: string, name: string, does: () => void }[]} entries
 */
export function list(sentence, entries) {
  const found = make("ul");
  for (const { words, hint, name, does } of entries) {
    const entry = make("li");
    const both = make("span");
    both.append(words, make("small", { textContent: hint }));
    const button = act(name, does);
    // Read alone, it has to say what it is about.
    button.setAttribute("aria-label", `${name}: ${words}`);
    entry.append(both, button);
    found.append(entry);
  }
  const box = make("div", { className: "choices" });
  box.append(text(sentence), found);
  return box;
}
