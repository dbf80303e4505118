// What is seen as one picture: title, dates, legend, the map with its fold and areas, and what browsers keep from it.
import { $, canvas } from "./elements.js";
import { contextOf } from "./heat.js";

/**
 * A place to draw on: its context, what a px of text is, how many px it is wide, and where the next thing begins.
 * @typedef {{ context: CanvasRenderingContext2D, unit: number, width: number, top: number }} Page
 */

// Browsers draw nothing that is larger, and say nothing.
const MOST_SIDE_PX = 16_384;
const MOST_PIXELS = 40_000_000;
const MARGIN_PX = 20;
const LEAST_WIDTH_PX = 360;
// What title, legend and notes may need, of a page that is as high as it can be.
const KEPT_PX = 800;
const LINE_PX = 18;
const INK = "#1d2130";
const SOFT = "#565d70";
const LINES = "#e9ebf1";
const DARK = "#11131c";
const WITHOUT_PAGE =
  "The page itself is not in this picture, as browsers keep what a frame shows from scripts. Its outline stands in for it.";

/** How much larger or smaller than the page its picture is. @param {number} width @param {number} height @param {number} unit */
export function scaleOf(width, height, unit) {
  const room = MOST_SIDE_PX - KEPT_PX * Math.min(unit, 2);
  return Math.min(unit, room / height, room / width, Math.sqrt((0.85 * MOST_PIXELS) / (width * height)));
}

/** The picture as a file; null where nothing is shown. @returns {Promise<Blob | null>} */
export async function picture() {
  const sheet = $("sheet");
  if ($("bed").hidden || !sheet.offsetHeight) return null;
  const unit = Math.min(2, Math.max(1, devicePixelRatio));
  const scale = scaleOf(sheet.offsetWidth, sheet.offsetHeight, unit);
  const width = Math.max(sheet.offsetWidth * scale, LEAST_WIDTH_PX * unit);
  const made = document.createElement("canvas");
  const page = { context: contextOf(made), unit, width: Math.ceil(width + 2 * MARGIN_PX * unit), top: 0 };
  made.width = page.width;
  // Once without effect, to see how high it gets.
  made.height = 1;
  const height = draw(page, scale);
  made.height = Math.min(MOST_SIDE_PX, Math.ceil(height));
  page.context.fillStyle = "#fff";
  page.context.fillRect(0, 0, made.width, made.height);
  draw(page, scale);
  return new Promise((resolve, reject) => {
    made.toBlob((file) => (file ? resolve(file) : reject(new Error("This browser cannot make so large a picture."))));
  });
}

/** @param {Page} page @param {number} scale */
function draw(page, scale) {
  page.top = MARGIN_PX * page.unit;
  write(page, $("shown-title").textContent, { size: 18, weight: 650 });
  write(page, $("shown-text").textContent, { colour: SOFT });
  if (!$("coverage").hidden) write(page, $("coverage").textContent.replace(/:.*/, ""), { colour: SOFT });
  write(page, `${$("total").textContent} ${$("total-text").textContent}`.trim());
  if (!$("legend").hidden) drawLegend(page);
  page.top = Math.round(page.top + 8 * page.unit);
  drawSheet(page, scale);
  page.top += $("sheet").offsetHeight * scale + 10 * page.unit;
  if ($("frame").querySelector("iframe")?.checkVisibility()) write(page, WITHOUT_PAGE, { colour: SOFT, size: 12 });
  const made = new Date().toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  write(page, `Made on ${made}`, { colour: SOFT, size: 12 });
  return page.top + MARGIN_PX * page.unit;
}

