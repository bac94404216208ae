// What can be done to an image as a whole: close it, or open it again.

import {imagePath, put, remove} from './api.js';
import {confirm} from './dialog.js';
import {announce, h, show} from './dom.js';
import {attempt, checkField, ProblemBox} from './forms.js';

/** Asks whether an image is to be closed, and goes to the list when it was. */
export async function closeImage(image) {
  const from = location.hash;
  const files = checkField('files', 'Delete its sidecar and its raw file as well. This cannot be taken back.');
  const done = await confirm({
    title: `Close ${image.name}?`,
    text: 'Its exports are removed, and it leaves the list. The files stay and can be opened again.',
    verb: 'Close the image',
    fields: [files],
    work: () => remove(imagePath(image.name) + (files.control.checked ? '?files=delete' : '')),
  });
  if (!done) return;
  // Who has gone elsewhere meanwhile stays there.
  if (location.hash === from) location.hash = '#/';
  announce(`${image.name} is closed`);
}

/** For an image that could not be opened: try again, and what may be accepted. */
export class Reopen {
  constructor(name, store) {
    this.box = new ProblemBox();
    this.fields = [
      checkField('acceptBackingChange', 'Accept that the backing or the raw file has changed'),
      checkField('acceptLostWrites', 'Accept that writes which were not flushed are lost'),
    ];
    const button = h('button', {type: 'submit', class: 'primary'}, 'Open it again');
    const submit = async (event) => {
      event.preventDefault();
      const body = Object.fromEntries(this.fields.filter((field) => field.control.checked)
        .map((field) => [field.name, true]));
      await attempt(() => store.learn('image', () => put(imagePath(name), body)),
        {what: `Open ${name} again`, box: this.box, fields: this.fields, busy: [button]});
    };
    this.element = h('form', {class: 'panel', 'data-acts': '', novalidate: true, hidden: true, onsubmit: submit},
      h('h2', {}, 'Open it again'), this.fields.map((field) => field.element), this.box.element,
      h('div', {class: 'buttons'}, button));
  }

  update(image) {
    show(this.element, image.state === 'unavailable');
  }
}
