// A question before something that cannot be taken back.

import {h} from './dom.js';
import {attempt, ProblemBox} from './forms.js';

/**
 * Asks, and does it when the answer is yes. A refusal stays in the dialog, with the service's words.
 *
 * @param fields what else there is to choose, between the text and the buttons
 */
export function confirm({title, text, verb, fields = [], work}) {
  return new Promise((resolve) => {
    const box = new ProblemBox();
    const yes = h('button', {type: 'submit', class: 'danger'}, verb);
    const no = h('button', {type: 'button', onclick: () => dialog.close()}, 'Keep it as it is');
    const form = h('form', {novalidate: true},
      h('h2', {id: 'dialog-title'}, title),
      h('p', {}, text),
      fields.map((field) => field.element ?? field),
      box.element,
      h('div', {class: 'buttons'}, no, yes));
    const dialog = h('dialog', {'aria-labelledby': 'dialog-title'}, form);
    let done = false;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      done = await attempt(work, {
        what: title.replace('?', ''), box, fields: fields.filter((field) => field.control), busy: [yes],
      });
      if (done) dialog.close();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(done);
    });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}
