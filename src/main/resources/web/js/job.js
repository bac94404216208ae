// The stream of an image: how far it is, and QEMU's verbs.

import {jobPath, patch, post, put} from './api.js';
import {confirm} from './dialog.js';
import {announce, attribute, fill, h, say, show} from './dom.js';
import {bytes, duration, exactly, limit, percent, rate, when} from './format.js';
import {attempt, checkField, problemText, ProblemBox, selectField, SpeedField} from './forms.js';
import {ACTIVE} from './store.js';

const WORDS = {
  created: 'waits for its turn', running: 'streaming', paused: 'paused', pending: 'waits for finalize',
  aborting: 'stopping',
};

/** A job's status in a word or two. */
export function statusWords(job) {
  if (job.status === 'paused' && job.error) return 'paused by an error';
  if (job.status !== 'concluded') return WORDS[job.status];
  if (!job.error) return 'finished';
  return job.error.code === 'cancelled' ? 'cancelled' : 'failed';
}

const FITS = {
  pause: ['created', 'running'],
  resume: ['paused'],
  finalize: ['pending'],
  cancel: ['created', 'running', 'paused', 'pending'],
  speed: ['created', 'running', 'paused'],
  dismiss: ['concluded'],
};

export function fits(verb, job) {
  return FITS[verb].includes(job.status);
}

/** An id that is free, for PUT answers an old job with the same one. */
export function freeId(image, jobs) {
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? `${image}-stream` : `${image}-stream-${n}`;
    if (!jobs.has(id)) return id;
  }
}

/** What there is to choose about a stream. */
export function streamFields() {
  return {
    speed: new SpeedField('Speed limit'),
    onError: selectField('onError', 'On an I/O error', [
      ['enospc', 'pause if space ran out, else fail'], ['stop', 'pause'], ['report', 'fail'],
      ['ignore', 'go on, fail at the end'],
    ]),
    autoFinalize: checkField('autoFinalize', 'Detach from the backing as soon as all is copied', {checked: true}),
    keepSidecar: checkField('keepSidecar', 'Keep the sidecar after that'),
  };
}

export function streamRequest(image, fields) {
  return {
    type: 'stream', image,
    speed: fields.speed.value,
    onError: fields.onError.control.value,
    autoFinalize: fields.autoFinalize.control.checked,
    keepSidecar: fields.keepSidecar.control.checked,
  };
}

export class JobPanel {
  #job = null;
  #speedOf = null;

  constructor(name, store) {
    this.name = name;
    this.store = store;
    this.box = new ProblemBox();
    this.status = h('p', {class: 'status'});
    this.detail = h('div', {});
    this.bar = h('progress', {max: '1', 'aria-label': 'In the raw file'});
    this.share = h('span', {class: 'number'});
    this.facts = h('dl', {class: 'facts'});
    this.verbs = Object.fromEntries([
      ['pause', 'Pause'], ['resume', 'Resume'], ['finalize', 'Finalize'], ['cancel', 'Cancel…'],
      ['dismiss', 'Dismiss'],
    ].map(([verb, words]) => [verb, h('button', {
      type: 'button', class: verb === 'finalize' || verb === 'resume' ? 'primary' : '', onclick: () => this.#act(verb),
    }, words)]));
    this.speed = new SpeedField('Speed limit');
    this.setSpeed = h('button', {type: 'submit'}, 'Set speed');
    this.speedForm = h('form', {
      class: 'inline', 'data-acts': '', novalidate: true, onsubmit: (event) => this.#changeSpeed(event),
    }, this.speed.element, this.setSpeed);
    this.atWork = h('div', {},
      h('div', {class: 'track'}, this.bar, this.share), this.facts,
      h('div', {class: 'buttons verbs', 'data-acts': ''}, Object.values(this.verbs)), this.speedForm);
    this.#makeStart();
    this.title = h('h2', {tabindex: '-1', id: 'job-title'}, 'Stream');
    this.element = h('section', {class: 'panel job', 'aria-labelledby': 'job-title'},
      this.title, this.status, this.detail, this.box.element, this.atWork, this.startForm);
  }

  #makeStart() {
    this.fields = streamFields();
    this.startButton = h('button', {type: 'submit', class: 'primary'}, 'Start the stream');
    this.startForm = h('form', {'data-acts': '', novalidate: true, onsubmit: (event) => this.#start(event)},
      this.fields.speed.element, this.fields.onError.element, this.fields.autoFinalize.element,
      this.fields.keepSidecar.element, h('div', {class: 'buttons'}, this.startButton));
  }

