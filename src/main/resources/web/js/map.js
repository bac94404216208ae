// The block map: a picture, its legend, and the same in words and numbers.

import {get, imagePath} from './api.js';
import {Cells, cellsFor, sharesOf} from './cells.js';
import {attribute, h, say, show} from './dom.js';
import {bytes, percent} from './format.js';
import {ProblemBox} from './forms.js';

const KINDS = [
  ['backing', 'Backing', 'not in the raw file yet'],
  ['copied', 'Raw file', 'copied, or there before this image was opened'],
  ['guest', 'Guest', 'written by a guest since the image was opened'],
  ['zero', 'Zero', 'made zeros since the image was opened'],
];
const PARTS = 16;

/** The bytes of a range of cells, and the shares of them all; the last cell may be a short one. */
function rangeOf(map, from, to) {
  const start = from * map.cellSize;
  const end = Math.min(map.size, to * map.cellSize);
  const sum = {guest: 0, zero: 0, copied: 0, backing: 0};
  for (let cell = from; cell < to; cell += 1) {
    const weight = (Math.min(map.size, (cell + 1) * map.cellSize) - cell * map.cellSize) / (end - start);
    const shares = sharesOf(map, cell);
    for (const kind of Object.keys(sum)) sum[kind] += shares[kind] * weight;
  }
  return {start, end, sum, copying: map.copying.filter((cell) => cell >= from && cell < to).length};
}

function inWords({sum, copying}) {
  const parts = [`${percent(round(1 - sum.backing))} in the raw file`];
  if (sum.guest > 0) parts.push(`${percent(round(sum.guest))} written by guests`);
  if (sum.zero > 0) parts.push(`${percent(round(sum.zero))} zeros`);
  if (copying > 0) parts.push('being copied now');
  return parts.join(', ');
}

/** Shares come with four decimals. */
const round = (share) => Math.round(share * 10_000) / 10_000;

export class MapPanel {
  #map = null;

  constructor(name, signal) {
    this.name = name;
    this.box = new ProblemBox();
    this.canvas = h('canvas', {role: 'img', tabindex: '0', 'aria-label': 'Block map', 'aria-describedby': 'map-help'});
    this.swatches = Object.fromEntries(['backing', 'copied', 'guest', 'zero', 'copying', 'chosen'].map((kind) =>
      [kind, h('span', {class: `swatch ${kind}`})]));
    this.cells = new Cells(this.canvas, () => Object.fromEntries(Object.entries(this.swatches).map(([kind, element]) =>
      [kind, getComputedStyle(element).color])));
    this.readout = h('p', {class: 'readout', role: 'status'});
    this.figure = h('figure', {}, this.canvas, h('figcaption', {class: 'legend'},
      KINDS.map(([kind, words, title]) => h('span', {title}, this.swatches[kind], words)),
      h('span', {title: 'a frame round the cell'}, this.swatches.copying, 'Being copied'),
      h('span', {class: 'off'}, this.swatches.chosen)));
    this.body = h('tbody', {});
    this.element = h('section', {class: 'panel map', 'aria-labelledby': 'map-title'},
      h('h2', {id: 'map-title'}, 'Block map'), this.box.element, this.figure, this.readout,
      h('p', {class: 'unseen', id: 'map-help'}, 'Arrow keys, Home and End choose a cell; Escape lets go of it.'),
      this.#table());
    this.#listen(signal);
  }

  #table() {
    this.details = h('details', {ontoggle: () => this.#fillTable()}, h('summary', {}, 'As a table'),
      h('div', {class: 'scroll', role: 'region', 'aria-label': 'Block map as a table', tabindex: '0'},
        h('table', {'aria-label': 'Shares of each part of the image'}, h('thead', {}, h('tr', {},
          ['From', 'To', 'Backing', 'Raw file', 'of it guest', 'of it zero', 'Being copied'].map((words, i) =>
            h('th', {scope: 'col', class: i > 0 ? 'number' : ''}, words)))), this.body)));
    return this.details;
  }

  #listen(signal) {
    this.canvas.addEventListener('pointermove', (event) => {
      const cell = this.cells.cellAt(event.offsetX, event.offsetY);
      if (cell !== this.cells.chosen) this.#choose(cell);
    });
    this.canvas.addEventListener('pointerleave', () => this.#choose(-1));
    this.canvas.addEventListener('blur', () => this.#choose(-1));
    this.canvas.addEventListener('keydown', (event) => {
      const last = (this.#map?.allocated.length ?? 0) - 1;
      const now = this.cells.chosen;
      const {across} = this.cells;
      const next = {
        ArrowRight: now + 1, ArrowLeft: Math.max(0, now - 1), ArrowDown: now < 0 ? 0 : Math.min(last, now + across),
        ArrowUp: Math.max(0, now - across), Home: 0, End: last, Escape: -1,
      }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      this.#choose(Math.min(next, last));
    });
    const redraw = () => this.#draw();
    const watch = new ResizeObserver(redraw);
    watch.observe(this.figure);
    signal.addEventListener('abort', () => watch.disconnect());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw, {signal});
  }

  /** Asks for as many cells as there is room for. */
  async refresh(signal) {
    const cells = cellsFor(this.figure.clientWidth || 600);
    try {
      this.#map = await get(`${imagePath(this.name)}/blockmap?cells=${cells}`, signal);
      this.box.clear();
      show(this.figure, true);
    } catch (problem) {
      if (signal.aborted || problem.status === 0) return;
      this.#map = null;
      show(this.figure, false);
      this.box.show(problem);
    }
    this.#draw();
  }

  #draw() {
    if (!this.#map) return;
    this.cells.show(this.#map, this.figure.clientWidth);
    attribute(this.canvas, 'aria-label', `Block map: ${inWords(rangeOf(this.#map, 0, this.#map.allocated.length))}`);
    this.#tell();
    this.#fillTable();
  }

  #choose(cell) {
    if (!this.#map) return;
    this.cells.choose(cell);
    this.#tell();
  }

  #tell() {
    const {chosen} = this.cells;
    const range = chosen < 0 ? rangeOf(this.#map, 0, this.#map.allocated.length)
      : rangeOf(this.#map, chosen, chosen + 1);
    const where = chosen < 0 ? `A cell is ${bytes(Math.min(this.#map.size, this.#map.cellSize))}. All`
      : `Cell ${chosen + 1}, ${bytes(range.start)} to ${bytes(range.end)}`;
    // Only a chosen cell is worth interrupting for: the whole changes all the time.
    attribute(this.readout, 'aria-live', chosen < 0 ? 'off' : 'polite');
    say(this.readout, `${where}: ${inWords(range)}`);
  }

  #fillTable() {
    if (!this.details.open || !this.#map) return;
    const cells = this.#map.allocated.length;
    const parts = Math.min(PARTS, cells);
    while (this.body.children.length > parts) this.body.lastChild.remove();
    for (let part = 0; part < parts; part += 1) {
      const range = rangeOf(this.#map, Math.floor((part * cells) / parts), Math.floor(((part + 1) * cells) / parts));
      const row = this.body.children[part] ?? this.body.appendChild(h('tr', {}, h('th', {scope: 'row'}),
        Array.from({length: 6}, () => h('td', {class: 'number'}))));
      [
        bytes(range.start), bytes(range.end), percent(round(range.sum.backing)), percent(round(1 - range.sum.backing)),
        percent(round(range.sum.guest)), percent(round(range.sum.zero)), range.copying > 0 ? 'yes' : 'no',
      ].forEach((text, i) => say(row.children[i], text));
    }
  }
}
