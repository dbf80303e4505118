// The map over a live page, for who has a share token: one element of the page, which takes all of it along when it goes.
import { BANDS } from "../bands.js";
import { depthBands } from "../depths.js";
import { counted, number, percent } from "../nouns.js";
import { asker, Refused } from "./asking.js";
import { bandOfWindow, makePanel } from "./panel.js";
import { Sheet } from "./sheet.js";
import { dress } from "./style.js";

/** @typedef {import("../api.js").Points} Points */
/** @typedef {import("../api.js").Depths} Depths */
/** @typedef {{ token: string, root: string, url?: string }} Opened `url`: by which the page was captured, if not its own */

const DEPTH = "scrolldepth";
const MOST_CELLS = 5_000;
const LOOK_MS = 300;
// PostHog's SDK takes no clicks on its own toolbar for clicks on the page, and none on what has the other class.
const NOT_OF_THE_PAGE = "toolbar-global-fade-container ph-no-capture";
// What happens in the panel is nothing to the page.
const KEPT = ["keydown", "keyup", "keypress", "pointerdown", "pointerup", "mousedown", "mouseup", "click", "wheel"];

/** @type {Overlay | null} */
let shown = null;

/** Opens the overlay, in the place of one that is open. @param {Opened} opened */
export function open(opened) {
  shown?.close();
  shown = new Overlay(opened);
}

