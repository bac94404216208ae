// Rows of a table, of which only those in sight exist: a thousand images cost what thirty do.

import {arrange, attribute, h} from './dom.js';

const AROUND = 12;

export class Rows {
  #body;
  #columns;
  #make;
  #rows = new Map();
  #above;
  #below;
  #items = [];

  /**
   * @param make gives for an item's key {element, update(item)}
   */
  constructor(table, columns, make) {
    this.#body = table.tBodies[0];
    this.#columns = columns;
    this.#make = make;
    this.table = table;
    this.#above = this.#gap();
    this.#below = this.#gap();
  }

  #gap() {
    const cell = h('td', {colspan: String(this.#columns)});
    const row = h('tr', {class: 'gap', 'aria-hidden': 'true'}, cell);
    return {row, cell};
  }

  /** @param items in order, each with a `key` */
  show(items) {
    this.#items = items;
    attribute(this.table, 'aria-rowcount', items.length + 1);
    this.draw();
  }

  draw() {
    const height = parseFloat(getComputedStyle(this.table).getPropertyValue('--row')) || 40;
    const top = this.#body.getBoundingClientRect().top;
    const from = Math.max(0, Math.floor(-top / height) - AROUND);
    const to = Math.min(this.#items.length, Math.ceil((innerHeight - top) / height) + AROUND);
    const seen = new Map();
    for (let i = Math.min(from, this.#items.length); i < to; i += 1) {
      const item = this.#items[i];
      const row = this.#rows.get(item.key) ?? this.#make(item);
      row.update(item);
      attribute(row.element, 'aria-rowindex', i + 2);
      seen.set(item.key, row);
    }
    this.#rows = seen;
    this.#above.cell.style.height = `${from * height}px`;
    this.#below.cell.style.height = `${Math.max(0, this.#items.length - to) * height}px`;
    arrange(this.#body, [
      ...(from > 0 ? [this.#above.row] : []),
      ...[...seen.values()].map((row) => row.element),
      ...(to < this.#items.length ? [this.#below.row] : []),
    ]);
  }
}