/** @param {Page} page @param {number} size in px of text */
function font({ context, unit }, size, weight = 450) {
  context.font = `${weight} ${size * unit}px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "top";
}

/** A text in as many lines as it takes. @param {Page} page @param {string} text */
function write(page, text, { size = 13, weight = 450, colour = INK } = {}) {
  const { context, unit, width } = page;
  const most = width - 2 * MARGIN_PX * unit;
  font(page, size, weight);
  context.fillStyle = colour;
  context.textAlign = "left";
  for (const line of lines(context, text, most)) {
    context.fillText(line, MARGIN_PX * unit, page.top, most);
    page.top += (LINE_PX + size - 13) * unit;
  }
}

/** @param {CanvasRenderingContext2D} context @param {string} text @param {number} most */
function lines(context, text, most) {
  /** @type {string[]} */
  const found = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = found.length ? `${found.at(-1)} ${word}` : word;
    if (found.length && context.measureText(longer).width <= most) found[found.length - 1] = longer;
    else found.push(word);
  }
  return found;
}

/** @param {Page} page */
function drawLegend(page) {
  const { context, unit } = page;
  const left = MARGIN_PX * unit;
  const wide = Math.min(280 * unit, page.width - 2 * left);
  page.top += 4 * unit;
  context.drawImage(canvas("legend-strip"), left, page.top, wide, 9 * unit);
  context.strokeStyle = LINES;
  context.lineWidth = unit;
  context.strokeRect(left, page.top, wide, 9 * unit);
  page.top += 13 * unit;
  font(page, 11);
  context.fillStyle = SOFT;
  const ticks = [...$("legend-ticks").querySelectorAll("span")];
  ticks.forEach((tick, index) => {
    const last = index === ticks.length - 1 ? "right" : "center";
    context.textAlign = index ? last : "left";
    context.fillText(tick.textContent, left + (parseFloat(tick.style.left) / 100) * wide, page.top);
  });
  page.top += 15 * unit;
  write(page, $("legend-unit").textContent, { size: 11, colour: SOFT });
}

/** The page with all that lies above it. @param {Page} page @param {number} scale */
function drawSheet(page, scale) {
  const { context } = page;
  const { offsetWidth: width, offsetHeight: height } = $("sheet");
  context.save();
  context.translate(MARGIN_PX * page.unit, page.top);
  context.beginPath();
  context.rect(0, 0, width * scale, height * scale);
  context.clip();
  drawBelow(page, scale);
  context.imageSmoothingEnabled = !$("sheet").classList.contains("is-compared");
  for (const layer of ["bands", "heat", "heat-fixed"].map(canvas)) {
    if (layer.hidden || !layer.width) continue;
    context.globalAlpha = Number(layer.style.opacity || 1);
    context.drawImage(layer, 0, 0, layer.offsetWidth * scale, layer.offsetHeight * scale);
  }
  context.globalAlpha = 1;
  drawAreas(page, scale);
  for (const mark of $("marks").querySelectorAll("b")) {
    tag(page, mark.textContent, { right: width * scale - 14 * page.unit, top: parseFloat(mark.style.top) * scale, isLight: true });
  }
  if (!$("fold").hidden) drawFold(page, width * scale, parseFloat($("fold").style.top) * scale);
  context.restore();
  drawBorder(page, width * scale, height * scale);
}

/** Around the sheet, whole pixels. @param {Page} page @param {number} width @param {number} height */
function drawBorder({ context, unit, top }, width, height) {
  const [left, line, wide, tall] = [MARGIN_PX * unit, unit, width, height].map(Math.round);
  context.fillStyle = "#c9cedb";
  context.fillRect(left - line, top - line, wide + 2 * line, line);
  context.fillRect(left - line, top + tall, wide + 2 * line, line);
  context.fillRect(left - line, top, line, tall);
  context.fillRect(left + wide, top, line, tall);
}

/** What can be shown of the page: a picture of it, where there is one, or its outline. @param {Page} page @param {number} scale */
function drawBelow(page, scale) {
  const { context, unit } = page;
  const { offsetWidth: width, offsetHeight: height } = $("sheet");
  const pictures = [...$("sheet").querySelectorAll("img")].filter(isOurs);
  for (const one of pictures) context.drawImage(one, one.offsetLeft * scale, one.offsetTop * scale, one.offsetWidth * scale, one.offsetHeight * scale);
  if (pictures.length) return;
  context.fillStyle = LINES;
  for (let y = 100; y < height; y += 100) context.fillRect(0, y * scale, width * scale, unit);
  for (let part = 1; part < 10; part++) context.fillRect((part / 10) * width * scale, 0, unit, height * scale);
  font(page, 11);
  context.fillStyle = "#656c7f";
  context.textAlign = "left";
  for (let y = 500; y < height; y += 500) context.fillText(`${y} px`, 6 * unit, y * scale - 14 * unit);
}

/** Only these may be read back. @param {HTMLImageElement} one */
const isOurs = (one) =>
  one.complete && one.naturalWidth > 0 && one.checkVisibility() && new URL(one.currentSrc || one.src, location.href).origin === location.origin;

/** @param {Page} page @param {number} scale */
function drawAreas(page, scale) {
  const { context, unit } = page;
  const width = $("sheet").offsetWidth;
  for (const shape of $("shapes").querySelectorAll("polygon")) {
    const isLight = shape.classList.contains("light");
    context.beginPath();
    for (const { x, y } of shape.points) context.lineTo((x / 100) * width * scale, y * scale);
    context.closePath();
    context.strokeStyle = isLight ? "#fff" : DARK;
    context.lineWidth = (isLight ? 5 : 2) * unit;
    context.stroke();
  }
  for (const name of $("shapes").querySelectorAll("span")) {
    const left = (parseFloat(name.style.left) / 100) * width * scale;
    tag(page, name.textContent, { left, top: parseFloat(name.style.top) * scale + 10 * unit, isLight: false });
  }
}

/** @param {Page} page @param {number} width @param {number} y */
function drawFold(page, width, y) {
  const { context, unit } = page;
  context.strokeStyle = DARK;
  context.lineWidth = 2 * unit;
  context.setLineDash([6 * unit, 4 * unit]);
  context.beginPath();
  context.moveTo(0, y);
  context.lineTo(width, y);
  context.stroke();
  context.setLineDash([]);
  tag(page, $("fold-text").textContent, { right: width, top: y + 10 * unit, isLight: false });
}

/**
 * Words on a ground of their own, in the middle of which they are; from `left` on, or up to `right`.
 * @param {Page} page
 * @param {string} words
 * @param {{ left?: number, right?: number, top: number, isLight: boolean }} where
 */
function tag(page, words, { left = 0, right, top, isLight }) {
  const { context, unit } = page;
  font(page, 12, 600);
  const wide = context.measureText(words).width + 16 * unit;
  right ??= left + wide;
  context.fillStyle = isLight ? "#fffffff0" : DARK;
  context.fillRect(right - wide, top - 10 * unit, wide, 20 * unit);
  context.fillStyle = isLight ? INK : "#fff";
  context.textAlign = "right";
  context.fillText(words, right - 8 * unit, top - 6 * unit);
}