class Overlay {
  #host = document.createElement("heatmaps-overlay");
  #shadow = this.#host.attachShadow({ mode: "open" });
  #sheet = new Sheet(this.#shadow);
  #tip = document.createElement("div");
  #panel = makePanel(this.#shadow, {
    onAsk: () => void this.#ask(),
    onDraw: () => void this.#draw(),
    onOpacity: () => this.#fade(),
    onClose: () => this.close(),
  });
  #focused = document.activeElement;
  #ending = new AbortController();
  #work = new AbortController();
  #first = location.href;
  #seen = { href: "", band: "" };
  /** @type {{ type: string, reply: Points | Depths } | null} */
  #answer = null;
  // Routes that scripts change tell nobody, and neither does a page that grows.
  #looking = setInterval(() => this.#look(), LOOK_MS);

  /** @param {Opened} opened */
  constructor({ token, root, url }) {
    this.#host.className = NOT_OF_THE_PAGE;
    this.url = url;
    this.questions = asker({ token, root });
    dress(this.#shadow);
    this.#tip.className = "tip";
    this.#shadow.append(this.#tip);
    this.#listen(this.#ending.signal);
    document.documentElement.append(this.#host);
    this.#panel.panel.focus({ preventScroll: true });
    void this.#ask();
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const early = { capture: true, signal };
    for (const event of KEPT) this.#host.addEventListener(event, (one) => one.stopPropagation());
    for (const event of ["resize", "popstate", "hashchange", "load"]) addEventListener(event, () => this.#look(), { signal });
    addEventListener("scroll", (event) => this.#sheet.scrolled(event), early);
    addEventListener("pointermove", (event) => this.#point(event), early);
    addEventListener("keydown", (event) => this.#press(event), early);
  }

  close() {
    this.#ending.abort();
    this.#work.abort();
    clearInterval(this.#looking);
    this.#host.remove();
    if (this.#focused instanceof HTMLElement) this.#focused.focus({ preventScroll: true });
    shown = null;
  }

  async #ask() {
    const { type, days, width } = this.#panel.chosen();
    const seen = (this.#seen = { href: location.href, band: bandOfWindow() });
    const { width_min, width_max } = BANDS[width === "any" ? width : seen.band];
    const asked = {
      ...{ type, date_from: days, include: "coverage" },
      ...(width_min && { viewport_width_min: width_min }),
      ...(width_max && { viewport_width_max: width_max }),
      ...(type !== DEPTH && { limit: MOST_CELLS }),
    };
    const page = this.url && seen.href === this.#first ? this.url : seen.href;
    this.#forget();
    this.#panel.nameBand();
    this.#panel.say("Asking …");
    await this.#begin(async (signal) => {
      this.#answer = { type, reply: await this.questions(page, asked, signal) };
      await this.#show(signal);
    });
  }

  async #draw() {
    // What is still asked for is drawn as the page is by then; to begin anything now would end the asking.
    if (this.#answer) await this.#begin((signal) => this.#show(signal));
  }

  /** Does something in the place of what is being done. @param {(signal: AbortSignal) => Promise<void>} task */
  async #begin(task) {
    this.#work.abort();
    const { signal } = (this.#work = new AbortController());
    try {
      await task(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#forget();
      if (!(error instanceof Refused)) throw error;
      this.#panel.say(error.message, { canRetry: error.canRetry });
    }
  }

  #forget() {
    this.#answer = null;
    this.#sheet.clear();
    this.#point(null);
  }

  /** @param {AbortSignal} signal */
  async #show(signal) {
    if (!this.#answer) return;
    const { type, reply } = this.#answer;
    const { fold, fixed, width } = this.#panel.chosen();
    let all = reply.coverage?.count_total ?? 0;
    this.#sheet.place();
    this.#fade();
    if (type === DEPTH) {
      const bands = depthBands(/** @type {Depths} */ (reply).results);
      all = bands[0]?.count ?? 0;
      this.#sheet.depths(bands);
      this.#sheet.showFold(null);
    } else {
      const points = /** @type {Points} */ (reply);
      await this.#sheet.heat(points.results, { showFixed: fixed, signal });
      const { median_viewport_height, pct_below_fold } = points.fold;
      this.#sheet.showFold(fold ? median_viewport_height : null, `Fold · ${pct_below_fold.toFixed(1)} % below`);
    }
    const others = width === "any" ? "other dates" : "other dates or widths";
    this.#panel.say(all ? words(type, all) : `Nothing is here to show. Choose ${others}.`, { more: all ? about(reply) : "" });
  }

  #fade() {
    this.#sheet.opacity = this.#panel.chosen().opacity;
  }

  /** Is the page still what it was? */
  #look() {
    // Some pages make all that is below their root anew.
    if (!this.#host.isConnected) document.documentElement.append(this.#host);
    const isOther = this.#sheet.place();
    const isOtherBand = bandOfWindow() !== this.#seen.band && this.#panel.chosen().width !== "any";
    if (location.href !== this.#seen.href || isOtherBand) void this.#ask();
    else if (isOther) void this.#draw();
  }

  /** Tells what is below the pointer. @param {PointerEvent | null} pointer */
  #point(pointer) {
    const isOfPage = pointer && this.#answer && !pointer.composedPath().includes(this.#host);
    const spots = isOfPage ? this.#sheet.spotsAt(pointer) : [];
    this.#tip.hidden = !spots.length;
    if (!this.#answer || !pointer || !spots.length) return;
    const { type, reply } = this.#answer;
    this.#tip.textContent = spots
      .map(({ place: { count }, layer }) => {
        const where = layer.isFixed ? " on fixed elements" : "";
        return `${words(type, count)}${where}, ${percent(count, reply.coverage?.count_total ?? 0)}`;
      })
      .join(" · ");
    this.#tip.style.left = `${Math.max(4, Math.min(innerWidth - this.#tip.offsetWidth - 8, pointer.clientX + 14))}px`;
    this.#tip.style.top = `${Math.max(4, pointer.clientY - this.#tip.offsetHeight - 10)}px`;
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.close();
  }
}

/** @param {string} type @param {number} count */
const words = (type, count) => counted(count, { type, aggregation: "" });

/** Visitors, and what is left out. @param {Points | Depths} reply */
function about({ coverage, ...reply }) {
  const { visitors_total = 0, cells_returned = 0, cells_total = 0, cells_hidden = 0 } = coverage ?? {};
  const said = [`${number(visitors_total)} ${visitors_total === 1 ? "visitor" : "visitors"}`];
  if ("has_more" in reply && reply.has_more) said.push(`${number(cells_returned)} of ${number(cells_total)} spots are shown`);
  if (cells_hidden) said.push(`${number(cells_hidden)} ${cells_hidden === 1 ? "spot" : "spots"} with too few visitors left out`);
  return said.join(" · ");
}
