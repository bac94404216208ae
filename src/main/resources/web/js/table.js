// Rows of a table, of which only those in sight exist: a thousand images cost what thirty do. The one with the focus
// stays as well, wherever it is.

import {arrange, attribute, h} from './dom.js';

const AROUND = 12;

export class Rows {
  #body;
  #columns;
  #make;
  #rows = new Map();
  #gaps = [];
  #items = [];

  /**
   * @param make gives for an item's key {element, update(item)}
   */
  constructor(table, columns, make) {
    this.#body = table.tBodies[0];
    this.#columns = columns;
    this.#make = make;
    this.table = table;
  }

  /** Room for rows that do not exist. */
  #gap(number, height) {
    this.#gaps[number] ??= h('tr', {class: 'gap', 'aria-hidden': 'true'}, h('td', {colspan: String(this.#columns)}));
    this.#gaps[number].firstChild.style.height = `${height}px`;
    return this.#gaps[number];
  }

  /** Where the item is of which the row has the focus; -1 for none. */
  #held() {
    const [key] = [...this.#rows].find(([, row]) => row.element.contains(document.activeElement)) ?? [];
    return key === undefined ? -1 : this.#items.findIndex((item) => item.key === key);
  }

  #row(i) {
    const item = this.#items[i];
    const row = this.#rows.get(item.key) ?? this.#make(item);
    row.update(item);
    attribute(row.element, 'aria-rowindex', i + 2);
    return row;
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
    const held = this.#held();
    const seen = new Map();
    const wanted = [];
    let next = 0;
    let gaps = 0;
    const skipTo = (i) => {
      if (i > next) wanted.push(this.#gap(gaps++, (i - next) * height));
    };
    for (let i = 0; i < this.#items.length; i += 1) {
      if ((i < from || i >= to) && i !== held) continue;
      const row = this.#row(i);
      skipTo(i);
      wanted.push(row.element);
      seen.set(this.#items[i].key, row);
      next = i + 1;
    }
    skipTo(this.#items.length);
    this.#rows = seen;
    arrange(this.#body, wanted);
  }
}
