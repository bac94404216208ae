// All images.

import {attribute, fill, h, say, show} from './dom.js';
import {bytes, count, duration, exactly, limit, percent, rate} from './format.js';
import {ProblemBox} from './forms.js';
import {statusWords} from './job.js';
import {Log} from './log.js';
import {every, Freshness} from './poll.js';
import {ACTIVE} from './store.js';
import {Rows} from './table.js';

const COLUMNS = [
  {key: 'name', words: 'Image', sort: (item) => item.image.name},
  {key: 'state', words: 'State', sort: (item) => item.image.state},
  {key: 'progress', words: 'In the raw file', sort: (item) => item.image.progress ?? -1},
  {key: 'rate', words: 'Rate', sort: (item) => item.rate, number: true},
  {key: 'eta', words: 'Remaining', sort: (item) => item.eta ?? Infinity, number: true},
  {key: 'size', words: 'Size', sort: (item) => item.image.size ?? -1, number: true},
  {key: 'disk', words: 'On disk', sort: (item) => item.image.bytesOnDisk ?? -1, number: true},
  {key: 'clients', words: 'Clients', sort: (item) => item.clients, number: true},
];

const FILTERS = [
  ['all', 'All states'], ['streaming', 'With a stream at work'], ['cow', 'cow'], ['standalone', 'standalone'],
  ['failed', 'failed'], ['unavailable', 'unavailable'], ['creating', 'creating'],
];

// Outlives the view: who comes back finds the list as it was left.
const choice = {text: '', state: 'all', sort: 'name', down: false};

function itemsOf(store) {
  const jobs = store.jobsByImage();
  const clients = new Map();
  const exported = new Map();
  for (const each of store.exports.values()) {
    clients.set(each.image, (clients.get(each.image) ?? 0) + each.clients.length);
    exported.set(each.image, (exported.get(each.image) ?? 0) + 1);
  }
  return [...store.images.values()].map((image) => {
    const found = jobs.get(image.name);
    const tells = found && (ACTIVE.has(found.status) || (found.error && !image.standalone));
    const job = tells ? found : null;
    const fresh = job && ACTIVE.has(job.status) && job.currentProgress > (image.bytesAllocated ?? 0) ? job : image;
    return {
      key: image.name, image, job,
      progress: fresh.progress,
      rate: job?.rate ?? 0,
      eta: job?.etaSeconds ?? null,
      clients: clients.get(image.name) ?? 0,
      exports: exported.get(image.name) ?? 0,
    };
  });
}

function chosen(items) {
  const wanted = choice.text.trim().toLowerCase();
  const kept = items.filter((item) => {
    const streams = item.job !== null && ACTIVE.has(item.job.status);
    const state = choice.state === 'all' || (choice.state === 'streaming' ? streams : choice.state === item.image.state);
    return state && (wanted === '' || item.image.name.toLowerCase().includes(wanted));
  });
  const column = COLUMNS.find((each) => each.key === choice.sort);
  const order = new Intl.Collator('en', {numeric: true}).compare;
  kept.sort((one, other) => {
    const a = column.sort(one);
    const b = column.sort(other);
    const by = typeof a === 'string' ? order(a, b) : a < b ? -1 : a > b ? 1 : 0;
    return (choice.down ? -by : by) || order(one.key, other.key);
  });
  return kept;
}

/** What an image is and does, in a few words. */
function doing(item) {
  return item.job ? statusWords(item.job) : '';
}

function makeRow(first) {
  const link = h('a', {href: `#/images/${encodeURIComponent(first.key)}`}, first.key);
  const small = h('span', {class: 'small narrow'});
  const state = h('span', {class: 'badge'});
  const job = h('span', {class: 'small'});
  const bar = h('progress', {max: '1', 'aria-label': `${first.key}, in the raw file`});
  const share = h('span', {class: 'number'});
  const pace = h('span', {class: 'small narrow'});
  const cells = Object.fromEntries(COLUMNS.slice(3).map(({key}) => [key, h('td', {class: `number wide ${key}`})]));
  const element = h('tr', {},
    h('th', {scope: 'row'}, link, small),
    h('td', {class: 'wide state'}, state, job),
    h('td', {class: 'progress'}, h('span', {class: 'track'}, bar, share), pace),
    Object.values(cells));
  const update = (item) => {
    const {image} = item;
    const moving = item.job?.status === 'running';
    say(state, image.state);
    state.className = `badge ${image.state}`;
    say(job, doing(item));
    say(small, [image.state, doing(item)].filter(Boolean).join(', '));
    bar.value = item.progress ?? 0;
    bar.className = item.job?.error ? 'bad' : image.standalone ? 'done' : '';
    say(share, percent(item.progress));
    say(cells.rate, moving ? rate(item.rate) : '');
    attribute(cells.rate, 'title', item.job ? `at most ${limit(item.job.speed)}` : null);
    say(cells.eta, moving ? duration(item.eta) : '');
    say(pace, moving ? `${rate(item.rate)}, ${duration(item.eta)}` : bytes(image.size));
    say(cells.size, bytes(image.size));
    attribute(cells.size, 'title', exactly(image.size));
    say(cells.disk, bytes(image.bytesOnDisk));
    attribute(cells.disk, 'title', exactly(image.bytesOnDisk));
    say(cells.clients, item.exports === 0 ? 'no export' : String(item.clients));
    cells.clients.classList.toggle('none', item.exports === 0);
  };
  return {element, update};
}

