// The events as lines.

import {arrange, h} from './dom.js';
import {clock, count} from './format.js';

const SHOWN = 60;

function words(event) {
  if (event.kind === 'reset') return `the service asks to list again (${event.reason.replaceAll('_', ' ')})`;
  const kind = {image: 'image', job: 'job', export: 'export'}[event.kind];
  const now = event[event.kind];
  switch (event.change) {
    case 'state': return `${kind} is ${now?.state}`;
    case 'status': return `${kind} is ${now?.status}${now?.error ? `: ${now.error.detail}` : ''}`;
    case 'clients': return `${kind} has ${count(now?.clients.length ?? 0, 'client')}`;
    default: return `${kind} ${event.change}`;
  }
}

/** A list of events that keeps up; `mine` chooses those that belong there. */
export class Log {
  #lines = new WeakMap();

  constructor(store, {mine = () => true, named = true} = {}) {
    this.store = store;
    this.mine = mine;
    this.named = named;
    this.list = h('ol', {class: 'log'});
    this.empty = h('p', {class: 'empty'});
    this.element = h('section', {class: 'panel', 'aria-labelledby': 'log-title'},
      h('h2', {id: 'log-title'}, 'Events'), this.empty, this.list);
  }

  update() {
    const events = this.store.log.filter(this.mine).slice(0, SHOWN);
    this.empty.textContent = events.length
      ? `Since ${clock(this.store.since)}, the latest first.`
      : `Nothing has happened since this page was opened at ${clock(this.store.since)}.`;
    arrange(this.list, events.map((event) => this.#line(event)));
  }

  #line(event) {
    let line = this.#lines.get(event);
    if (!line) {
      line = h('li', {},
        h('time', {datetime: event.time, title: event.time}, clock(event.time)),
        this.named && event.name ? h('span', {class: 'who'}, event.name) : null,
        h('span', {}, words(event)));
      this.#lines.set(event, line);
    }
    return line;
  }
}
