// Files to and from the API: one as it is, and one that is sent while its progress is told.
import { address, csrfToken, key, refusal, Refused } from "./api.js";

/** @typedef {import("./api.js").Parameters} Parameters */

const AWAY = "The service does not answer. Is it running?";

/** @param {string} path @returns {Promise<Blob>} */
export async function askFile(path) {
  const used = key.get();
  let reply;
  try {
    reply = await fetch(address(path, {}), {
      credentials: used ? "omit" : "same-origin",
      headers: used ? { Authorization: `Bearer ${used}` } : {},
    });
    if (reply.ok) return await reply.blob();
  } catch {
    throw new Refused(0, AWAY);
  }
  throw refusal(reply, await reply.text());
}

/**
 * Sends a file. `onProgress` is told which share of it has gone out.
 * @param {string} path
 * @param {Parameters} parameters
 * @param {File} file
 * @param {(share: number) => void} onProgress
 * @returns {Promise<any>} the reply
 */
export function sendFile(path, parameters, file, onProgress) {
  const used = key.get();
  // What tells the progress of a body that goes out is this alone.
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.open("POST", address(path, parameters));
    request.setRequestHeader("Content-Type", file.type);
    if (used) request.setRequestHeader("Authorization", `Bearer ${used}`);
    else request.setRequestHeader("X-CSRFToken", csrfToken());
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
    request.addEventListener("error", () => reject(new Refused(0, AWAY)));
    request.addEventListener("load", () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText));
      else reject(refusal(request, request.responseText));
    });
    request.send(file);
  });
}
