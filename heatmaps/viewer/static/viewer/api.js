// Asks the public API, as anyone may: with a key that stays in this tab, or with the session of the admin's login.

const KEY = "heatmaps.key";

export class Refused extends Error {
  constructor(status, detail, attr = null) {
    super(detail);
    this.status = status;
    this.attr = attr;
  }
}

export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

// What the last reply said about the key's budget: requests left, and seconds until all are back.
export const budget = { remaining: Infinity, reset: 0 };

export function address(path, parameters) {
  // Where a proxy shows the service under a path, all of ours begin with it.
  return `${document.documentElement.dataset.root}/api/${path}?${new URLSearchParams(parameters)}`;
}

// The text of a reply. `onProgress` is told how many bytes have come so far.
export async function askText(path, parameters = {}, { signal, onProgress } = {}) {
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
    if (error.name === "AbortError" || signal?.aborted) throw error;
    if (!/^[\x21-\x7e]*$/.test(used)) throw new Refused(401, "A key has no such characters.");
    throw new Refused(0, "The service does not answer. Is it running?");
  }
  budget.remaining = Number(reply.headers.get("RateLimit-Remaining") ?? Infinity);
  budget.reset = Number(reply.headers.get("RateLimit-Reset") ?? 0);
  const text = await readText(reply, signal, onProgress);
  if (!reply.ok) throw refusal(reply, text);
  return text;
}

export async function ask(path, parameters, options) {
  return parsed(await askText(path, parameters, options));
}

export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(0, "The reply broke off. Try again, or ask for fewer days.");
  }
}

async function readText(reply, signal, onProgress) {
  const reader = reply.body.getReader();
  const chunks = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      bytes += value.length;
      onProgress?.(bytes);
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0, "The reply broke off. Try again, or ask for fewer days.");
  }
  return new Blob(chunks).text();
}

function refusal(reply, text) {
  try {
    const { detail, attr } = JSON.parse(text);
    return new Refused(reply.status, detail, attr);
  } catch {
    return new Refused(reply.status, `The service answered ${reply.status} ${reply.statusText}.`);
  }
}

// The same request for a shell. The key itself is not for sharing.
export function curl(path, parameters) {
  const lines = Object.entries(parameters).map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`);
  const request = `curl -sS -G -H "Authorization: Bearer $KEY" ${quoted(`${location.origin}/api/${path}`)}`;
  return [request, ...lines].join(" \\\n    ");
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
