// Asks the service whether a page lets itself be framed, where its operator allows that, and says what came of it.
import { send } from "./api.js";
import { path } from "./current.js";
import { readable } from "./words.js";

/**
 * @typedef {{
 *   framing: "allowed" | "blocked" | "unknown", blocked_by: "x_frame_options" | "frame_ancestors" | null,
 *   http_status: number | null,
 * }} Framing
 */

const HEADERS = { x_frame_options: "X-Frame-Options", frame_ancestors: "frame-ancestors of its Content-Security-Policy" };
// The ports of pages that the service looks at; none where it looks at no pages.
const PORTS = (document.body.dataset.preflightPorts ?? "").split(" ");
// Each look costs one of the few that a user has.
/** @type {Map<string, Promise<Framing | null>>} */
const known = new Map();

/** null where the service does not look at such a page, or does not answer. @param {string} address */
export function framingOf(address) {
  const { protocol, port, username, password } = new URL(address);
  if (username || password || !PORTS.includes(port || (protocol === "https:" ? "443" : "80"))) return Promise.resolve(null);
  const url = address.replace(/#.*/, "");
  const found = known.get(url) ?? send("POST", path("heatmaps/preflight/"), { url }).catch(() => null);
  known.set(url, found);
  return found;
}

/** @param {string} address @param {Framing} framing */
export function whyBlocked(address, { blocked_by }) {
  const header = blocked_by ? HEADERS[blocked_by] : "its headers";
  return `${host(address)} forbids frames (${header}), so the page's outline is shown, at true scale.`;
}

/**
 * A sentence about a page that may be framed, and may be missing all the same; an empty one where it is all right, and null
 * where nothing is known.
 * @param {string} address
 * @param {Framing} framing
 */
export function whyOdd(address, { framing, http_status }) {
  if (http_status === null) return `${host(address)} does not answer the service. Is the page missing below?`;
  if (framing === "unknown") return null;
  return http_status >= 400 ? `The page answers ${http_status} to visitors who are not signed in. Is it missing below?` : "";
}

/** @param {string} address */
const host = (address) => readable(new URL(address).host);
