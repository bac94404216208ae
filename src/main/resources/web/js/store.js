// What the page knows of the service: lists it once, then keeps up by events and by what is asked for in between.

import {admitted, exportPath, get, imagePath, jobPath, list} from './api.js';
import {backOff} from './poll.js';

const LOG = 500;
const KINDS = ['image', 'job', 'export'];
const PATHS = {image: imagePath, job: jobPath, export: exportPath};
export const ACTIVE = new Set(['created', 'running', 'paused', 'pending', 'aborting']);

export class Store extends EventTarget {
  images = new Map();
  jobs = new Map();
  exports = new Map();
  /** Events since the page was opened, the newest first. */
  log = [];
  since = new Date();
  loaded = false;
  /** Why not all of it could be listed; null once it was. */
  problem = null;
  #wanted = new Set();
  #loading = false;
  #failures = 0;
  #retry = null;
  /** For every request on its way: the last event of each thing that came meanwhile. */
  #witnesses = new Set();
  #frame = 0;

  /** Lists things anew, and goes on trying until it has. */
  async load(kinds = KINDS) {
    kinds.forEach((kind) => this.#wanted.add(kind));
    if (this.#loading) return;
    clearTimeout(this.#retry);
    this.#loading = true;
    while (this.#wanted.size > 0) {
      const now = [...this.#wanted];
      this.#wanted.clear();
      try {
        await this.refresh(now);
      } catch (cause) {
        now.forEach((kind) => this.#wanted.add(kind));
        this.problem = cause;
        break;
      }
      this.problem = null;
      this.loaded = true;
    }
    this.#loading = false;
    this.#failures = this.problem ? this.#failures + 1 : 0;
    if (this.problem) this.#loadLater();
    this.changed();
  }

  #loadLater() {
    const able = () => !document.hidden && admitted();
    this.#retry = setTimeout(() => (able() ? void this.load([]) : this.#loadLater()), backOff(this.#failures));
  }

  /** Lists some kinds once. Events that come meanwhile are applied after: they may be newer than the lists, or older. */
  async refresh(kinds, signal) {
    const seen = await this.#meanwhile(async () => {
      const lists = await Promise.all(kinds.map((kind) => list(`/v1/${kind}s`, signal)));
      kinds.forEach((kind, i) => {
        this[`${kind}s`] = new Map(lists[i].map((each) => [keyOf(kind, each), each]));
      });
    });
    for (const event of seen.values()) this.#apply(event);
    this.changed();
  }

  take(event) {
    this.log.unshift(event);
    this.log.length = Math.min(this.log.length, LOG);
    for (const seen of this.#witnesses) {
      seen.delete(keyOfEvent(event.kind, event.name));
      seen.set(keyOfEvent(event.kind, event.name), event);
    }
    this.#apply(event);
    this.dispatchEvent(new CustomEvent('event', {detail: event}));
    this.changed();
  }

  /** Answers which events came during some work. */
  async #meanwhile(work) {
    const seen = new Map();
    this.#witnesses.add(seen);
    try {
      await work(seen);
    } finally {
      this.#witnesses.delete(seen);
    }
    return seen;
  }

  #apply(event) {
    if (!KINDS.includes(event.kind)) return;
    const now = event[event.kind];
    if (now === null) this.#drop(event.kind, event.name);
    else this[`${event.kind}s`].set(event.name, now);
  }

  #drop(kind, name) {
    this[`${kind}s`].delete(name);
    if (kind !== 'image') return;
    for (const each of this.exportsOf(name)) this.exports.delete(each.name);
  }

  /** Takes and answers what a request tells of a single thing, unless an event said meanwhile that it is gone. */
  async learn(kind, work) {
    let answer;
    const seen = await this.#meanwhile(async () => {
      answer = await work();
    });
    const gone = (other, name) => seen.get(keyOfEvent(other, name))?.[other] === null;
    if (gone(kind, keyOf(kind, answer)) || (kind === 'export' && gone('image', answer.image))) return answer;
    this[`${kind}s`].set(keyOf(kind, answer), answer);
    this.changed();
    return answer;
  }

  /** Asks how a thing is. That there is none is an answer too. */
  async ask(kind, name, signal) {
    try {
      await this.learn(kind, () => get(PATHS[kind](name), signal));
    } catch (problem) {
      if (problem.status !== 404) throw problem;
      this.forget(kind, name);
    }
  }

  forget(kind, name) {
    this.#drop(kind, name);
    this.changed();
  }

  /** Many changes at once are one for those who draw. */
  changed() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.dispatchEvent(new CustomEvent('change'));
    });
  }

  /** The job to show for an image: the one at work, else the last; by the name of the image. */
  jobsByImage() {
    const found = new Map();
    for (const job of this.jobs.values()) {
      const other = found.get(job.image);
      if (!other || newer(job, other)) found.set(job.image, job);
    }
    return found;
  }

  jobOf(image) {
    return this.jobsByImage().get(image) ?? null;
  }

  exportsOf(image) {
    return [...this.exports.values()].filter((each) => each.image === image);
  }

  hasActiveJobs() {
    return [...this.jobs.values()].some((job) => ACTIVE.has(job.status));
  }
}

const keyOf = (kind, thing) => (kind === 'job' ? thing.id : thing.name);
const keyOfEvent = (kind, name) => `${kind} ${name}`;

function newer(job, other) {
  const active = ACTIVE.has(job.status);
  return active !== ACTIVE.has(other.status) ? active : job.createdAt > other.createdAt;
}