  update(image, job) {
    this.#job = job;
    const active = job !== null && ACTIVE.has(job.status);
    say(this.status, this.#words(image, job));
    this.#tellDetail(job);
    show(this.atWork, job !== null, this.title);
    show(this.startForm, !active && image.state === 'cow', this.title);
    if (job) {
      this.bar.value = job.progress;
      this.bar.className = job.error ? 'bad' : job.status === 'concluded' ? 'done' : '';
      say(this.share, percent(job.progress));
      this.#tellFacts(job);
      for (const [verb, button] of Object.entries(this.verbs)) show(button, fits(verb, job), this.title);
      show(this.speedForm, fits('speed', job), this.title);
      this.#takeSpeed(job);
    }
  }

  #words(image, job) {
    if (job) return `${statusWords(job)}${job.statusDetail ? `: ${job.statusDetail}` : ''}`;
    if (image.standalone) return 'There is nothing to copy: the raw file answers alone.';
    return image.state === 'cow' ? 'No stream is at work. The backing answers what the raw file does not have.'
      : `No stream can work on an image that is ${image.state}.`;
  }

  #tellDetail(job) {
    const parts = [];
    if (job?.error && job.error.code !== 'cancelled') {
      parts.push(h('div', {class: 'problem'}, problemText({
        title: job.error.code.replaceAll('_', ' '), detail: job.error.detail,
        action: [job.error.operation, job.error.errno, job.error.offset === null ? null : `at byte ${job.error.offset}`]
          .filter(Boolean).join(', '),
      })));
    }
    for (const warning of job?.warnings ?? []) parts.push(h('p', {class: 'notice'}, warning.detail));
    const key = JSON.stringify([job?.error, job?.warnings]);
    if (this.detail.dataset.key !== key) {
      this.detail.dataset.key = key;
      fill(this.detail, parts);
    }
  }

  #tellFacts(job) {
    const rows = [
      ['Copied', bytes(job.bytesCopied), exactly(job.bytesCopied)],
      ['Zeros', bytes(job.bytesSkippedZero), exactly(job.bytesSkippedZero)],
      ['By the guest', bytes(job.bytesWrittenByGuest), exactly(job.bytesWrittenByGuest)],
      ['Speed limit', limit(job.speed), exactly(job.speed)],
    ];
    if (job.status === 'running') rows.unshift(['Rate', rate(job.rate)], ['Remaining', duration(job.etaSeconds)]);
    if (job.finishedAt) rows.push(['Ended', when(job.finishedAt)]);
    const names = rows.map(([name]) => name).join();
    if (this.facts.dataset.names !== names) {
      this.facts.dataset.names = names;
      fill(this.facts, rows.map(([name]) => h('div', {}, h('dt', {}, name), h('dd', {class: 'number'}))));
    }
    rows.forEach(([, value, exact], i) => {
      const cell = this.facts.children[i].lastChild;
      say(cell, value);
      attribute(cell, 'title', exact);
    });
  }

  /** The field follows the service, unless somebody is typing in it. */
  #takeSpeed(job) {
    const key = `${job.id} ${job.speed}`;
    if (this.#speedOf === key || this.speedForm.contains(document.activeElement)) return;
    this.#speedOf = key;
    this.speed.set(job.speed);
  }

  async #act(verb) {
    const job = this.#job;
    if (verb === 'cancel') {
      await confirm({
        title: `Cancel the stream of ${this.name}?`,
        text: 'What was copied stays, and another stream goes on from there. Until then the image needs its backing.',
        verb: 'Cancel the stream',
        work: () => this.store.learn('job', () => post(`${jobPath(job.id)}/cancel`)),
      });
      return;
    }
    await attempt(async () => {
      const ask = () => post(`${jobPath(job.id)}/${verb}`);
      if (verb !== 'dismiss') await this.store.learn('job', ask);
      else {
        await ask();
        this.store.forget('job', job.id);
      }
    }, {what: `${this.verbs[verb].textContent} ${job.id}`, box: this.box, busy: [this.verbs[verb]]});
  }

  async #changeSpeed(event) {
    event.preventDefault();
    const set = await attempt(async () => {
      const {id} = this.#job;
      const job = await this.store.learn('job', () => patch(jobPath(id), {speed: this.speed.value}));
      this.#speedOf = `${job.id} ${job.speed}`;
      announce(`Speed limit: ${limit(job.speed)}`);
    }, {what: `Set the speed of ${this.name}`, box: this.box, fields: [this.speed], busy: [this.setSpeed]});
    if (set && this.#job) this.speed.set(this.#job.speed);
  }

  async #start(event) {
    event.preventDefault();
    await attempt(async () => {
      const id = freeId(this.name, this.store.jobs);
      await this.store.learn('job', () => put(jobPath(id), streamRequest(this.name, this.fields)));
      await this.store.ask('image', this.name);
      this.title.focus();
    }, {
      what: `Start the stream of ${this.name}`, box: this.box, fields: Object.values(this.fields),
      busy: [this.startButton],
    });
  }
}
