// What the page knows of the service: lists it once, then keeps up by events and by what is asked for in between.

import {list} from './api.js';

const LOG = 500;
export const ACTIVE = new Set(['created', 'running', 'paused', 'pending', 'aborting']);

export class Store extends EventTarget {
  images = new Map();
  jobs = new Map();
  exports = new Map();
  /** Events since the page was opened, the newest first. */
  log = [];
  since = new Date();
  loaded = false;
  problem = null;
  #waiting = null;
  #again = false;
  #frame = 0;

  /** Lists everything. Events that come meanwhile are applied after: they may be newer than the lists, or older. */
  async load() {
    if (this.#waiting) {
      this.#again = true;
      return;
    }
    this.#waiting = [];
    try {
      const [images, jobs, exports] = await Promise.all([
        list('/v1/images'), list('/v1/jobs'), list('/v1/exports'),
      ]);
      this.images = new Map(images.map((image) => [image.name, image]));
      this.jobs = new Map(jobs.map((job) => [job.id, job]));
      this.exports = new Map(exports.map((each) => [each.name, each]));
      this.loaded = true;
      this.problem = null;
    } catch (cause) {
      this.problem = cause;
    }
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting.forEach((event) => this.#apply(event));
    this.changed();
    if (this.#again) {
      this.#again = false;
      await this.load();
    }
  }

  take(event) {
    this.log.unshift(event);
    this.log.length = Math.min(this.log.length, LOG);
    if (this.#waiting) this.#waiting.push(event);
    else this.#apply(event);
    this.dispatchEvent(new CustomEvent('event', {detail: event}));
    this.changed();
  }

  #apply(event) {
    const known = {image: this.images, job: this.jobs, export: this.exports}[event.kind];
    if (!known) return;
    const now = event[event.kind];
    if (now === null) known.delete(event.name);
    else known.set(event.name, now);
    if (event.kind === 'image' && now === null) {
      for (const each of [...this.exports.values()]) {
        if (each.image === event.name) this.exports.delete(each.name);
      }
    }
  }

  async refreshJobs(signal) {
    this.jobs = new Map((await list('/v1/jobs', signal)).map((job) => [job.id, job]));
    this.changed();
  }

  async refreshImages(signal) {
    this.images = new Map((await list('/v1/images', signal)).map((image) => [image.name, image]));
    this.changed();
  }

  /** What an answer has told about a single thing. */
  know({image, job, each}) {
    if (image) this.images.set(image.name, image);
    if (job) this.jobs.set(job.id, job);
    if (each) this.exports.set(each.name, each);
    this.changed();
  }

  forgetJob(id) {
    this.jobs.delete(id);
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

function newer(job, other) {
  const active = ACTIVE.has(job.status);
  return active !== ACTIVE.has(other.status) ? active : job.createdAt > other.createdAt;
}
