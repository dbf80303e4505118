// Calls what modules of the viewer export: each line that comes in is JSON, [file, name, arguments], and each line that goes
// out is what the function gives back. {"ms": …} among the arguments is that moment.
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";

const MODULES = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../heatmaps/viewer/static/viewer");

for await (const line of createInterface({ input: process.stdin })) {
  const [file, name, given] = JSON.parse(line, (_, value) => (value && "ms" in Object(value) ? new Date(value.ms) : value));
  const module = await import(pathToFileURL(path.join(MODULES, file)).href);
  console.log(JSON.stringify({ result: module[name](...given) }));
}
