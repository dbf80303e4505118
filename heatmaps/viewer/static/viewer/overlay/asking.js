// Asks the service with a share token, and says in a sentence why there is no answer.

/** @typedef {import("../api.js").Points} Points */
/** @typedef {import("../api.js").Depths} Depths */
/** @typedef {{ kind: string, url: string }} Own what a token is for: a parameter of the API, and its value */

/** Why there is no map. What may be otherwise later can be tried again. */
export class Refused extends Error {
  /** @param {string} sentence @param {{ canRetry?: boolean }} [how] */
  constructor(sentence, { canRetry = true } = {}) {
    super(sentence);
    this.canRetry = canRetry;
  }
}

const AWAY = "The heatmap service does not answer. Is this device online?";
const ENDED = "This link has expired or was revoked, or it is for another site. Ask for a new one.";
const OWN = /Ask with (url_\w+)=(.*)$/s;

/**
 * The questions of one token, about the page whose address it is given.
 * @param {{ token: string, root: string }} access
 */
export function asker({ token, root }) {
  // What the service has said the token is for; null as long as the page's own URL has been right.
  /** @type {Own | null} */
  let own = null;

  /**
   * @param {string} page
   * @param {Record<string, string | number>} parameters
   * @param {AbortSignal} signal
   * @returns {Promise<any>}
   */
  async function ask(page, parameters, signal) {
    const filter = own && own.kind !== "url_page" ? ofOwn(own, page) : { url_page: page };
    const query = new URLSearchParams(Object.entries({ ...parameters, ...filter }).map(([name, value]) => [name, `${value}`]));
    const reply = await fetched(`${query}`, { token, root }, signal);
    if (reply.ok) return readJson(reply, signal);
    const { detail = "" } = await reply.json().catch(() => ({}));
    const told = reply.status === 403 && OWN.exec(detail);
    if (told && !own) {
      own = { kind: told[1], url: told[2] };
      if (own.kind !== "url_page") return ask(page, parameters, signal);
    }
    if (told) throw isForAnother(own?.url ?? told[2]);
    throw await refusal(reply, detail, root);
  }

  return ask;
}

/**
 * @param {string} query
 * @param {{ token: string, root: string }} access
 * @param {AbortSignal} signal
 */
async function fetched(query, { token, root }, signal) {
  const address = `${root}api/projects/@current/heatmaps/?${query}`;
  try {
    const headers = { Authorization: `Bearer ${token}` };
    return await fetch(address, { signal, headers, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" });
  } catch (error) {
    if (signal.aborted) throw error;
    // Browsers keep the refusal of a token that is no longer known from the page. What is for every page can be read.
    const isThere = await fetch(`${root}overlay.js`, { credentials: "omit", cache: "no-store" }).catch(() => null);
    throw new Refused(isThere?.ok ? ENDED : AWAY, { canRetry: !isThere?.ok });
  }
}

/** @param {Response} reply @param {AbortSignal} signal */
async function readJson(reply, signal) {
  try {
    return await reply.json();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Refused("The answer broke off. Try again, or choose fewer days.");
  }
}

/** @param {Response} reply @param {string} detail @param {string} root */
async function refusal({ status, headers }, detail, root) {
  if (status === 401) return new Refused(ENDED, { canRetry: false });
  if (status !== 429) return new Refused(detail || `The service at ${root} answered ${status}.`);
  const seconds = Number(headers.get("Retry-After")) || 60;
  return new Refused(`This link was used very often just now. Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`);
}

/** @param {string} url */
const isForAnother = (url) => new Refused(`This link is not for this page. It is for ${url}`, { canRetry: false });

/** The parameter of a token for a URL or a pattern, where the page is one of its pages. @param {Own} own @param {string} page */
function ofOwn({ kind, url }, page) {
  // A fragment is a part of a URL as it was captured, or a place on the page.
  const written = [page, page.replace(/#.*/, "")].map(withoutSlashes);
  if (!written.some((one) => (kind === "url_exact" ? one === withoutSlashes(url) : matches(url, one)))) throw isForAnother(url);
  return { [kind]: url };
}

/** @param {string} url */
const withoutSlashes = (url) => url.replace(/\/+$/, "");

/**
 * Whether a URL is of a pattern, as far as this browser reads it: where its regular expressions differ from the service's,
 * the map is that of the pattern anyway. A star is a wildcard where it repeats nothing.
 * @param {string} pattern
 * @param {string} url
 */
function matches(pattern, url) {
  const source = pattern
    .replace(/^\^|\$$/g, "")
    .replace(/(\\x\{\w+\}|\\.|\[[^\]]*\]|[.)}\]])?\*/gs, (whole, repeated) => (repeated ? whole : ".+"))
    .replaceAll("\\x{", "\\u{");
  try {
    const expression = new RegExp(`^(?:${source})$`, source.includes("\\u{") ? "u" : "");
    return expression.test(url) || expression.test(`${url}/`);
  } catch {
    return true;
  }
}
