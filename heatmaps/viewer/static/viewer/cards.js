// What messages are made of.
import { make } from "./elements.js";
import { moment, number, title } from "./words.js";

/** @typedef {import("./api.js").TypeCount} TypeCount */

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

/** Sentences, each of something that can be taken away. @param {[string, () => void][]} entries */
export function list(entries) {
  const found = make("ul");
  for (const [sentence, does] of entries) {
    const entry = make("li");
    entry.append(make("span", { textContent: sentence }), act("Take it away", does));
    found.append(entry);
  }
  return found;
}

/**
 * When the last interaction of each type came in.
 * @param {TypeCount[]} types
 * @param {string} sentence
 * @param {string} timezone
 */
export function lastSeen(types, sentence, timezone) {
  const table = make("table");
  table.createCaption().textContent = sentence;
  for (const { type, count, last_seen } of types) {
    const row = table.insertRow();
    row.insertCell().textContent = title(type);
    const [amount, when] = [row.insertCell(), row.insertCell()];
    amount.textContent = number(count);
    amount.className = "number";
    when.textContent = moment(last_seen, timezone);
    when.className = "number";
  }
  return table;
}
