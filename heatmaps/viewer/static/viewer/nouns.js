// What is counted, and how numbers of it are written.

/** @typedef {Pick<import("./state.js").State, "type" | "aggregation">} Counted */
/** @typedef {Pick<import("./state.js").State, "width_min" | "width_max">} Widths */

/** @type {Record<string, [string, string]>} */
const NOUNS = {
  click: ["click", "clicks"],
  rageclick: ["rage click", "rage clicks"],
  deadclick: ["dead click", "dead clicks"],
  mousemove: ["rest of a pointer", "rests of pointers"],
  scrolldepth: ["visit", "visits"],
};

/** @type {Record<string, string>} */
const TITLES = {
  click: "Clicks",
  rageclick: "Rage clicks",
  deadclick: "Dead clicks",
  mousemove: "Pointer rests",
  scrolldepth: "Scroll depth",
};

export const KNOWN_TYPES = Object.keys(TITLES);

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const few = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });

/** @param {number} value */
export function number(value) {
  return Math.abs(value) < 10 && !Number.isInteger(value) ? few.format(value) : whole.format(value);
}

/** @param {number} part @param {number} all */
export function percent(part, all) {
  return `${(all ? (100 * part) / all : 0).toFixed(1)} %`;
}

/** @param {string} type */
export function title(type) {
  return TITLES[type] ?? type;
}

/**
 * "1 click", "7,278 clicks"; in visitors when those are counted.
 * @param {number} value
 * @param {Counted} what
 */
export function counted(value, what) {
  return `${number(value)} ${unit(what, value)}`;
}

/** @param {Counted} what */
export function unit({ type, aggregation }, value = 2) {
  if (aggregation === "unique_visitors") return value === 1 ? "visitor" : "visitors";
  return (NOUNS[type] ?? [type, type])[value === 1 ? 0 : 1];
}

/** @param {Widths} bounds */
export function widths({ width_min, width_max }) {
  if (width_min && width_max) return `${width_min} to ${width_max} px wide`;
  if (width_min) return `from ${width_min} px wide`;
  return width_max ? `up to ${width_max} px wide` : "any width";
}
