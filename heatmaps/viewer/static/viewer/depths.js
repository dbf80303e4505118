// Scroll depth in bands.

/** @typedef {import("./api.js").Bucket} Bucket */
/** @typedef {{ top: number, bottom: number, count: number, share: number }} Band */

/**
 * Who is in a bucket or in a deeper one has seen the page down to the bucket, from wherever the one before it ends.
 * @param {Bucket[]} buckets
 * @returns {Band[]}
 */
export function depthBands(buckets) {
  const all = buckets[0]?.cumulative_count ?? 0;
  let top = 0;
  return buckets.map(({ scroll_depth_bucket: bottom, cumulative_count: count }) => {
    const band = { top: Math.max(0, top), bottom: Math.max(0, bottom), count, share: all ? count / all : 0 };
    top = bottom;
    return band;
  });
}
