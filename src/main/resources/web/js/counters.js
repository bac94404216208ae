// Rates and latencies out of counters that only grow: what counts is the difference of two answers.

const KEPT = 240; // seconds
const STEP = 5; // two answers further apart than this say nothing of a moment

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

const timeOf = (counters) => Date.parse(counters.time) / 1000;

/** What happened between two answers; null if they cannot be compared, or what was counted began anew. */
export function between(before, now) {
  const seconds = timeOf(now) - timeOf(before);
  if (before.since !== now.since || seconds <= 0 || seconds > STEP) return null;
  const read = difference(now.guest.read, before.guest.read);
  const write = difference(now.guest.write, before.guest.write);
  const copied = copiedBytes(now) - copiedBytes(before);
  const all = [copied, ...[read, write].flatMap((each) => [each.requests, each.bytes, each.errors, ...each.latency])];
  if (all.some((each) => each < 0)) return null;
  const bounds = now.latencyBounds;
  return {
    time: timeOf(now),
    read: read.bytes / seconds,
    write: write.bytes / seconds,
    copied: copied / seconds,
    readMedian: percentile(read.latency, bounds, 0.5),
    readTail: percentile(read.latency, bounds, 0.99),
    writeMedian: percentile(write.latency, bounds, 0.5),
    writeTail: percentile(write.latency, bounds, 0.99),
    requests: read.requests + write.requests,
    errors: read.errors + write.errors,
  };
}

/** A moment of which nothing is known: lines have a gap there. */
function gap(time) {
  return {
    time, read: null, write: null, copied: null, readMedian: null, readTail: null, writeMedian: null, writeTail: null,
    requests: 0, errors: 0,
  };
}

/** The last minutes of an image, as long as the page is open. */
export class History {
  samples = [];
  #last = null;
  #taken = 0;

  add(counters) {
    const last = this.#last;
    const time = timeOf(counters);
    this.#last = counters;
    this.#taken = performance.now();
    if (!last || time === timeOf(last)) return;
    // A clock that was set back is believed: charts want times that grow.
    const kept = this.samples.filter((each) => each.time < time && each.time > time - KEPT);
    this.samples = [...kept, between(last, counters) ?? gap(time)];
  }

  /** The samples of the last seconds before the latest answer. */
  recent(seconds) {
    const end = this.latest?.time ?? 0;
    return this.samples.filter((each) => each.time > end - seconds);
  }

  /** Whether the latest answer is of this moment. */
  get current() {
    return performance.now() - this.#taken <= STEP * 1000;
  }

  /** Whether the latest answer is older than what is shown at all. */
  get over() {
    return performance.now() - this.#taken > KEPT * 1000;
  }

  /** A series that charts take. */
  column(name) {
    return this.samples.map((sample) => sample[name]);
  }

  get latest() {
    return this.samples.at(-1) ?? null;
  }
}
