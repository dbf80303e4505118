// What a program in TypeScript asks the service, through the client that openapi-typescript and openapi-fetch make.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[]; stdout: { write(text: string): void } };

type Schemas = components["schemas"];

const [, , baseUrl = "", key = ""] = process.argv;
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
const path = { project_id: "1" };
const filters = { date_from: "2026-11-16", date_to: "2026-11-22", url_exact: "https://shop.example.com/pricing" };

async function heatmap(type: string, limit = 2): Promise<Schemas["HeatmapReply"] | Schemas["HeatmapError"]> {
  const query = { ...filters, type, limit, aggregation: "unique_visitors" } as const;
  const { data, error } = await client.GET("/api/projects/{project_id}/heatmaps/", { params: { path, query } });
  return data ?? error;
}

function points(reply: Awaited<ReturnType<typeof heatmap>>): Schemas["HeatmapResponseItem"][] {
  if (!("fold" in reply)) throw new Error("These are no points.");
  const height: number | null = reply.fold.median_viewport_height;
  if (height === null) throw new Error("There are points, but no screens.");
  return reply.results;
}

function buckets(reply: Awaited<ReturnType<typeof heatmap>>): Schemas["HeatmapScrollDepthItem"][] {
  if ("fold" in reply || "code" in reply) throw new Error("These are no buckets.");
  return reply.results;
}

async function behind(point: Schemas["HeatmapResponseItem"]): Promise<Schemas["HeatmapEventsResponse"]> {
  const { pointer_relative_x: x, pointer_y: y, pointer_target_fixed: target_fixed } = point;
  const query = { ...filters, points: JSON.stringify([{ x, y, target_fixed }]) };
  const events = "/api/projects/{project_id}/heatmaps/events/";
  const { data, error } = await client.GET(events, { params: { path, query } });
  if (error) throw new Error(error.detail);
  return data;
}

function refusal(reply: Awaited<ReturnType<typeof heatmap>>): Schemas["HeatmapError"] {
  if (!("code" in reply)) throw new Error("It was not refused.");
  return reply;
}

async function parquet(): Promise<Uint8Array> {
  const query = { ...filters, limit: 2, aggregation: "unique_visitors", format: "parquet" } as const;
  const list = "/api/projects/{project_id}/heatmaps/";
  const { data, error } = await client.GET(list, { params: { path, query }, parseAs: "arrayBuffer" });
  if (error) throw new Error(error.detail);
  return new Uint8Array(data);
}

const found = points(await heatmap("click"));
const hottest = found[0];
if (hottest === undefined) throw new Error("There are no points.");
const { results, total_count } = await behind(hottest);
const { type, code, attr } = refusal(await heatmap("click", -1));

process.stdout.write(
  JSON.stringify({
    points: found.map((point) => [point.count, point.pointer_relative_x, point.pointer_y]),
    buckets: buckets(await heatmap("scrolldepth")).map((bucket) => [bucket.scroll_depth_bucket, bucket.bucket_count]),
    behind: results.map((interaction) => [interaction.distinct_id, interaction.timestamp]),
    total: total_count,
    error: { type, code, attr },
    parquet: btoa(String.fromCharCode(...(await parquet()))),
  }),
);
