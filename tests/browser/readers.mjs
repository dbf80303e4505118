// Opens the two readers of the OpenAPI document in a real browser, and prints what they asked for and said as JSON.
// Its arguments are the browser's executable and the address of the service.
import { chromium } from "playwright-core";

const [, , executablePath, service] = process.argv;
const READERS = {
  "/api/schema/swagger-ui/": ".opblock",
  "/api/schema/redoc/": "h1",
};

const browser = await chromium.launch({
  executablePath,
  args: [
    // Only our own pages are shown, and Chromium's sandbox does not run as root.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  ],
});
try {
  console.log(JSON.stringify(await Promise.all(Object.entries(READERS).map(read))));
} finally {
  await browser.close();
}

async function read([path, shown]) {
  const page = await browser.newPage();
  const requests = [];
  const complaints = [];
  const stopped = [];
  // What the page's own policy stops never leaves the browser.
  page.on("requestfailed", (request) => {
    if (request.failure().errorText === "csp") stopped.push(request.url());
    else complaints.push(`${request.url()} failed: ${request.failure().errorText}`);
  });
  page.on("response", (reply) => {
    if (!/^(data|blob):/.test(reply.url())) requests.push(reply.url());
    if (!reply.ok()) complaints.push(`${reply.url()} was answered ${reply.status()}`);
  });
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(service + path);
  await page.locator(shown).first().waitFor({ timeout: 30_000 });
  await page.waitForLoadState("networkidle");
  return { path, requests, stopped, complaints, text: await page.locator("body").innerText() };
}
