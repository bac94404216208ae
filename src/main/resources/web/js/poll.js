// Growing numbers are no events: they are asked for, as long as somebody looks.

import {admitted} from './api.js';
import {h, say} from './dom.js';
import {clock} from './format.js';

const WAITS = [500, 1000, 2000, 4000, 8000];

/** How long to wait after so many failures in a row, in milliseconds. */
export function backOff(failures) {
  return WAITS[Math.min(failures, WAITS.length) - 1];
}

/** Waits for them all, and throws the first refusal only then: what did come was taken. */
export async function all(answers) {
  const failed = (await Promise.allSettled(answers)).find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Says since when numbers stand still, and why. */
export class Freshness {
  #what;
  #last = null;
  element = h('p', {class: 'small stale', role: 'status'});

  /** @param what the numbers are of */
  constructor(what) {
    this.#what = what;
  }

  took() {
    this.#last = new Date();
    say(this.element, '');
  }

  failed(problem) {
    const since = this.#last === null ? `There are no numbers of ${this.#what} yet`
      : `The numbers of ${this.#what} are from ${clock(this.#last)}`;
    say(this.element, `${since}: ${problem.title ?? problem.message}`);
  }
}

/**
 * Calls a function over and over, each time after the one before has ended, until the signal. Stops while the tab is
 * hidden, and until there is a token that is good. What goes wrong is told; the next call tries again.
 */
export function every(milliseconds, work, signal, failed = () => {}) {
  let timer;
  const wait = typeof milliseconds === 'function' ? milliseconds : () => milliseconds;
  const turn = async () => {
    if (!document.hidden && admitted()) {
      try {
        await work();
      } catch (cause) {
        if (!signal.aborted) failed(cause);
      }
    }
    if (!signal.aborted) timer = setTimeout(turn, wait());
  };
  signal.addEventListener('abort', () => clearTimeout(timer));
  void turn();
}
