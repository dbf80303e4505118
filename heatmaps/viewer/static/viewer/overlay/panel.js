// The overlay's panel: what is shown, and what may be chosen.
import { BANDS } from "../bands.js";
import { make } from "../elements.js";
import { KNOWN_TYPES, title, widths } from "../nouns.js";

/** @typedef {{ type: string, days: string, width: string, opacity: number, fold: boolean, fixed: boolean }} Choices */

const DAYS = /** @type {const} */ ([
  ["dStart", "Today"],
  ["-7d", "Last 7 days"],
  ["-30d", "Last 30 days"],
  ["-90d", "Last 90 days"],
  ["all", "All that is kept"],
]);

/**
 * @param {ShadowRoot} root
 * @param {{ onAsk: () => void, onDraw: () => void, onOpacity: () => void, onClose: () => void }} calls
 */
export function makePanel(root, { onAsk, onDraw, onOpacity, onClose }) {
  const panel = make("section", { className: "panel", tabIndex: -1, ariaLabel: "Heatmap of this page" });
  const said = make("p", { className: "said" });
  said.setAttribute("role", "status");
  const again = make("button", { type: "button", textContent: "Try again", hidden: true });
  const close = make("button", { type: "button", textContent: "✕", title: "Close (Escape)", ariaLabel: "Close the heatmap" });
  const head = make("div", { className: "head" });
  head.append(make("h2", { textContent: "Heatmap" }), close);

  const types = select(KNOWN_TYPES.map((type) => [type, title(type)]));
  const days = select(DAYS);
  const width = select([["own", ""], ["any", "Screens of any width"]]);
  const opacity = make("input", { type: "range", min: "10", max: "100", step: "5", value: "75" });
  const fold = make("input", { type: "checkbox", checked: true });
  const fixed = make("input", { type: "checkbox", checked: true });
  const choices = make("details", { open: innerWidth > 560 && innerHeight > 500 });
  choices.append(
    make("summary", { textContent: "What is shown" }),
    labelled("Interactions", types),
    labelled("Dates", days),
    labelled("Widths", width),
    labelled("Opacity", opacity),
    check("Fold: where half of the first screens end", fold),
    check("What is fixed to the screen", fixed),
  );
  days.value = "-7d";
  panel.append(head, said, again, choices);
  root.append(panel);

  for (const one of [types, days, width]) one.addEventListener("change", onAsk);
  for (const one of [fold, fixed]) one.addEventListener("change", onDraw);
  opacity.addEventListener("input", onOpacity);
  again.addEventListener("click", onAsk);
  close.addEventListener("click", onClose);

  return {
    panel,

    /** Names the band of the window as it is. */
    nameBand() {
      width.options[0].textContent = `Screens ${widths(BANDS[bandOfWindow()])}`;
    },

    /** @returns {Choices} */
    chosen: () => ({
      type: types.value,
      days: days.value,
      width: width.value,
      opacity: opacity.valueAsNumber,
      fold: fold.checked,
      fixed: fixed.checked,
    }),

    /** @param {string} sentence */
    say(sentence, { more = "", canRetry = false } = {}) {
      said.replaceChildren(sentence, make("small", { textContent: more }));
      again.hidden = !canRetry;
    },
  };
}

/** The kind of screen that this window is, rounded as widths are stored. */
export function bandOfWindow() {
  const width = Math.round(innerWidth / 16) * 16;
  return Object.keys(BANDS).find((name) => name !== "any" && width <= Number(BANDS[name].width_max || width)) ?? "any";
}

/** @param {readonly (readonly [string, string])[]} options */
function select(options) {
  const made = make("select");
  made.append(...options.map(([value, textContent]) => make("option", { value, textContent })));
  return made;
}

/** @param {string} words @param {HTMLElement} control */
function labelled(words, control) {
  const label = make("label", { textContent: words });
  label.append(control);
  return label;
}

/** @param {string} words @param {HTMLElement} box */
function check(words, box) {
  const label = make("label", { className: "check" });
  label.append(box, words);
  return label;
}
