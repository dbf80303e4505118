// The page itself, in a sandboxed frame; or why it cannot be shown.
import { $ } from "./elements.js";
import { framingOf, whyBlocked, whyOdd } from "./framing.js";
import { below, frameAddress } from "./state.js";
import { tellOfVisit } from "./visit.js";
import { readable } from "./words.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {(sentence: string, how?: { isUnsure?: boolean, refused?: string, offersOverlay?: boolean }) => void} Note */
/** Why there is no page below the map. @typedef {"refused" | "away" | "mixed"} Reason */

const frame = $("frame");
const NOTES = {
  none: "There is no page to show: choose one, or the outline stands in for it.",
  mixed: "The page is on http and this one on https, and browsers show no such page in a frame. Its outline is shown.",
  refused: "The page refuses to be shown in a frame, so its outline is shown, at true scale.",
  away: "The page cannot be reached, so its outline is shown, at true scale.",
  unknown: "This page is on another site, and browsers tell no script whether it came up. Is it missing below?",
};
const OF_OUR_OWN = "allow-scripts";
const OF_OTHERS = "allow-scripts allow-same-origin";
let shownAddress = "";
/** @type {Note} */
let onNote = () => undefined;

/**
 * Shows the page, or why it cannot be shown. Whether a page of another origin refuses its frame is told to no script,
 * with two exceptions that are used here: Chromium reports what a policy for frame-ancestors blocks, and the timing of a
 * page that allows it tells its status. A page of our own tells all.
 * @param {State} state
 * @param {Note} note
 */
export function showFrame(state, note) {
  const address = frameAddress(below(state), state.site, location.href);
  const wanted = state.show === "page" ? address : null;
  const sandbox = sandboxOf(wanted, state.scripts !== "no");
  const key = JSON.stringify([wanted, sandbox]);
  onNote = note;
  if (key === shownAddress) return;
  shownAddress = key;
  frame.replaceChildren();
  frame.hidden = wanted === null;
  tellOfVisit(false);
  if (state.show !== "page") return note("");
  if (wanted === null) return note(NOTES.none);
  if (isMixed(wanted)) return refuse("mixed");
  note("");
  tellOfVisit(sandbox === OF_OTHERS);
  const page = document.createElement("iframe");
  page.title = `The page ${readable(below(state))}`;
  page.setAttribute("sandbox", sandbox);
  page.referrerPolicy = "no-referrer";
  page.src = wanted;
  page.dataset.shown = key;
  page.addEventListener("load", () => setTimeout(() => void lookAtTiming(page, wanted), 200));
  frame.append(page);
  if (!isOwn(wanted)) void askWhy(page, wanted);
}

/**
 * What the page's headers say, where the service may look at them.
 * @param {HTMLIFrameElement} page
 * @param {string} address
 */
async function askWhy(page, address) {
  const framing = await framingOf(address);
  // Whoever found out before may not have known why.
  if (!framing || shownAddress !== page.dataset.shown) return;
  if (framing.framing === "blocked") refuse("refused", whyBlocked(address, framing));
}

export function hideFrame() {
  shownAddress = "";
  frame.replaceChildren();
  frame.hidden = true;
  tellOfVisit(false);
}

/**
 * What a page in the frame may do. One of another origin has its own storage and cookies, without which many do not work;
 * it cannot reach the viewer, and may neither open windows nor lead this one elsewhere. One of our own origin gets none of
 * that: its scripts would read what the viewer reads.
 * @param {string | null} address
 * @param {boolean} runsScripts
 */
function sandboxOf(address, runsScripts) {
  if (!runsScripts || address === null) return "";
  return isOwn(address) ? OF_OUR_OWN : OF_OTHERS;
}

/** Whether scheme, host and port are the viewer's. @param {string} address */
const isOwn = (address) => new URL(address).origin === location.origin;

/**
 * Takes the frame away, and says why. All that finds out that a page does not show comes here.
 * @param {Reason} reason
 * @param {string} [why] a sentence that tells more than the reason; the map may then be opened on the page itself
 */
function refuse(reason, why) {
  frame.replaceChildren();
  frame.hidden = true;
  tellOfVisit(false);
  onNote(why ?? NOTES[reason], { refused: reason, offersOverlay: why !== undefined });
}

/** @param {string} address */
function isMixed(address) {
  const { protocol, hostname } = new URL(address);
  return location.protocol === "https:" && protocol === "http:" && !/^(localhost|127\.|\[::1\])/.test(hostname);
}

/** @param {HTMLIFrameElement} page @param {string} address */
async function lookAtTiming(page, address) {
  const timing = performance.getEntriesByName(address.replace(/#.*/, "")).at(-1);
  if (timing instanceof PerformanceResourceTiming && timing.responseStatus > 0) return;
  // Browsers keep few timings. Of a page of our own, its headers tell the same.
  const reason = isOwn(address) ? await reasonOfOwn(address) : null;
  if (!page.isConnected) return;
  if (reason) refuse(reason);
  if (reason || isOwn(address)) return;
  const framing = await framingOf(address);
  if (!page.isConnected) return;
  const sentence = (framing && whyOdd(address, framing)) ?? NOTES.unknown;
  onNote(sentence, { isUnsure: sentence !== "" });
}

/** @param {string} address */
async function reasonOfOwn(address) {
  try {
    const { headers } = await fetch(address, { method: "HEAD", credentials: "omit", cache: "no-store" });
    const ancestors = /frame-ancestors([^;]*)/i.exec(headers.get("Content-Security-Policy") ?? "")?.[1];
    if (ancestors !== undefined) return /'self'|\*/.test(ancestors) ? null : "refused";
    return /deny/i.test(headers.get("X-Frame-Options") ?? "") ? "refused" : null;
  } catch {
    return "away";
  }
}

if ("ReportingObserver" in window) {
  new ReportingObserver(
    (reports) => {
      const page = frame.querySelector("iframe");
      if (!page) return;
      const isOfPage = reports.some(({ body }) => {
        const { effectiveDirective, blockedURL } = /** @type {{ effectiveDirective?: string, blockedURL?: string }} */ (body);
        return effectiveDirective === "frame-ancestors" && new URL(blockedURL ?? "").origin === new URL(page.src).origin;
      });
      if (isOfPage) refuse("refused");
    },
    { types: ["csp-violation"] },
  ).observe();
}
