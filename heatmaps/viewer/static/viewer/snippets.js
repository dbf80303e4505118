// The request behind the picture for other programs: curl, Python, and the tool of an agent. The key is in none of them.
import { question, route } from "./answer.js";
import { address, curl, ignoredOf } from "./api.js";
import { offerOne } from "./copying.js";
import { current, path } from "./current.js";
import { $ } from "./elements.js";

/** @typedef {import("./api.js").Parameters} Parameters */
/** @typedef {import("./state.js").State} State */

// As the service's tools are called.
/** @type {Record<string, string>} */
const TOOLS = { "heatmaps/": "heatmaps-list", "heatmaps/compare/": "heatmaps-compare" };
// Parameters that are texts whatever stands in them.
const TEXTS = ["type", "date_from", "date_to", "url_exact", "url_page", "url_pattern", "aggregation", "include"];

export function bind() {
  $("copy-curl").addEventListener("click", () => {
    const asked = question(current());
    const asking = path(route(current()));
    const ignored = ignoredOf(asking, asked);
    const more = ignored.length ? ` The service ignores what it does not know of it: ${ignored.join(", ")}.` : "";
    offerOne("The request behind this picture", [
      { name: "curl", hint: `Put a key of yours into KEY first.${more}`, words: curl(asking, asked) },
      {
        name: "Python",
        hint: `Needs requests, pandas and pyarrow, and a key of yours in the environment variable KEY.${more}`,
        words: python(asking, asked),
      },
      {
        name: "MCP",
        hint: `For an agent that has this service’s tools: the name of the tool and its arguments.${more}`,
        words: mcp(current(), asked),
      },
    ]);
  });
}

/** A text in quotes, which Python reads as JSON does. @param {string} text */
const quoted = (text) => JSON.stringify(text);

/** @param {string} asking @param {Parameters} asked */
function python(asking, asked) {
  const parameters = Object.entries({ ...asked, format: "parquet" });
  return [
    "import io",
    "import os",
    "",
    "import pandas as pd",
    "import requests",
    "",
    "reply = requests.get(",
    `    ${quoted(new URL(address(asking, {}), location.origin).href.replace(/\?$/, ""))},`,
    "    params={",
    ...parameters.map(([name, value]) => `        ${quoted(name)}: ${quoted(String(value))},`),
    "    },",
    `    headers={"Authorization": f"Bearer {os.environ['KEY']}"},`,
    "    timeout=120,",
    ")",
    "if not reply.ok:",
    "    raise SystemExit(reply.text)",
    "rows = pd.read_parquet(io.BytesIO(reply.content))",
    "print(rows)",
    "",
  ].join("\n");
}

/** @param {State} state @param {Parameters} asked */
function mcp(state, asked) {
  const given = Object.entries(asked).map(([name, value]) => [name, TEXTS.includes(name) ? value : typed(String(value))]);
  return JSON.stringify(
    { name: TOOLS[route(state)], arguments: { project_id: Number(state.project), ...Object.fromEntries(given) } },
    null,
    2,
  );
}

/** A number, a boolean or a list as what it is; a word as it stands. @param {string} text */
function typed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
