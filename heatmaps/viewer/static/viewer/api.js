// Asks the public API, as anyone may: with a key that stays in this tab, or with the session of the admin's login.

/**
 * What the API replies with.
 * @typedef {{ id: number, name: string, timezone: string, is_current: boolean }} Project
 * @typedef {{ id: number, name: string }} Cohort
 * @typedef {{ type: string, count: number, last_seen: string }} TypeCount
 * @typedef {{
 *   url: string, total_count: number, visitors: number, types: TypeCount[],
 *   urls?: number, url_page?: string, template?: string, url_pattern?: string,
 * }} PageRow
 * @typedef {{ results: PageRow[], types: TypeCount[], has_more: boolean }} Pages
 * @typedef {{ count: number, pointer_y: number, pointer_relative_x: number, pointer_target_fixed: boolean }} Cell
 * @typedef {{
 *   total_count: number, below_fold_count: number, pct_below_fold: number, median_viewport_height: number | null,
 * }} Fold
 * @typedef {{
 *   cells_returned: number, cells_total: number, cells_hidden: number, count_total: number, share: number | null, visitors_total: number,
 * }} Coverage what `include=coverage` adds, of which this is used
 * @typedef {{ results: Cell[], fold: Fold, has_more: boolean, coverage?: Coverage }} Points
 * @typedef {{ cumulative_count: number, bucket_count: number, scroll_depth_bucket: number }} Bucket
 * @typedef {{ results: Bucket[], coverage?: Coverage }} Depths
 * @typedef {{
 *   timestamp: string, distinct_id: string, session_id: string | null, current_url: string,
 * }} Interaction
 * @typedef {{ results: Interaction[], total_count: number, has_more: boolean }} Interactions
 *
 * @typedef {{ url: string, count: number, last_seen: string, differs_in: string[] }} NearUrl
 * @typedef {{
 *   matched: number, steps: { filter: string, remaining: number }[], without: { filter: string, matched: number }[],
 *   types: TypeCount[], urls: NearUrl[], capture: { opted_in: boolean, last_captured: string | null },
 *   reason: string | null, message: string,
 * }} Explanation
 *
 * @typedef {Record<string, string | number>} Parameters
 * @typedef {{
 *   signal?: AbortSignal, onProgress?: (received: number) => void, onText?: (piece: string) => Promise<void>,
 * }} Options
 */

// Where the viewer is, which need not be at the top of its host.
const ROOT = document.body.dataset.root ?? "/";
const KEY = "heatmaps.key";

export class Refused extends Error {
  /**
   * @param {number} status 0 when there was no reply
   * @param {string} detail
   * @param {string | null} attr the parameter it is about
   */
  constructor(status, detail, attr = null) {
    super(detail);
    this.status = status;
    this.attr = attr;
    /** Names of parameters that the service ignored. @type {string[]} */
    this.ignored = [];
  }
}

export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  /** @param {string} value */
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

// What the last reply said about the key's budget: requests left, and seconds until all are back.
export const budget = { remaining: Infinity, reset: 0 };

/**
 * @param {string} path
 * @param {Parameters} parameters
 */
export function address(path, parameters) {
  return `${ROOT}api/${path}?${query(parameters)}`;
}

/** @param {Parameters} parameters */
function query(parameters) {
  return new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
}

/**
 * The text of a reply. `onProgress` is told how many bytes have come so far, `onText` what it says, piece by piece.
 * @param {string} path
 * @param {Parameters} parameters
 * @param {Options} options
 */
export async function askText(path, parameters = {}, { signal, onProgress, onText } = {}) {
  const used = key.get();
  let reply;
  try {
    reply = await fetch(address(path, parameters), {
      signal,
      cache: "no-store",
      credentials: used ? "omit" : "same-origin",
      headers: used ? { Authorization: `Bearer ${used}` } : {},
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (!/^[\x21-\x7e]*$/.test(used)) throw new Refused(401, "A key has no such characters.");
    throw new Refused(0, "The service does not answer. Is it running?");
  }
  budget.remaining = Number(reply.headers.get("RateLimit-Remaining") ?? Infinity);
  budget.reset = Number(reply.headers.get("RateLimit-Reset") ?? 0);
  const text = await readText(reply, { signal, onProgress, onText });
  const ignored = ignoredNames(reply);
  if (!reply.ok) throw Object.assign(refusal(reply, text), { ignored });
  if (ignored.length) ignoredBy.set(address(path, parameters), ignored);
  return text;
}

/**
 * A reply. Whoever asks says what it is.
 * @param {string} path
 * @param {Parameters} [parameters]
 * @param {Options} [options]
 */
export async function ask(path, parameters, options) {
  return parsed(await askText(path, parameters, options));
}

/**
 * @param {string} text
 * @returns {any}
 */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(0, "The reply broke off. Try again, or ask for fewer days.");
  }
}

/** @param {Response} reply @param {Options} options */
async function readText(reply, { signal, onProgress, onText }) {
  if (!reply.body) return "";
  const reader = reply.body.getReader();
  const decoder = new TextDecoder();
  const pieces = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const piece = decoder.decode(value, { stream: true });
      pieces.push(piece);
      bytes += value.length;
      onProgress?.(bytes);
      await onText?.(piece);
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0, "The reply broke off. Try again, or ask for fewer days.");
  }
  pieces.push(decoder.decode());
  return pieces.join("");
}

// What the service ignored of the questions that it was asked, by their addresses.
/** @type {Map<string, string[]>} */
const ignoredBy = new Map();

/**
 * Names of the parameters that the service did not know, when it was asked this.
 * @param {string} path
 * @param {Parameters} parameters
 */
export const ignoredOf = (path, parameters) => ignoredBy.get(address(path, parameters)) ?? [];

/** @param {Response} reply */
function ignoredNames(reply) {
  const names = reply.headers.get("Heatmaps-Ignored")?.split(",") ?? [];
  return names.flatMap((name) => {
    try {
      return decodeURIComponent(name.trim()) || [];
    } catch {
      return name.trim();
    }
  });
}

/** @param {{ status: number, statusText: string }} reply @param {string} text */
export function refusal(reply, text) {
  try {
    const { detail, attr } = JSON.parse(text);
    return new Refused(reply.status, detail, attr);
  } catch {
    return new Refused(reply.status, `The service answered ${reply.status} ${reply.statusText}.`);
  }
}

/**
 * The same request for a shell. The key itself is not for sharing.
 * @param {string} path
 * @param {Parameters} parameters
 */
export function curl(path, parameters) {
  const lines = Object.entries(parameters).map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`);
  const request = `curl -sS -G -H "Authorization: Bearer $KEY" ${quoted(`${location.origin}${ROOT}api/${path}`)}`;
  return [request, ...lines].join(" \\\n    ");
}

/** Of a session, as the page was given it. */
export function csrfToken() {
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  return token instanceof HTMLInputElement ? token.value : "";
}

/**
 * Changes something. A session sends the token that the page was given; a key needs none.
 * @param {"POST" | "DELETE"} method
 * @param {string} path
 * @param {object} [body]
 */
export async function send(method, path, body) {
  const used = key.get();
  let reply;
  try {
    reply = await fetch(`${ROOT}api/${path}`, {
      method,
      credentials: used ? "omit" : "same-origin",
      headers: {
        ...(body ? { "Content-Type": "application/json" } : {}),
        ...(used ? { Authorization: `Bearer ${used}` } : { "X-CSRFToken": csrfToken() }),
      },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Refused(0, "The service does not answer. Is it running?");
  }
  const text = await reply.text();
  if (!reply.ok) throw refusal(reply, text);
  return text ? parsed(text) : null;
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
