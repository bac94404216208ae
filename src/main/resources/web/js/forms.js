// Forms that show what the service says of them, next to the field that it names.

import {attribute, fill, freshId, h, notice, say} from './dom.js';
import {parseSize} from './format.js';

/** A problem in full: what, why, what to do, and where two things differ. */
export function problemText(problem) {
  return [
    h('strong', {}, problem.title ?? 'This page made an error'),
    problem.detail || !problem.title ? h('p', {}, problem.detail ?? problem.message) : null,
    problem.differences?.length
      ? h('ul', {}, problem.differences.map((each) =>
        h('li', {}, `${each.field}: wanted ${JSON.stringify(each.wanted)}, is ${JSON.stringify(each.is)}`)))
      : null,
    problem.action ? h('p', {class: 'todo'}, problem.action) : null,
  ];
}

/** A place for problems; screen readers say what is put there. */
export class ProblemBox {
  #said = null;

  constructor() {
    this.element = h('div', {class: 'problem', role: 'alert', hidden: true});
  }

  /** The same problem is said once, however often it is met. */
  show(problem) {
    const said = JSON.stringify([problem, problem.message]);
    if (said === this.#said) return;
    this.#said = said;
    this.element.hidden = false;
    fill(this.element, problemText(problem));
  }

  clear() {
    this.#said = null;
    this.element.hidden = true;
    fill(this.element);
  }
}

/** A labelled control with room for a hint and for what is wrong with it. */
export class Field {
  /** @param name the field of the request that it is */
  constructor(name, label, control, {hint, unit} = {}) {
    this.name = name;
    this.control = control;
    const id = freshId(name);
    control.id = id;
    control.name = name;
    this.wrong = h('p', {class: 'wrong', id: `${id}-wrong`, hidden: true});
    const hintLine = hint ? h('p', {class: 'hint', id: `${id}-hint`}, hint) : null;
    this.described = hintLine ? `${id}-hint` : null;
    attribute(control, 'aria-describedby', this.described);
    const check = control.type === 'checkbox';
    const words = h('label', {for: id}, label);
    this.element = h('div', {class: check ? 'field check' : 'field'},
      check ? [control, words] : [words, unit ? h('div', {class: 'joined'}, control, unit) : control],
      hintLine, this.wrong);
  }

  blame(text) {
    say(this.wrong, text ?? '');
    this.wrong.hidden = !text;
    attribute(this.control, 'aria-invalid', text ? 'true' : null);
    const parts = [this.described, text ? this.wrong.id : null].filter(Boolean).join(' ');
    attribute(this.control, 'aria-describedby', parts || null);
  }
}

export function textField(name, label, options = {}) {
  const input = h('input', {
    type: 'text', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', value: options.value ?? '',
    placeholder: options.placeholder,
  });
  return new Field(name, label, input, options);
}

export function checkField(name, label, options = {}) {
  return new Field(name, label, h('input', {type: 'checkbox', checked: options.checked ?? false}), options);
}

export function selectField(name, label, choices, options = {}) {
  const select = h('select', {}, choices.map(([value, words]) => h('option', {value}, words)));
  select.value = options.value ?? choices[0][0];
  return new Field(name, label, select, options);
}

const SPEED_UNITS = [[1, 'B/s'], [1024, 'KiB/s'], [1024 ** 2, 'MiB/s'], [1024 ** 3, 'GiB/s']];

/** A speed with its unit. Reads as bytes a second, or as what was typed if that is no number. */
export class SpeedField extends Field {
  constructor(label, speed = 0) {
    const unit = h('select', {'aria-label': 'Unit of the speed'},
      SPEED_UNITS.map(([factor, words]) => h('option', {value: String(factor)}, words)));
    const input = h('input', {type: 'text', inputmode: 'decimal', autocomplete: 'off', class: 'short'});
    super('speed', label, input, {unit, hint: '0 is no limit'});
    this.unit = unit;
    this.set(speed);
  }

  set(speed) {
    // In the largest unit that has it exactly: setting what is shown changes nothing.
    const factor = speed === 0 ? 1024 ** 2 : SPEED_UNITS.findLast(([each]) => speed % each === 0)[0];
    this.unit.value = String(factor);
    this.control.value = String(speed / factor);
  }

  get value() {
    const text = this.control.value.trim();
    const number = Number(text === '' ? '0' : text);
    return Number.isFinite(number) ? Math.round(number * Number(this.unit.value)) : parseSize(text);
  }
}

/**
 * Runs what a form asks for, once at a time, and shows what went wrong: at the fields that are named, and in the box.
 * How it ended is a notice if the form has gone meanwhile. Answers whether it went well.
 *
 * @param what names it in such a notice
 */
export async function attempt(work, {what, box, fields = [], busy = []}) {
  if (busy.some((button) => button.getAttribute('aria-disabled') === 'true')) return false;
  busy.forEach((button) => attribute(button, 'aria-disabled', 'true'));
  box.clear();
  fields.forEach((field) => field.blame(null));
  try {
    await work();
    if (!box.element.isConnected) notice(h('p', {}, `${what}: done`));
    return true;
  } catch (problem) {
    if (problem.name === 'AbortError') return false;
    if (!box.element.isConnected) {
      notice(h('p', {}, `${what}: refused`), problemText(problem));
      return false;
    }
    box.show(problem);
    const blamed = fields.find((field) => field.name === problem.field && !field.element.closest('[hidden]'));
    if (blamed) {
      blamed.blame(problem.detail ?? problem.title);
      blamed.control.focus();
    }
    return false;
  } finally {
    busy.forEach((button) => attribute(button, 'aria-disabled', null));
  }
}
