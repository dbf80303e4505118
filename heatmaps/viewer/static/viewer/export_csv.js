// The table beside the picture as CSV, with numbers as a spreadsheet takes them.
import { areVisitorsCounted } from "./state.js";
import { interactions } from "./answer.js";
import { nameAt, placeOf } from "./names.js";

/** @typedef {import("./drawing.js").Drawn} Drawn */
/** @typedef {import("./state.js").State} State */
/** @typedef {string | number | boolean | null} Value */
/** @typedef {{ columns: string[], rows: Value[][] }} Table */

// A spreadsheet takes a text that begins so for a formula, and works it out.
const FORMULA = /^[=+\-@\t\r]/;
const PLACES = 1e6;

/** With a header line, as the API writes it. @param {Table} table */
export function csv({ columns, rows }) {
  return [columns, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** @param {Value} value */
function cell(value) {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[,"\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What the table shows, all of its rows. @param {Drawn} drawn @param {State} state @returns {Table} */
export function tableOf(drawn, state) {
  if ("heat" in drawn) return ofSpots(drawn, state);
  const { answer } = drawn;
  if (answer.kind === "comparison") return flat(answer.of === "depths" ? answer.stretches : answer.reply.results);
  const all = answer.bands[0]?.count ?? 0;
  return {
    columns: ["down_to_px", "reached", "share"],
    rows: answer.bands.map(({ bottom, count }) => [bottom, count, share(count, all)]),
  };
}

/** @param {Extract<Drawn, { heat: unknown }>} drawn @param {State} state @returns {Table} */
function ofSpots({ answer, spots }, state) {
  const all = interactions(answer);
  const isShared = !areVisitorsCounted(state);
  return {
    columns: ["x", "y_px", "fixed", "radius_px", "count", ...(isShared ? ["share"] : []), "probably"],
    rows: spots.map(({ place, layer }) => [
      rounded(place.x / layer.grid.width),
      Math.round(place.y),
      layer.isFixed,
      layer.grid.radius,
      place.count,
      ...(isShared ? [share(place.count, all)] : []),
      nameAt(placeOf({ place, layer })) || null,
    ]),
  };
}

/** @param {number} part @param {number} all */
const share = (part, all) => (all ? rounded(part / all) : null);

/** @param {number} value */
const rounded = (value) => Math.round(value * PLACES) / PLACES;

/** Rows as the API has them; what is nested gets both names. @param {object[]} rows @returns {Table} */
function flat(rows) {
  const flattened = rows.map((row) =>
    Object.entries(row).flatMap(([name, value]) =>
      value && typeof value === "object"
        ? Object.entries(value).map(([inner, one]) => /** @type {[string, Value]} */ ([`${name}_${inner}`, one]))
        : [/** @type {[string, Value]} */ ([name, value])],
    ),
  );
  return { columns: (flattened[0] ?? []).map(([name]) => name), rows: flattened.map((row) => row.map(([, value]) => value)) };
}
