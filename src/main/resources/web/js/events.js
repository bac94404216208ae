// The service's events, read with fetch: EventSource sends no token. Comes back by itself and says how it stands.
// A hidden tab lets go of its connection, for browsers have six an origin, and catches up when it is seen again.

import {send} from './api.js';
import {backOff} from './poll.js';

const FIRST = 10_000;
const SILENCE = 40_000; // a comment comes every 15 s

export class Events extends EventTarget {
  #lastId = null;
  #failures = 0;
  #anew = false;
  #abort = null;
  #wake = null;
  state = 'connecting';

  start() {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#leave();
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
    this.#leave();
    this.retry();
  }

  #leave() {
    this.#anew = true;
    this.#abort?.abort();
  }

  async #run() {
    for (;;) {
      if (document.hidden) {
        await this.#sleep(2 ** 31 - 1);
        this.#tell('connecting');
        continue;
      }
      this.#anew = false;
      let problem = null;
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
        if (cause.name !== 'AbortError') problem = cause;
      }
      if (document.hidden || this.#anew) continue;
      this.#failures += 1;
      this.#tell('waiting', {problem});
      await this.#sleep(backOff(this.#failures));
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

  /** @param more why it waits, {problem}; whether it goes on where it was, {resumed} */
  #tell(state, more = {}) {
    this.state = state;
    this.dispatchEvent(new CustomEvent('state', {detail: {state, ...more}}));
  }

  async #follow() {
    this.#abort = new AbortController();
    let watchdog;
    const alive = (patience) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => this.#abort.abort(), patience);
    };
    alive(FIRST);
    try {
      const response = await send('GET', '/v1/events', {
        lasting: true,
        signal: this.#abort.signal,
        headers: this.#lastId === null ? {} : {'Last-Event-ID': this.#lastId},
      });
      this.#failures = 0;
      // Without an id nothing tells what was missed.
      this.#tell('live', {resumed: this.#lastId !== null});
      alive(SILENCE);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        alive(SILENCE);
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
    this.dispatchEvent(new CustomEvent('event', {detail}));
  }
}
