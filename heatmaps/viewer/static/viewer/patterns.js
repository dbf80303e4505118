// URL patterns as the API reads them: which pages one takes in, and one to begin with.

const SPECIAL = /[\\.+*?()[\]{}|^$]/;

/** A text as a pattern that matches nothing else. An escaped star is written by its number. @param {string} text */
function literal(text) {
  return text.replace(/[\\.+?()[\]{}|^$]/g, "\\$&").replace(/\*/g, "\\x2A");
}

/**
 * The page itself and all below the first part of its path, which is what most patterns are for.
 * @param {string} url
 */
export function patternFor(url) {
  const found = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(?:\/[^/?#]+)?/i.exec(url);
  // What has no host, such as about:blank, has nothing below it.
  return found ? `${literal(found[0])}([/?#].*)?` : literal(url);
}

/**
 * Tells which pages a pattern takes in, those of a list without the slashes at their end; null where a browser cannot
 * read the pattern.
 * @param {string} pattern
 * @returns {((url: string) => boolean) | null}
 */
export function matcher(pattern) {
  try {
    const matches = new RegExp(`^(?:${expression(pattern)})$`, "s");
    const slash = /\/\)*\$?$/.test(pattern) ? "/" : "";
    return (url) => matches.test(url + slash);
  } catch {
    return null;
  }
}

/**
 * The regular expression that a pattern stands for: anchors are the API's business, and a star stands for one or more
 * characters unless it repeats what is before it.
 * @param {string} pattern
 */
function expression(pattern) {
  const whole = browsersOwn(pattern).replace(/^\^/, "").replace(/((?:^|[^\\])(?:\\\\)*)\$$/, "$1");
  let text = "";
  let canRepeat = true;
  for (const token of whole.match(/\\.|./gs) ?? []) {
    /** @type {boolean} */
    const isWildcard = token === "*" && !canRepeat;
    text += isWildcard ? ".+" : token;
    canRepeat = !isWildcard && (token.length === 2 || ".])}".includes(token));
  }
  return text;
}

/** What browsers write in another way than RE2: a character by its number, and that a dot is any. @param {string} pattern */
function browsersOwn(pattern) {
  return pattern
    .replace(/\\x\{([0-9a-f]{1,6})\}/gi, (_, code) => literal(String.fromCodePoint(parseInt(code, 16))))
    .replaceAll("(?s:", "(?:");
}

/** The text that every URL of a pattern has in it, to look for; "" when there is none. @param {string} pattern */
export function commonPart(pattern) {
  if (pattern.includes("|")) return "";
  let text = "";
  for (let index = pattern.startsWith("^") ? 1 : 0; index < pattern.length; index++) {
    const character = pattern[index];
    const isEscaped = character === "\\" && /[^a-z0-9]/i.test(pattern[index + 1] ?? "a");
    if (!isEscaped && SPECIAL.test(character)) return /[?{]/.test(character) ? text.slice(0, -1) : text;
    if (isEscaped) index++;
    text += pattern[index];
    if (isEscaped && pattern[index + 1] === "*") return text.slice(0, -1);
  }
  return text;
}
