// Visits page.html in a real browser, once for every SDK, and prints what it did as JSON.
// Its one argument is JSON: {chromium: {executablePath, args}, service, api, key, token,
// visits: [{name, sdk, build?, same_origin?}]}.
import { createReadStream, readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

/**
 * @typedef {{ name: string, sdk: string, build?: string, same_origin?: boolean }} Visit
 * @typedef {{
 *   chromium: import("playwright-core").LaunchOptions, service: string, api: string, key: string, token: string,
 *   visits: Visit[],
 * }} Order
 * @typedef {Window & { posthog?: any, visit?: object }} VisitedWindow what the page and its SDK put there
 * @typedef {import("playwright-core").Page} Page
 */

const HERE = path.dirname(fileURLToPath(import.meta.url));
const VIEWPORT = { width: 1280, height: 720 };
// Longer than the 500 ms after which the SDK takes a pointer to rest.
const REST_MS = 600;
// Points are gathered for 5 s and posts for 3 s before they are sent.
const STORED_MS = 20_000;

/** @type {Order} */
const order = JSON.parse(process.argv[2]);
const host = http.createServer(answer);
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

// The host of the page and of the SDKs. The rest goes on to the service, as a site's own reverse proxy would do it.
/** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
function answer(request, response) {
  const { url = "" } = request;
  const [folder, ...names] = url.split("?")[0].slice(1).split("/");
  if (folder === "shop") return void send(response, "page.html", "text/html");
  if (folder === "sdk") return void send(response, path.join("node_modules", ...names), "text/javascript");
  const { method, headers } = request;
  const onward = http.request(new URL(url, order.service), { method, headers }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(response);
  });
  onward.on("error", () => response.destroy());
  return void request.pipe(onward);
}

/** @param {http.ServerResponse} response @param {string} file @param {string} type */
function send(response, file, type) {
  response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store" });
  createReadStream(path.join(HERE, file)).on("error", () => response.destroy()).pipe(response);
}

/** @param {Visit} visit */
async function visit({ name, sdk, build, same_origin }) {
  const about = JSON.parse(readFileSync(path.join(HERE, "node_modules", sdk, "package.json"), "utf8"));
  const origin = same_origin ? `http://127.0.0.1:${port}` : `http://localhost:${port}`;
  const context = await browser.newContext({ viewport: VIEWPORT });
  await context.addInitScript((given) => { /** @type {VisitedWindow} */ (window).visit = given; }, {
    sdk: `/sdk/${sdk}/${build ?? about.module}`,
    token: order.token,
    options: {
      api_host: same_origin ? origin : order.service,
      // Without this the SDK takes a headless browser for a bot and stays silent.
      opt_out_useragent_filter: true,
      capture_pageview: about.version.startsWith("1.150.") ? true : "history_change",
    },
  });
  /** @type {{ method: string, url: string, status: number }[]} */
  const requests = [];
  /** @type {string[]} */
  const complaints = [];
  context.on("response", (reply) => {
    requests.push({ method: reply.request().method(), url: reply.url(), status: reply.status() });
  });
  context.on("requestfailed", (request) => requests.push({ method: request.method(), url: request.url(), status: 0 }));
  context.on("console", (message) => complaints.push(`${message.text()} ${message.location().url}`));
  context.on("weberror", (error) => complaints.push(String(error.error())));

  const began = Date.now() / 1000;
  const page = await context.newPage();
  await page.goto(`${origin}/shop/${name}/`);
  const url = page.url();
  await page.waitForFunction(() => /** @type {VisitedWindow} */ (window).posthog?.heatmaps?.isEnabled);
  const visitor = await page.evaluate(() => {
    const { posthog } = /** @type {VisitedWindow} */ (window);
    return { session_id: posthog.get_session_id(), distinct_id: posthog.get_distinct_id() };
  });

  await scroll(page, 500);
  await rest(page, 200, 20);
  await click(page);
  await rest(page, 300, 400);
  await click(page);
  await rest(page, 500, 600);
  for (let time = 0; time < 3; time++) await click(page);
  await rest(page, 900, 500);
  let stored_while_open = await stored("mousemove", url, 4);
  // Only the full build knows of dead clicks without a script that the service does not have.
  if (build) stored_while_open &&= await stored("deadclick", url, 1);

  await scroll(page, 3000 - VIEWPORT.height);
  await rest(page, 640, 620);
  await click(page);
  await page.waitForURL("**/next");
  const next_url = page.url();
  await pause(page);
  await page.goto("about:blank");
  const ended = Date.now() / 1000;
  const stored_when_left = await stored("scrolldepth", next_url, 1);
  await context.close();
  return { name, url, next_url, began, ended, ...visitor, stored_while_open, stored_when_left, requests, complaints };
}

/** @param {Page} page @param {number} top */
async function scroll(page, top) {
  await page.mouse.wheel(0, top - (await page.evaluate(() => scrollY)));
  await page.waitForFunction((wanted) => scrollY === wanted, top);
}

/** @param {Page} page @param {number} x @param {number} y */
async function rest(page, x, y) {
  await page.mouse.move(x, y);
  await pause(page);
}

/** On the page's own clock, which the SDK uses as well: a busy machine cannot come between. @param {Page} page */
async function pause(page) {
  await page.evaluate((ms) => new Promise((resolve) => setTimeout(resolve, ms)), REST_MS);
}

/** @param {Page} page */
async function click(page) {
  await page.mouse.down();
  await page.mouse.up();
}

/**
 * Waits until the service has so many interactions of a page; says whether it got them.
 * @param {string} type
 * @param {string} url
 * @param {number} count
 */
async function stored(type, url, count) {
  for (const end = Date.now() + STORED_MS; Date.now() < end; ) {
    const parameters = new URLSearchParams({ type, url_exact: url, limit: "0" });
    const reply = await fetch(`${order.api}?${parameters}`, { headers: { Authorization: `Bearer ${order.key}` } });
    const { results } = /** @type {{ results: { count?: number, bucket_count?: number }[] }} */ (await reply.json());
    const found = results.reduce((sum, row) => sum + (row.count ?? row.bucket_count ?? 0), 0);
    if (found >= count) return true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return false;
}
