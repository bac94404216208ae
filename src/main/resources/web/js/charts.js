// Throughput and latency of the last minutes. Axes and lines are uPlot's; the words beside them are for everybody.

import uPlot from '../lib/uPlot.esm.js';
import {h, say} from './dom.js';
import {clock, rate, shortTime} from './format.js';

const SPANS = [60, 240]; // seconds across, at least and at most
const HEIGHT = 170;
const POWERS = Array.from({length: 50}, (_, i) => 2 ** i);
const DECADES = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100];

const THROUGHPUT = {
  title: 'Throughput',
  format: rate,
  lines: [['read', 'Guest reads', 'read'], ['write', 'Guest writes', 'write'], ['copied', 'Copied up', 'copied']],
  scale: {range: (_, __, max) => [0, Math.max(1024 * 1024, (max ?? 0) * 1.1)]},
  axis: {incrs: POWERS, values: (_, splits) => splits.map((each) => (each === 0 ? '0' : rate(each)))},
};

const LATENCY = {
  title: 'Guest latency',
  format: shortTime,
  lines: [
    ['readMedian', 'Reads, median', 'read'], ['readTail', 'Reads, 99 %', 'read dashed'],
    ['writeMedian', 'Writes, median', 'write'], ['writeTail', 'Writes, 99 %', 'write dashed'],
  ],
  scale: {
    distr: 3,
    range: (_, __, max) => [1e-5, DECADES.find((each) => each >= Math.max(1e-2, max ?? 0)) ?? 100],
  },
  axis: {
    splits: (chart) => DECADES.filter((each) => each >= chart.scales.y.min && each <= chart.scales.y.max),
    values: (_, splits) => splits.map((each) => (each === null ? '' : shortTime(each))),
  },
};

function across(_, from, to) {
  const end = to ?? Date.now() / 1000;
  return [end - Math.min(SPANS[1], Math.max(SPANS[0], end - (from ?? end))), end];
}

class Chart {
  #plot = null;
  #history = null;

  constructor(kind) {
    this.kind = kind;
    this.swatches = kind.lines.map(([, , style]) => h('span', {class: `swatch line ${style}`}));
    this.values = kind.lines.map(() => h('span', {class: 'number'}));
    this.when = h('span', {class: 'small'});
    this.place = h('div', {class: 'plot', 'aria-hidden': 'true'});
    this.ink = h('span', {class: 'swatch ink off'});
    this.element = h('figure', {class: 'chart'},
      h('figcaption', {}, h('h3', {}, kind.title), this.when), this.place,
      h('ul', {class: 'legend'}, kind.lines.map(([, words], i) =>
        h('li', {}, this.swatches[i], `${words} `, this.values[i]))), this.ink);
  }

  #make(width) {
    const ink = () => getComputedStyle(this.ink).color;
    const grid = {stroke: () => getComputedStyle(this.ink).borderTopColor, width: 1};
    const axis = {stroke: ink, grid, ticks: grid, font: '11px system-ui, sans-serif'};
    const {kind} = this;
    return new uPlot({
      width, height: HEIGHT,
      legend: {show: false},
      cursor: {drag: {x: false, y: false}, y: false},
      scales: {x: {time: true, range: across}, y: kind.scale},
      axes: [
        {...axis, size: 30, space: 90, values: (_, splits) => splits.map((each) => clock(each * 1000))},
        {...axis, size: 76, space: 28, ...kind.axis},
      ],
      series: [{}, ...kind.lines.map(([, , style], i) => ({
        stroke: () => getComputedStyle(this.swatches[i]).color, width: 1.5, spanGaps: false,
        dash: style.endsWith('dashed') ? [5, 4] : undefined,
      }))],
      hooks: {setCursor: [() => this.#tell()]},
    }, this.#data(), this.place);
  }

  #data() {
    return [this.#history.column('time'), ...this.kind.lines.map(([name]) => this.#history.column(name))];
  }

  show(history) {
    this.#history = history;
    const width = this.place.clientWidth;
    if (width === 0) return;
    if (!this.#plot) this.#plot = this.#make(width);
    else this.#plot.setData(this.#data());
    this.#tell();
  }

  resize() {
    const width = this.place.clientWidth;
    if (this.#plot && width > 0) this.#plot.setSize({width, height: HEIGHT});
  }

  /** The numbers under the pointer, else the latest. */
  #tell() {
    const at = this.#plot?.cursor.idx ?? null;
    const sample = at === null ? this.#history.latest : this.#history.samples[at] ?? null;
    const now = at === null && this.#history.current;
    say(this.when, sample === null ? '' : now ? 'now' : `at ${clock(sample.time * 1000)}`);
    this.kind.lines.forEach(([name], i) => say(this.values[i], this.kind.format(sample ? sample[name] : null)));
  }

  destroy() {
    this.#plot?.destroy();
    this.#plot = null;
  }
}

export class ChartPanel {
  constructor() {
    this.charts = [new Chart(THROUGHPUT), new Chart(LATENCY)];
    this.note = h('p', {class: 'small'});
    this.element = h('section', {class: 'panel charts', 'aria-labelledby': 'charts-title'},
      h('h2', {id: 'charts-title'}, 'The last minutes'),
      h('div', {class: 'pair'}, this.charts.map((chart) => chart.element)),
      this.note);
    this.watch = new ResizeObserver(() => this.charts.forEach((chart) => chart.resize()));
    this.watch.observe(this.element);
  }

  show(history) {
    this.charts.forEach((chart) => chart.show(history));
    const recent = history.recent(60);
    const requests = recent.reduce((sum, each) => sum + each.requests, 0);
    const errors = recent.reduce((sum, each) => sum + each.errors, 0);
    say(this.note, recent.length === 0 ? 'Two answers make the first point.'
      : requests === 0 ? 'No guest has read or written in the last minute: there is no latency to show.'
        : `${requests.toLocaleString('en')} reads and writes in the last minute, ${errors} with an error. `
          + 'Latencies are estimated from buckets.');
  }

  /** Why there is nothing new. */
  fail(history, problem) {
    this.charts.forEach((chart) => chart.show(history));
    say(this.note, `There is nothing new: ${problem.title ?? problem.message}. ${problem.detail ?? ''}`.trimEnd());
  }

  destroy() {
    this.watch.disconnect();
    this.charts.forEach((chart) => chart.destroy());
  }
}
