// The service's events, read with fetch: EventSource sends no token. Comes back by itself and says how it stands.
// A hidden tab lets go of its connection, for browsers have six an origin, and catches up when it is seen again.

import {send} from './api.js';

const SILENCE = 40_000; // a comment comes every 15 s
const WAITS = [500, 1000, 2000, 4000, 8000];

export class Events extends EventTarget {
  #lastId = null;
  #failures = 0;
  #abort = null;
  #wake = null;
  state = 'connecting';

  start() {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#abort?.abort();
      else this.retry();
    });
    void this.#run();
  }

  /** Tries again at once, if it waits. */
  retry() {
    this.#failures = 0;
    this.#wake?.();
  }

  /** Begins anew, as somebody else. */
  restart() {
    this.#lastId = null;
    this.#abort?.abort();
    this.retry();
  }

  async #run() {
    for (;;) {
      if (document.hidden) {
        await this.#sleep(2 ** 31 - 1);
        continue;
      }
      try {
        await this.#follow();
        // Every few minutes the service ends it, so that whoever listens shows his token again: nothing is lost.
        await this.#sleep(WAITS[0]);
        continue;
      } catch (cause) {
        if (cause.status === 401) {
          this.#tell('refused');
          await this.#sleep(2 ** 31 - 1);
          continue;
        }
        if (this.#lastId === null && cause.name === 'AbortError') continue;
      }
      if (document.hidden) continue;
      const wait = WAITS[Math.min(this.#failures, WAITS.length - 1)];
      this.#failures += 1;
      this.#tell('waiting', wait);
      await this.#sleep(wait);
    }
  }

  #sleep(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #tell(state, wait = 0) {
    this.state = state;
    this.dispatchEvent(new CustomEvent('state', {detail: {state, wait}}));
  }

  async #follow() {
    this.#abort = new AbortController();
    let watchdog;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => this.#abort.abort(), SILENCE);
    };
    alive();
    try {
      const response = await send('GET', '/v1/events', {
        signal: this.#abort.signal,
        headers: this.#lastId === null ? {} : {'Last-Event-ID': this.#lastId},
      });
      this.#failures = 0;
      const resumed = this.#lastId !== null;
      this.#tell('live');
      // Without an id nothing tells what was missed.
      if (!resumed) this.dispatchEvent(new CustomEvent('reset'));
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        alive();
        const frames = (rest + part.value).split('\n\n');
        rest = frames.pop();
        frames.forEach((frame) => this.#take(frame));
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  #take(frame) {
    const fields = {};
    for (const line of frame.split('\n')) {
      const colon = line.indexOf(': ');
      if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
    }
    if (!fields.data) return;
    this.#lastId = fields.id ?? this.#lastId;
    const detail = JSON.parse(fields.data);
    if (detail.kind === 'reset') this.dispatchEvent(new CustomEvent('reset'));
    this.dispatchEvent(new CustomEvent('event', {detail}));
  }
}
