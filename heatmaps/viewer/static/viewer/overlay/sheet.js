// Where the map lies: as large as the page and scrolled with it, with what is fixed to the screen above. Takes no clicks.
import { make } from "../elements.js";
import { bandLabels, drawBands, drawHeat, setOpacity, spotOf } from "../layers.js";

// Taller pages are cut off, as in the viewer.
const TALLEST_PX = 60_000;
const RADIUS_PX = 32;

export class Sheet {
  #canvases = { heat: make("canvas"), heatFixed: make("canvas"), bands: make("canvas", { className: "bands" }) };
  #marks = make("div", { className: "marks" });
  #fold = make("div", { className: "fold", hidden: true });
  #foldText = make("span");
  #sheet = make("div", { className: "sheet", ariaHidden: "true" });
  #size = { width: 0, height: 0 };
  // What scrolls, where that is not the document.
  /** @type {Element | null} */
  #inner = null;
  /** @type {import("../layers.js").Layers | null} */
  #drawn = null;

  /** @param {ShadowRoot} root whose host may be anywhere in the page */
  constructor(root) {
    const screen = make("div", { className: "screen", ariaHidden: "true" });
    const { heat, heatFixed, bands } = this.#canvases;
    this.root = root;
    this.#fold.append(this.#foldText);
    this.#sheet.append(bands, heat, this.#marks, this.#fold);
    screen.append(heatFixed);
    root.append(this.#sheet, screen);
    this.clear();
  }

  clear() {
    this.#drawn = null;
    for (const canvas of Object.values(this.#canvases)) canvas.hidden = true;
    this.#marks.replaceChildren();
    this.#fold.hidden = true;
  }

  /** Puts the sheet where the page is now. Says whether its size has changed since. */
  place() {
    const { style, classList } = this.#sheet;
    // Without the sheet itself, or a page that has become shorter would stay as tall as the map.
    this.#sheet.hidden = true;
    const page = document.scrollingElement ?? document.documentElement;
    if (page.scrollHeight > page.clientHeight + 1 || !this.#inner?.isConnected) this.#inner = null;
    if (page.scrollHeight <= page.clientHeight + 1) this.#inner ??= innerScroller();
    const inner = this.#inner;
    const height = Math.min(TALLEST_PX, Math.max(innerHeight, (inner ?? page).scrollHeight));
    const isOther = height !== this.#size.height || innerWidth !== this.#size.width;
    const { left, top } = this.root.host.getBoundingClientRect();
    this.#size = { width: innerWidth, height };
    this.#sheet.hidden = false;
    classList.toggle("is-inner", inner !== null);
    // The page's root may have borders, or be moved.
    style.left = inner ? "0" : `${-left - scrollX}px`;
    style.top = inner ? "0" : `${-top - scrollY}px`;
    // No wider than the page itself, or it would scroll sideways.
    style.width = `${page.clientWidth}px`;
    style.height = `${height}px`;
    this.#follow();
    return isOther;
  }

  #follow() {
    const { scrollLeft = 0, scrollTop = 0 } = this.#inner ?? {};
    this.#sheet.style.transform = this.#inner ? `translate(${-scrollLeft}px, ${-scrollTop}px)` : "";
  }

  /** @param {Event} event of something that scrolled */
  scrolled({ target }) {
    if (target instanceof Element && target !== this.#inner && isMain(target)) {
      this.#inner = target;
      this.place();
    } else this.#follow();
  }

  /** @param {import("../api.js").Cell[]} cells @param {{ showFixed: boolean, signal: AbortSignal }} options */
  async heat(cells, options) {
    this.#drawn = await drawHeat(this.#canvases, cells, {
      ...this.#size,
      ...options,
      radius: RADIUS_PX,
      foldHeight: innerHeight,
    });
    this.#marks.replaceChildren();
  }

  /** @param {import("../depths.js").Band[]} bands */
  depths(bands) {
    this.#drawn = null;
    drawBands(this.#canvases, bands, this.#size.height);
    const marks = bandLabels(bands).map(({ at, words }) => {
      const mark = make("b", { textContent: words });
      mark.style.top = `${at}px`;
      return mark;
    });
    this.#marks.replaceChildren(...marks);
  }

  /** @param {number} percent */
  set opacity(percent) {
    setOpacity(this.#canvases, percent);
  }

  /** @param {number | null} height in px; null for none @param {string} words */
  showFold(height, words = "") {
    this.#fold.hidden = height === null;
    this.#fold.style.top = `${height}px`;
    this.#foldText.textContent = words;
  }

  /** The spots at a point of the window. @param {{ clientX: number, clientY: number }} point */
  spotsAt({ clientX, clientY }) {
    const { left, top } = this.#sheet.getBoundingClientRect();
    const ofPage = { x: clientX - left, y: clientY - top };
    const ofScreen = { x: clientX, y: clientY };
    return (this.#drawn?.layers ?? []).flatMap((layer) => spotOf(layer, layer.isFixed ? ofScreen : ofPage) ?? []);
  }
}

/** The element around the middle of the window that scrolls and fills most of it. */
function innerScroller() {
  let found = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
  while (found && !isMain(found)) found = found.parentElement;
  return found;
}

/** @param {Element} element */
function isMain(element) {
  const { clientWidth, clientHeight, scrollHeight } = element;
  if (element === document.scrollingElement || scrollHeight <= clientHeight + 1) return false;
  return clientWidth * clientHeight > (innerWidth * innerHeight) / 2 && /auto|scroll/.test(getComputedStyle(element).overflowY);
}
