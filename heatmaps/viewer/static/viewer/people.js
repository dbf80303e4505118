// Whose interactions are listed: visitors and sessions, copied whole, looked at alone, and linked where the operator says.
import { ask } from "./api.js";
import { toClipboard } from "./copying.js";
import { $, make } from "./elements.js";
import { number } from "./words.js";

/** @typedef {import("./api.js").Interaction} Interaction */
/** @typedef {import("./api.js").Interactions} Interactions */
/** @typedef {Pick<Interaction, "distinct_id" | "session_id">} Whose */
/**
 * Whose interactions alone are listed. `found` are those, once they were looked for among the newest `seen` of `all`.
 * @typedef {{
 *   name: keyof Whose, id: string, found?: Interaction[], seen?: number, all?: number,
 * }} Only
 */

// The API has no filter for one visitor: it is asked for the newest interactions, as many at once as it gives.
const AT_ONCE = 100;
const MOST_LOOKED_THROUGH = 1000;
const TAIL_CHARS = 4;

const TEMPLATE = document.body.dataset.sessionUrl ?? "";
const WORDS = { distinct_id: "visitor", session_id: "session" };

/** The cells of a row for its visitor and its session. @param {Whose} whose @param {(only: Only) => void} onOnly */
export function cells(whose, onOnly) {
  return [cell(whose, "distinct_id", onOnly), whose.session_id === null ? "none" : cell(whose, "session_id", onOnly)];
}

/**
 * An id, whole in the page and shortened to the eye; what can be done with it comes in a row of its own.
 * @param {Whose} whose
 * @param {keyof Whose} name
 * @param {(only: Only) => void} onOnly
 */
function cell(whose, name, onOnly) {
  const id = whose[name] ?? "";
  const opener = make("button", { type: "button", className: "quiet whose" });
  // What ids that are made one after the other differ in is at their end.
  const cut = Math.max(0, id.length - TAIL_CHARS);
  opener.append(make("span", { textContent: id.slice(0, cut) }), make("span", { textContent: id.slice(cut) }));
  opener.setAttribute("aria-expanded", "false");
  opener.addEventListener("click", () => {
    const isOpen = opener.getAttribute("aria-expanded") === "true";
    fold();
    if (!isOpen) unfold(opener, whose, name, onOnly);
  });
  return opener;
}

/** Takes away what can be done, of whatever row it is. */
function fold() {
  for (const row of document.querySelectorAll("#behind-table .whose-row")) row.remove();
  for (const one of document.querySelectorAll('#behind-table [aria-expanded="true"]')) one.setAttribute("aria-expanded", "false");
}

/** @param {HTMLButtonElement} opener @param {Whose} whose @param {keyof Whose} name @param {(only: Only) => void} onOnly */
function unfold(opener, whose, name, onOnly) {
  const row = opener.closest("tr");
  if (!row) return;
  const id = whose[name] ?? "";
  const copy = make("button", { type: "button", textContent: "Copy" });
  const said = make("span", { className: "hint" });
  said.setAttribute("role", "status");
  copy.addEventListener("click", async () => {
    said.textContent = (await toClipboard(id)) ? "Copied" : "This browser copies nothing here: select it";
  });
  const only = make("button", { type: "button", textContent: `Only this ${WORDS[name]}` });
  only.addEventListener("click", () => onOnly({ name, id }));
  const box = make("div");
  box.append(make("code", { textContent: id }), copy, only, ...link(whose, name), said);
  const below = make("tr", { className: "whose-row" });
  const wide = below.insertCell();
  wide.colSpan = row.cells.length;
  wide.append(box);
  row.after(below);
  opener.setAttribute("aria-expanded", "true");
}

/** A link for a session, where there is a template. @param {Whose} whose @param {keyof Whose} name */
function link(whose, name) {
  const href = name === "session_id" ? addressOf(whose) : null;
  if (href === null) return [];
  const found = make("a", { className: "button", href, target: "_blank", rel: "noopener noreferrer", textContent: "Open" });
  found.setAttribute("aria-label", "Open the session in a new tab");
  return [found];
}

/** Where a session can be looked at. @param {Whose} whose */
function addressOf({ distinct_id, session_id }) {
  // Browsers take dots alone for a way up.
  if (!TEMPLATE || session_id === null || [distinct_id, session_id].some((id) => /^\.{1,2}$/.test(id))) return null;
  const ids = { session_id, distinct_id };
  return TEMPLATE.replace(/\{(session_id|distinct_id)\}/g, (_, name) => encoded(ids[/** @type {keyof ids} */ (name)]));
}

/** @param {string} id */
const encoded = (id) => encodeURIComponent(id.toWellFormed());

/**
 * A page of the interactions of one visitor or session.
 * @param {Only} only
 * @param {string} route
 * @param {import("./api.js").Parameters} asked
 * @param {AbortSignal} signal
 * @returns {Promise<Interactions>}
 */
export async function pageOf(only, route, asked, signal) {
  const found = (only.found ??= await lookThrough(only, route, asked, signal));
  const [offset, limit] = [Number(asked.offset), Number(asked.limit)];
  return {
    results: found.slice(offset, offset + limit),
    total_count: found.length,
    has_more: found.length > offset + limit,
  };
}

/** @param {Only} only @param {string} route @param {import("./api.js").Parameters} asked @param {AbortSignal} signal */
async function lookThrough(only, route, asked, signal) {
  /** @type {Interaction[]} */
  const found = [];
  only.seen = 0;
  for (let offset = 0; offset < MOST_LOOKED_THROUGH; offset += AT_ONCE) {
    $("behind-text").textContent = offset ? `Looked through ${number(offset)}…` : "Looking…";
    const part = /** @type {Interactions} */ (await ask(route, { ...asked, limit: AT_ONCE, offset }, { signal }));
    found.push(...part.results.filter((one) => one[only.name] === only.id));
    only.all = part.total_count;
    only.seen += part.results.length;
    if (!part.has_more) break;
  }
  return found;
}

/** Whose they are, and where not all were looked through, that there may be more. @param {Only} only */
export function words({ name, seen = 0, all = 0 }) {
  return ` of this ${WORDS[name]}${seen < all ? `, among the newest ${number(seen)} of ${number(all)} here` : ""}`;
}