function headings(redraw) {
  const cells = COLUMNS.map((column) => {
    const button = h('button', {type: 'button', class: 'sort', onclick: () => {
      choice.down = choice.sort === column.key && !choice.down;
      choice.sort = column.key;
      redraw();
    }}, column.words);
    const wide = column.key === 'name' || column.key === 'progress' ? '' : 'wide';
    return h('th', {scope: 'col', class: `${column.number ? 'number' : ''} ${wide} ${column.key}`}, button);
  });
  return {
    row: h('tr', {'aria-rowindex': '1'}, cells),
    mark: () => COLUMNS.forEach((column, i) => attribute(cells[i], 'aria-sort',
      choice.sort === column.key ? (choice.down ? 'descending' : 'ascending') : null)),
  };
}

export function listView(root, {store, signal}) {
  const summary = h('p', {class: 'summary', id: 'summary'});
  const box = new ProblemBox();
  const fresh = {images: new Freshness('images'), streams: new Freshness('streams')};
  const filter = h('input', {type: 'search', value: choice.text, 'aria-label': 'Filter by name',
    placeholder: 'Filter by name', autocomplete: 'off', oninput: () => { choice.text = filter.value; update(); }});
  const state = h('select', {'aria-label': 'State', onchange: () => { choice.state = state.value; update(); }},
    FILTERS.map(([value, words]) => h('option', {value}, words)));
  state.value = choice.state;
  const heads = headings(() => update());
  const table = h('table', {class: 'images', 'aria-label': 'Images', 'aria-describedby': 'summary'},
    h('thead', {}, heads.row), h('tbody', {}));
  const rows = new Rows(table, COLUMNS.length, makeRow);
  const none = h('div', {class: 'empty big'});
  const log = new Log(store);
  root.append(
    h('div', {class: 'head'}, h('h1', {tabindex: '-1'}, 'Images')),
    box.element, fresh.images.element, fresh.streams.element,
    h('div', {class: 'tools'}, filter, state, summary),
    table, none, log.element);

  function update() {
    if (store.problem) box.show(store.problem);
    else box.clear();
    const all = itemsOf(store);
    const items = chosen(all);
    const streams = all.filter((item) => item.job && ACTIVE.has(item.job.status)).length;
    say(summary, `${items.length === all.length ? '' : `${items.length} of `}${count(all.length, 'image')}, `
      + `${count(streams, 'stream')} at work`);
    show(table, items.length > 0);
    show(none, items.length === 0);
    if (items.length === 0) explain(none, store, all.length);
    heads.mark();
    rows.show(items);
    log.update();
  }

  store.addEventListener('change', update, {signal});
  addEventListener('scroll', () => rows.draw(), {signal, passive: true});
  addEventListener('resize', () => rows.draw(), {signal});
  const pace = () => (store.jobs.size > 200 ? 3000 : 1000);
  every(pace, async () => {
    if (!store.hasActiveJobs()) return;
    await store.refresh(['job'], signal);
    fresh.streams.took();
  }, signal, (problem) => fresh.streams.failed(problem));
  every(() => (store.images.size > 200 ? 15_000 : 4000), async () => {
    if (!store.loaded) return;
    await store.refresh(['image'], signal);
    fresh.images.took();
  }, signal, (problem) => fresh.images.failed(problem));
  update();
  return {title: 'Images'};
}

function explain(none, store, known) {
  const words = !store.loaded
    ? store.problem ? 'What images there are is not known yet.' : 'Asking the service for its images…'
    : known > 0 ? 'No image is as the filter wants it.'
      : 'There are no images yet. Make one over a golden image, or open files that are there.';
  if (none.dataset.words === words) return;
  none.dataset.words = words;
  const first = h('a', {class: 'button', 'data-acts': '', href: '#/new'}, 'Make the first image');
  fill(none, h('p', {}, words), store.loaded && known === 0 ? first : null);
}
