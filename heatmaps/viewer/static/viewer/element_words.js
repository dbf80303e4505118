// What an element of a page is called by people: what stands on it, and what it is.

/** @typedef {{ tag_name: string | null, text: string | null, selector?: string, attr_id?: string | null }} Named */

const LONGEST = 40;

/** @type {Record<string, string>} */
const KINDS = {
  a: "link",
  button: "button",
  input: "field",
  textarea: "field",
  select: "list",
  option: "choice",
  label: "label",
  img: "picture",
  svg: "picture",
  video: "video",
  li: "entry",
  p: "text",
  h1: "heading",
  h2: "heading",
  h3: "heading",
};

/** "Shop now · button"; where nothing stands on it, by its id or its selector. @param {Named} element */
export function calledElement({ tag_name, text, selector = "", attr_id }) {
  const kind = KINDS[tag_name ?? ""] ?? tag_name ?? "element";
  const words = (text ?? "").replace(/\s+/g, " ").trim() || (attr_id ? `#${attr_id}` : selector);
  return words && words !== tag_name ? `${shortened(words)} · ${kind}` : kind;
}

/** @param {string} words */
function shortened(words) {
  const letters = [...words];
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("").trimEnd()}…` : words;
}
