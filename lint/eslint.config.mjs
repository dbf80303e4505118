// What the JavaScript of the project is held to; `make lint` runs it from the root of the repository.
import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "max-lines": ["error", { max: 300 }],
      "max-lines-per-function": ["error", { max: 60 }],
      "no-console": "error",
      "no-empty-function": "error",
      "no-eval": "error",
      "no-implicit-coercion": "error",
      "no-implicit-globals": "error",
      "no-loop-func": "error",
      // Text goes into the page as text, never as HTML.
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML", "write"].map((property) => ({ property })),
      ],
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-unmodified-loop-condition": "error",
      "no-unneeded-ternary": "error",
      "no-unreachable-loop": "error",
      "no-unused-expressions": "error",
      "no-useless-concat": "error",
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-promise-reject-errors": "error",
      "prefer-template": "error",
    },
  },
  { files: ["heatmaps/viewer/static/**/*.js"], languageOptions: { globals: globals.browser } },
  {
    // Pages load these with a plain script tag.
    files: ["heatmaps/demo/static/**/*.js", "heatmaps/viewer/static/viewer/theme.js"],
    languageOptions: { globals: globals.browser, sourceType: "script" },
  },
  {
    files: ["tests/*/*.mjs"],
    // What it hands to a page runs in a browser.
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    // Its output is what the test reads.
    rules: { "no-console": "off" },
  },
];
