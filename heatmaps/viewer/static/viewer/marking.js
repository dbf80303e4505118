// The bar in which areas are marked: with the pointer, or by numbers.
import * as areas from "./areas.js";
import { $, button, input, radios } from "./elements.js";
import * as lasso from "./lasso.js";

/** @typedef {import("./areas.js").Shape} Shape */

const bar = $("marking");
const HINTS = {
  rectangle: "Drag from corner to corner; Escape ends it.",
  lasso: "Drag around what you mean; Escape ends it.",
  numbers: "",
};

const tool = () => /** @type {keyof typeof HINTS} */ (radios("tool").find(({ checked }) => checked)?.value ?? "rectangle");

function open() {
  bar.hidden = false;
  button("mark").setAttribute("aria-expanded", "true");
  chooseTool();
}

function close() {
  lasso.end();
  bar.hidden = true;
  button("mark").setAttribute("aria-expanded", "false");
}

function chooseTool() {
  const chosen = tool();
  $("marking-hint").textContent = HINTS[chosen];
  $("marking-hint").hidden = !HINTS[chosen];
  $("marking-numbers").hidden = chosen !== "numbers";
  if (chosen === "numbers") lasso.end();
  else lasso.begin(chosen, add);
}

/** @param {Shape} shape */
function add(shape) {
  close();
  areas.add({ ...shape, ...(input("marking-fixed").checked ? { target_fixed: true } : {}) });
}

/** @param {string} id */
const numberOf = (id) => input(id).valueAsNumber;

function addNumbers() {
  const [left, right, top, bottom] = ["marking-left", "marking-right", "marking-top", "marking-bottom"].map(numberOf);
  input("marking-right").setCustomValidity(right < left ? "This is left of where it begins." : "");
  input("marking-bottom").setCustomValidity(bottom < top ? "This is above where it begins." : "");
  const form = /** @type {HTMLFormElement} */ (bar);
  if (form.reportValidity()) add({ x: [left / 100, right / 100], y: [top, bottom] });
}

export function bind() {
  button("mark").addEventListener("click", () => (bar.hidden ? open() : close()));
  button("stop-marking").addEventListener("click", () => {
    close();
    button("mark").focus();
  });
  bar.addEventListener("submit", (event) => {
    event.preventDefault();
    if (tool() === "numbers") addNumbers();
  });
  for (const radio of radios("tool")) radio.addEventListener("change", chooseTool);
}

/** Ends what is being drawn, or else the drawing. Says whether there was any. */
export function escape() {
  if (bar.hidden) return false;
  if (lasso.isDragging()) {
    lasso.cancel();
    return true;
  }
  close();
  button("mark").focus();
  return true;
}
