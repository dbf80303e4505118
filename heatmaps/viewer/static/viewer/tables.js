// Rows and headings of the page's tables.

import { make, table } from "./elements.js";

/**
 * Columns from `numbersFrom` on are numbers.
 * @param {string} id
 * @param {string[]} names
 */
export function heads(id, names, numbersFrom = 1) {
  table(id).tHead?.rows[0].replaceChildren(
    ...names.map((name, index) => {
      const cell = make("th", { scope: "col", textContent: name });
      if (index >= numbersFrom) cell.className = "number";
      return cell;
    }),
  );
}

/** @param {(string | Node)[]} values */
export function line(values, numbersFrom = 1) {
  const row = make("tr");
  values.forEach((value, index) => {
    const cell = row.insertCell();
    cell.append(value);
    if (index >= numbersFrom) cell.className = "number";
  });
  return row;
}

/** @param {string} id @param {HTMLTableRowElement[]} rows */
export function fill(id, rows) {
  table(id).hidden = rows.length === 0;
  table(id).tBodies[0].replaceChildren(...rows);
}
