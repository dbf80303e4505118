// The outlines of the areas, over the page.
import { $, make } from "./elements.js";

/** @typedef {import("./areas.js").Area} Area */
/** @typedef {import("./areas.js").Pair} Pair */
/** @typedef {import("./areas.js").Shape} Shape */

const SVG = "http://www.w3.org/2000/svg";
const layer = $("shapes");
const drawing = document.createElementNS(SVG, "svg");
const labels = make("div");

/** @type {Area[]} */
let areas = [];
/** @type {number | null} */
let pointed = null;
/** @type {Shape | null} */
let sketched = null;

// Across in hundredths of the width, so that it fits whatever that is; down in px of the page.
drawing.setAttribute("preserveAspectRatio", "none");
layer.append(drawing, labels);

/** @param {Area[]} given */
export function show(given) {
  areas = given;
  draw();
}

/** Points out one of them. @param {number | null} index */
export function point(index) {
  pointed = index;
  draw();
}

/** What is being drawn, or nothing. @param {Shape | null} shape */
export function sketch(shape) {
  sketched = shape;
  draw();
}

/** The corners of an area. @param {Shape} shape @returns {Pair[]} */
export function cornersOf(shape) {
  if ("polygon" in shape) return shape.polygon;
  const [[left, right], [top, bottom]] = [shape.x, shape.y];
  return [ [left, top], [right, top], [right, bottom], [left, bottom]];
}

function draw() {
  const sheet = $("sheet");
  drawing.setAttribute("viewBox", `0 0 100 ${Math.max(1, sheet.offsetHeight)}`);
  const shown = [...areas, ...(sketched ? [sketched] : [])];
  drawing.replaceChildren(...shown.flatMap((area, index) => outline(area, index === pointed)));
  const zoom = sheet.offsetWidth ? sheet.getBoundingClientRect().width / sheet.offsetWidth : 1;
  labels.style.fontSize = `${12 / (zoom || 1)}px`;
  labels.replaceChildren(...areas.map(label));
}

/** A dark line on a light one, to be seen on every page. @param {Shape & { target_fixed?: boolean }} area @param {boolean} isPointed */
function outline(area, isPointed) {
  const points = cornersOf(area)
    .map(([x, y]) => `${100 * x},${y}`)
    .join(" ");
  return ["light", "dark"].map((shade) => {
    const line = document.createElementNS(SVG, "polygon");
    line.setAttribute("points", points);
    line.setAttribute("class", [shade, area.target_fixed && "is-fixed", isPointed && "is-pointed"].filter(Boolean).join(" "));
    return line;
  });
}

/** @param {Area} area */
function label(area) {
  const corners = cornersOf(area);
  const name = make("span", { textContent: area.name });
  name.style.left = `${100 * Math.min(...corners.map(([x]) => x))}%`;
  name.style.top = `${Math.max(0, Math.min(...corners.map(([, y]) => y)))}px`;
  return name;
}

// Another size of the page, or another zoom.
new ResizeObserver(draw).observe($("bed"));
