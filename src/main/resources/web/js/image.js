// One image: its stream, its block map, its charts, its exports, its files.

import {closeImage, Reopen} from './actions.js';
import {get, imagePath} from './api.js';
import {ChartPanel} from './charts.js';
import {History} from './counters.js';
import {announce, attribute, fill, h, say, show} from './dom.js';
import {ExportPanel} from './exports.js';
import {bytes, exactly, percent, when} from './format.js';
import {problemText} from './forms.js';
import {JobPanel, statusWords} from './job.js';
import {Log} from './log.js';
import {MapPanel} from './map.js';
import {all, every, Freshness} from './poll.js';
import {ACTIVE} from './store.js';

// Outlive the view: who comes back finds the last minutes. Those whose minutes are over are of no use.
const histories = new Map();

function historyOf(name) {
  for (const [other, history] of histories) {
    if (history.over) histories.delete(other);
  }
  if (!histories.has(name)) histories.set(name, new History());
  return histories.get(name);
}

class Files {
  constructor() {
    this.list = h('dl', {class: 'files'});
    this.element = h('section', {class: 'panel', 'aria-labelledby': 'files-title'},
      h('h2', {id: 'files-title'}, 'Files'), this.list);
  }

  update(image) {
    const rows = [
      ['Size', bytes(image.size), exactly(image.size)],
      ['In the raw file', `${bytes(image.bytesAllocated)}, ${percent(image.progress)}`,
        exactly(image.bytesAllocated)],
      ['On disk', bytes(image.bytesOnDisk), exactly(image.bytesOnDisk)],
      ['Raw file', image.rawFile ?? 'unknown'],
      ['Backing', image.backingFile ?? 'none', image.backingMtime ? `changed ${when(image.backingMtime)}` : null],
      ['Sidecar', image.sidecar ?? 'none'],
      ['Sector', bytes(image.sectorSize)],
      ['UUID', image.uuid ?? 'unknown'],
      ['In the list since', when(image.createdAt)],
      ...(image.detachedAt ? [['Detached', when(image.detachedAt)]] : []),
    ];
    while (this.list.children.length > rows.length) this.list.lastChild.remove();
    rows.forEach(([name, value, title], i) => {
      const row = this.list.children[i] ?? this.list.appendChild(h('div', {}, h('dt'), h('dd')));
      say(row.firstChild, name);
      say(row.lastChild, value);
      attribute(row.lastChild, 'title', title);
    });
  }
}

/** What is known of an image that may go, or never have been there. */
class Missing {
  constructor() {
    this.element = h('div', {class: 'empty big', hidden: true});
  }

  show(name, store) {
    const known = store.loaded;
    const said = JSON.stringify([known, store.problem?.detail]);
    if (this.element.dataset.said === said) return;
    this.element.dataset.said = said;
    fill(this.element,
      h('h1', {tabindex: '-1'}, name),
      h('p', {}, known ? `There is no image ${name}: it was never made, or it was closed.`
        : store.problem ? 'Whether this image is there is not known yet.' : 'Asking the service…'),
      !known && store.problem ? h('div', {class: 'problem'}, problemText(store.problem)) : null,
      h('a', {class: 'button', href: '#/'}, 'All images'));
  }
}

function head(name, current) {
  const badge = h('span', {class: 'badge'});
  const close = h('button', {type: 'button', 'data-acts': '', onclick: () => closeImage(current())}, 'Close image…');
  const trouble = h('div', {class: 'problem', hidden: true});
  const warnings = h('div', {});
  return {
    element: [
      h('div', {class: 'head'}, h('a', {class: 'back', href: '#/'}, '‹ Images'),
        h('h1', {tabindex: '-1'}, name), badge, h('span', {class: 'space'}), close),
      trouble, warnings,
    ],
    update(image) {
      say(badge, image.state);
      badge.className = `badge ${image.state}`;
      show(trouble, image.error !== null);
      const key = JSON.stringify([image.error, image.warnings]);
      if (warnings.dataset.key === key) return;
      warnings.dataset.key = key;
      if (image.error) fill(trouble, problemText({title: `The image is ${image.state}`, detail: image.error.detail}));
      fill(warnings, image.warnings.map((each) => h('p', {class: 'notice'}, each.detail)));
    },
  };
}

export function imageView(root, {store, signal, name}) {
  const current = () => store.images.get(name);
  const top = head(name, current);
  const fresh = new Freshness('this image');
  const job = new JobPanel(name, store);
  const map = new MapPanel(name, signal);
  const charts = new ChartPanel();
  const exports = new ExportPanel(name, store);
  const reopen = new Reopen(name, store);
  const files = new Files();
  const log = new Log(store, {mine: (event) => event.name === name || event.job?.image === name
    || event.export?.image === name, named: false});
  const missing = new Missing();
  const live = h('div', {class: 'seen'}, map.element, charts.element);
  const whole = h('div', {class: 'image'}, top.element, fresh.element, reopen.element,
    h('div', {class: 'columns'},
      h('div', {class: 'wide'}, live, h('div', {class: 'pair'}, files.element, log.element)),
      h('div', {class: 'side'}, job.element, exports.element)));
  root.append(whole, missing.element);
  let told = null;

  function update() {
    const image = current();
    show(whole, image !== undefined);
    show(missing.element, image === undefined);
    if (!image) {
      missing.show(name, store);
      return;
    }
    const stream = store.jobOf(name);
    top.update(image);
    reopen.update(image);
    show(live, isOpen(image));
    job.update(image, stream);
    exports.update(store.exportsOf(name));
    files.update(image);
    log.update();
    const words = stream ? `${statusWords(stream)}; the image is ${image.state}` : `The image is ${image.state}`;
    if (told !== null && told !== words) announce(`${name}: ${words}`);
    told = words;
  }

  const history = historyOf(name);
  const numbers = async () => {
    if (!current()) return;
    const stream = store.jobOf(name);
    await all([
      store.ask('image', name, signal),
      stream && ACTIVE.has(stream.status) ? store.ask('job', stream.id, signal) : null,
      ...store.exportsOf(name).map((each) => store.ask('export', each.name, signal)),
    ]);
    fresh.took();
  };
  every(1000, numbers, signal, (problem) => fresh.failed(problem));
  every(1000, async () => {
    if (current() && isOpen(current())) await map.refresh(signal);
  }, signal);
  every(1000, async () => {
    if (!current() || !isOpen(current())) return;
    history.add(await get(`${imagePath(name)}/counters`, signal));
    charts.show(history);
  }, signal, (problem) => charts.fail(history, problem));
  store.addEventListener('change', update, {signal});
  signal.addEventListener('abort', () => charts.destroy());
  update();
  return {title: name};
}

function isOpen(image) {
  return image.state !== 'unavailable' && image.state !== 'creating';
}
