// Rows and headings of the page's tables.

const $ = (id) => document.getElementById(id);

// Columns from `numbersFrom` on are numbers.
export function heads(id, names, numbersFrom = 1) {
  $(id).tHead.rows[0].replaceChildren(
    ...names.map((name, index) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = name;
      if (index >= numbersFrom) cell.className = "number";
      return cell;
    }),
  );
}

export function line(values, numbersFrom = 1) {
  const row = document.createElement("tr");
  values.forEach((value, index) => {
    const cell = row.insertCell();
    cell.append(value);
    if (index >= numbersFrom) cell.className = "number";
  });
  return row;
}

export function fill(id, rows) {
  $(id).hidden = rows.length === 0;
  $(id).tBodies[0].replaceChildren(...rows);
}
