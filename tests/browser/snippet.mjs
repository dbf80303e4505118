// Visits snippet.html in a real browser, once for every way to put the SDK on a page, and prints what the service got and
// what the console and the network said, as JSON. Its one argument is JSON:
// {chromium: {executablePath, args}, service, api, key, visits: [{name, snippet, types}]}.
import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

/**
 * @typedef {{ name: string, snippet: string, types: string[] }} Visit types of interactions that are waited for
 * @typedef {{
 *   chromium: import("playwright-core").LaunchOptions, service: string, api: string, key: string, visits: Visit[],
 * }} Order
 * @typedef {import("playwright-core").Page} Page
 */

const HERE = path.dirname(fileURLToPath(import.meta.url));
// Longer than the 500 ms after which the SDK takes a pointer to rest.
const REST_MS = 600;
const STORED_MS = 25_000;

/** @type {Order} */
const order = JSON.parse(process.argv[2]);
const text = readFileSync(path.join(HERE, "snippet.html"), "utf8");
const pages = new Map(order.visits.map(({ name, snippet }) => [name, text.replace("<!-- the snippet -->", snippet)]));
const host = http.createServer((request, response) => {
  const [folder, ...names] = (request.url ?? "").split("?")[0].slice(1).split("/");
  if (folder === "sdk") {
    response.writeHead(200, { "Content-Type": "text/javascript" });
    return void response.end(readFileSync(path.join(HERE, "node_modules", ...names)));
  }
  response.writeHead(200, { "Content-Type": "text/html" });
  return void response.end(pages.get(folder));
});
await new Promise((resolve) => host.listen(0, "127.0.0.1", () => resolve(null)));
const { port } = /** @type {import("node:net").AddressInfo} */ (host.address());
const browser = await chromium.launch(order.chromium);
try {
  console.log(JSON.stringify(await Promise.all(order.visits.map(visit))));
} finally {
  await browser.close();
  host.close();
  host.closeAllConnections();
}

/** @param {Visit} visit */
async function visit({ name, types }) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  /** @type {string[]} */
  const red = [];
  /** @type {string[]} */
  const scripts = [];
  context.on("response", (reply) => {
    if (reply.status() >= 400) red.push(`${reply.status()} ${reply.url()}`);
    if (reply.url().includes("/static/")) scripts.push(`${reply.status()} ${new URL(reply.url()).pathname}`);
  });
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") red.push(`${message.text()} ${message.location().url}`);
  });
  context.on("weberror", (error) => red.push(String(error.error())));

  const page = await context.newPage();
  const url = `http://localhost:${port}/${name}`;
  await page.goto(url);
  await page.waitForFunction(() => /** @type {any} */ (window).posthog?.heatmaps?.isEnabled);
  // A click can be dead only once the script that knows of it is there.
  if (types.includes("deadclick")) {
    await page.waitForFunction(() => /** @type {any} */ (window).__PosthogExtensions__?.initDeadClicksAutocapture);
  }
  await rest(page, 300, 220);
  await click(page);
  // A click is alive when the page is scrolled within a few seconds of it.
  if (types.includes("deadclick")) await found("deadclick", url);
  await rest(page, 500, 420);
  for (let time = 0; time < 3; time++) await click(page);
  await page.mouse.wheel(0, 900);
  await page.waitForFunction(() => scrollY === 900);
  await rest(page, 700, 300);
  const open = types.filter((type) => type !== "scrolldepth");
  const stored = Object.fromEntries(await Promise.all(open.map(async (type) => [type, await found(type, url, type === "click" ? 2 : 1)])));
  await page.goto("about:blank");
  stored.scrolldepth = await found("scrolldepth", url);
  await context.close();
  return { name, stored, scripts: scripts.sort(), red };
}

/** @param {Page} page @param {number} x @param {number} y */
async function rest(page, x, y) {
  await page.mouse.move(x, y);
  // On the page's own clock, which the SDK uses as well: a busy machine cannot come between.
  await page.evaluate((ms) => new Promise((resolve) => setTimeout(resolve, ms)), REST_MS);
}

/** @param {Page} page */
async function click(page) {
  await page.mouse.down();
  await page.mouse.up();
}

/**
 * Waits until the service has interactions of a type at so many places of a page; says where they are, or how deep.
 * @param {string} type
 * @param {string} url
 */
async function found(type, url, places = 1) {
  for (const end = Date.now() + STORED_MS; Date.now() < end; ) {
    const parameters = new URLSearchParams({ type, url_page: url, limit: "0" });
    const reply = await fetch(`${order.api}?${parameters}`, { headers: { Authorization: `Bearer ${order.key}` } });
    const { results } = /** @type {{ results: Record<string, number>[] }} */ (await reply.json());
    if (results.length >= places) {
      return results.map((row) => row.scroll_depth_bucket ?? [row.pointer_relative_x, row.pointer_y]);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return [];
}
