// Host names as people read them, from the letters that the domain name system has (RFC 3492).

const [BASE, LEAST, MOST, SKEW, DAMP, FIRST, FIRST_BIAS] = [36, 1, 26, 38, 700, 128, 72];

/** A label that begins with xn--; null when it is none. @param {string} label */
export function fromPunycode(label) {
  const text = label.slice("xn--".length).toLowerCase();
  if (!text) return null;
  const end = Math.max(0, text.lastIndexOf("-"));
  const found = [...text.slice(0, end)];
  let [code, place, bias] = [FIRST, 0, FIRST_BIAS];
  for (let next = end && end + 1; next < text.length; ) {
    const before = place;
    for (let weight = 1, step = BASE; ; step += BASE) {
      const digit = next < text.length ? parseInt(text[next++], BASE) : NaN;
      if (Number.isNaN(digit)) return null;
      // Letters come first here, and digits after them.
      const value = digit < 10 ? digit + 26 : digit - 10;
      place += value * weight;
      const threshold = Math.min(MOST, Math.max(LEAST, step - bias));
      if (value < threshold) break;
      weight *= BASE - threshold;
    }
    bias = adapted(place - before, found.length + 1, before === 0);
    code += Math.floor(place / (found.length + 1));
    place %= found.length + 1;
    if (code > 0x10_ffff) return null;
    found.splice(place++, 0, String.fromCodePoint(code));
  }
  const read = found.join("");
  // What would look like nothing, or like something else, stays as it is.
  return /[\p{C}\p{Z}./?#@:]/u.test(read) ? null : read;
}

/** @param {number} delta @param {number} length @param {boolean} isFirst */
function adapted(delta, length, isFirst) {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2));
  rest += Math.floor(rest / length);
  let steps = 0;
  for (; rest > ((BASE - LEAST) * MOST) / 2; steps += BASE) rest = Math.floor(rest / (BASE - LEAST));
  return steps + Math.floor(((BASE - LEAST + 1) * rest) / (rest + SKEW));
}
