// Rates and latencies out of counters that only grow: what counts is the difference of two answers.

const KEPT = 240;

/**
 * The latency that a share of the requests did not exceed, in seconds, evened out within its bucket; the last bound for
 * those above all. Null without requests.
 */
export function percentile(buckets, bounds, share) {
  const total = buckets.reduce((sum, each) => sum + each, 0);
  if (total === 0) return null;
  const rank = share * total;
  let below = 0;
  for (let i = 0; i < buckets.length; i += 1) {
    if (buckets[i] > 0 && below + buckets[i] >= rank) {
      if (i >= bounds.length) return bounds[bounds.length - 1];
      const lower = i === 0 ? 0 : bounds[i - 1];
      return lower + (bounds[i] - lower) * ((rank - below) / buckets[i]);
    }
    below += buckets[i];
  }
  return bounds[bounds.length - 1];
}

function difference(now, before) {
  return {
    requests: now.requests - before.requests,
    bytes: now.bytes - before.bytes,
    errors: now.errors - before.errors,
    latency: now.latency.map((each, i) => each - before.latency[i]),
  };
}

const copiedBytes = (counters) => Object.values(counters.copied).reduce((sum, each) => sum + each, 0);

/** What happened between two answers; null if there is nothing to compare. */
export function between(before, now) {
  const seconds = (Date.parse(now.time) - Date.parse(before.time)) / 1000;
  if (before.since !== now.since || seconds <= 0) return null;
  const read = difference(now.guest.read, before.guest.read);
  const write = difference(now.guest.write, before.guest.write);
  const bounds = now.latencyBounds;
  return {
    time: Date.parse(now.time) / 1000,
    read: read.bytes / seconds,
    write: write.bytes / seconds,
    copied: (copiedBytes(now) - copiedBytes(before)) / seconds,
    readMedian: percentile(read.latency, bounds, 0.5),
    readTail: percentile(read.latency, bounds, 0.99),
    writeMedian: percentile(write.latency, bounds, 0.5),
    writeTail: percentile(write.latency, bounds, 0.99),
    requests: read.requests + write.requests,
    errors: read.errors + write.errors,
  };
}

/** The last minutes of an image, as long as the page is open. */
export class History {
  samples = [];
  #last = null;

  add(counters) {
    const sample = this.#last && between(this.#last, counters);
    this.#last = counters;
    if (!sample) return;
    this.samples.push(sample);
    if (this.samples.length > KEPT) this.samples.shift();
  }

  /** A series that charts take. */
  column(name) {
    return this.samples.map((sample) => sample[name]);
  }

  get latest() {
    return this.samples.at(-1) ?? null;
  }
}
