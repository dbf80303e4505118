// What messages are made of.
import { moment, number, title } from "./words.js";

export function text(sentence) {
  return Object.assign(document.createElement("p"), { textContent: sentence });
}

export function code(lines) {
  const block = document.createElement("pre");
  block.append(Object.assign(document.createElement("code"), { textContent: lines }));
  block.tabIndex = 0;
  return block;
}

export function act(name, does) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
  button.addEventListener("click", () => void does());
  return button;
}

export function list(entries) {
  const found = document.createElement("ul");
  for (const [sentence, does] of entries) {
    const entry = document.createElement("li");
    entry.append(Object.assign(document.createElement("span"), { textContent: sentence }), act("Take it away", does));
    found.append(entry);
  }
  return found;
}

// When the last interaction of each type came in.
export function lastSeen(types, sentence, timezone) {
  const table = document.createElement("table");
  const caption = table.createCaption();
  caption.textContent = sentence;
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
