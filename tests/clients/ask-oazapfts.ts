// What a program in TypeScript asks the service, through the functions that oazapfts makes.

import { handle, ok } from "@oazapfts/runtime";
import { defaults, heatmapsEventsRetrieve, heatmapsList } from "./oazapfts.js";
import type { HeatmapError, HeatmapReply, HeatmapResponseItem, HeatmapScrollDepthItem } from "./oazapfts.js";

declare const process: { argv: string[]; stdout: { write(text: string): void } };

const [, , baseUrl = "", key = ""] = process.argv;
defaults.baseUrl = baseUrl;
defaults.headers = { Authorization: `Bearer ${key}` };
const filters = { dateFrom: "2026-11-16", dateTo: "2026-11-22", urlExact: "https://shop.example.com/pricing" };
const people = { ...filters, aggregation: "unique_visitors", limit: 2 } as const;

function points(reply: HeatmapReply): HeatmapResponseItem[] {
  if (!("fold" in reply)) throw new Error("These are no points.");
  const height: number | null = reply.fold.median_viewport_height;
  if (height === null) throw new Error("There are points, but no screens.");
  return reply.results;
}

function buckets(reply: HeatmapReply): HeatmapScrollDepthItem[] {
  if ("fold" in reply) throw new Error("These are no buckets.");
  return reply.results;
}

async function refusal(): Promise<HeatmapError> {
  return handle(heatmapsList("1", { ...people, limit: -1 }), {
    200: () => {
      throw new Error("It was not refused.");
    },
    400: (error: HeatmapError) => error,
  });
}

async function parquet(): Promise<Uint8Array> {
  let bytes = new ArrayBuffer(0);
  // The function reads every reply as JSON or as text, so the bytes are taken before it does.
  const keeping: typeof fetch = async (...asked) => {
    const reply = await fetch(...asked);
    bytes = await reply.clone().arrayBuffer();
    return reply;
  };
  await ok(heatmapsList("1", { ...people, format: "parquet" }, { fetch: keeping }));
  return new Uint8Array(bytes);
}

const found = points(await ok(heatmapsList("1", people)));
const hottest = found[0];
if (hottest === undefined) throw new Error("There are no points.");
const { pointer_relative_x: x, pointer_y: y, pointer_target_fixed: target_fixed } = hottest;
const asked = { ...filters, points: JSON.stringify([{ x, y, target_fixed }]) };
const { results, total_count } = await ok(heatmapsEventsRetrieve("1", asked));
const depth = await ok(heatmapsList("1", { ...people, $type: "scrolldepth" }));
const { type, code, attr } = await refusal();

process.stdout.write(
  JSON.stringify({
    points: found.map((point) => [point.count, point.pointer_relative_x, point.pointer_y]),
    buckets: buckets(depth).map((bucket) => [bucket.scroll_depth_bucket, bucket.bucket_count]),
    behind: results.map((interaction) => [interaction.distinct_id, interaction.timestamp]),
    total: total_count,
    error: { type, code, attr },
    parquet: btoa(String.fromCharCode(...(await parquet()))),
  }),
);
