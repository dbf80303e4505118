// The elements of the page. Each has to be there, and of its kind.

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
function find(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}`);
  return found;
}

/** @param {string} id */
export const $ = (id) => find(id, HTMLElement);
/** @param {string} id */
export const button = (id) => find(id, HTMLButtonElement);
/** @param {string} id */
export const canvas = (id) => find(id, HTMLCanvasElement);
/** @param {string} id */
export const input = (id) => find(id, HTMLInputElement);
/** @param {string} id */
export const select = (id) => find(id, HTMLSelectElement);
/** @param {string} id */
export const table = (id) => find(id, HTMLTableElement);

/** Where the keyboard was may be about to go: then it goes on from the picture. @param {HTMLElement} leaving */
export function keepFocus(leaving) {
  if (leaving.contains(document.activeElement)) $("picture").focus({ preventScroll: true });
}

/**
 * The buttons of a group of which one is chosen.
 * @param {string} name
 */
export function radios(name) {
  return [...document.getElementsByName(name)].filter((one) => one instanceof HTMLInputElement);
}

/**
 * A new element with what it is to have.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Partial<HTMLElementTagNameMap[T]>} [has]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, has = {}) {
  const made = document.createElement(tag);
  Object.assign(made, has);
  return made;
}
