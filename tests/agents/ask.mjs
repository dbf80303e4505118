// An agent's client of the official TypeScript SDK: lists the tools, calls each as standard input says, and prints what
// came back. It checks every structured result against the schema of its tool, and fails where one does not fit.

import { readFileSync } from "node:fs";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [, , url, key] = process.argv;
const calls = JSON.parse(readFileSync(0, "utf8"));

const headers = { Authorization: `Bearer ${key}` };
const client = new Client({ name: "a test", version: "1" });
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
const { tools } = await client.listTools();
const results = {};
for (const [name, given] of Object.entries(calls)) {
  const { content, isError, structuredContent } = await client.callTool({ name, arguments: given });
  results[name] = { text: content[0].text, isError: isError ?? false, structured: structuredContent };
}
await client.close();
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), results }));
