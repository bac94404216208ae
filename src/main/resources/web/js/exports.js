// The exports of an image: where clients connect, and who has.

import {exportPath, put, remove} from './api.js';
import {confirm} from './dialog.js';
import {announce, arrange, attribute, fill, h, say, show} from './dom.js';
import {bytes, count, exactly, when} from './format.js';
import {attempt, checkField, ProblemBox, selectField, textField} from './forms.js';

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    say(button, 'Copied');
    announce(`${text} is copied`);
  } catch {
    // A page that came over plain HTTP from another machine may not: the text is there to be selected.
    say(button, 'Select it and copy');
  }
  setTimeout(() => say(button, 'Copy'), 3000);
}

function uriLine(uri) {
  const button = h('button', {type: 'button', class: 'tiny', 'aria-label': `Copy ${uri}`}, 'Copy');
  button.addEventListener('click', () => copy(uri, button));
  return h('li', {}, h('code', {}, uri), button);
}

function clientTable(name) {
  const body = h('tbody', {});
  const table = h('table', {class: 'connected', 'aria-label': `Clients of ${name}`},
    h('thead', {}, h('tr', {}, ['Client', 'Requests', 'Read', 'Written', 'Errors'].map((words, i) =>
      h('th', {scope: 'col', class: i > 0 ? 'number' : ''}, words)))), body);
  let rows = new Map();
  return {
    element: h('div', {class: 'scroll', role: 'region', 'aria-label': `Clients of ${name}`, tabindex: '0'}, table),
    update(clients) {
      const seen = new Map();
      const wanted = clients.map((client) => {
        const row = rows.get(client.id) ?? h('tr', {}, h('th', {scope: 'row'}),
          [1, 2, 3, 4].map(() => h('td', {class: 'number'})));
        seen.set(client.id, row);
        const texts = [
          client.address + (client.tls ? ', TLS' : ''), client.requests.toLocaleString('en'), bytes(client.bytesRead),
          bytes(client.bytesWritten), client.errors.toLocaleString('en'),
        ];
        texts.forEach((text, i) => say(row.children[i], text));
        const since = `since ${when(client.connectedAt)}`;
        attribute(row.children[0], 'title', client.tlsSubject ? `${client.tlsSubject}, ${since}` : since);
        attribute(row.children[2], 'title', exactly(client.bytesRead));
        attribute(row.children[3], 'title', exactly(client.bytesWritten));
        return row;
      });
      rows = seen;
      arrange(body, wanted);
    },
  };
}

function card(name, removed) {
  const state = h('span', {class: 'badge'});
  const notes = h('span', {class: 'small'});
  const uris = h('ul', {class: 'uris'});
  const clients = clientTable(name);
  const few = h('p', {class: 'small'});
  const remover = h('button', {
    type: 'button', class: 'tiny', 'data-acts': '', 'aria-label': `Remove export ${name}`,
    onclick: () => removeExport(name, removed),
  }, 'Remove…');
  const element = h('li', {class: 'export'},
    h('div', {class: 'line'}, h('h3', {}, name), state, notes, remover), uris, few, clients.element);
  return {
    element,
    update(each) {
      say(state, each.state);
      state.className = `badge ${each.state}`;
      say(notes, [each.readOnly ? 'read-only' : 'writable', each.description].filter(Boolean).join(', '));
      if (uris.dataset.uris !== each.uris.join(' ')) {
        uris.dataset.uris = each.uris.join(' ');
        fill(uris, each.uris.length ? each.uris.map(uriLine) : h('li', {class: 'small'}, 'No address at this moment.'));
      }
      say(few, `${count(each.clients.length, 'client')} of at most ${each.maxConnections}`);
      show(clients.element, each.clients.length > 0);
      clients.update(each.clients);
    },
  };
}

async function removeExport(name, removed) {
  const mode = selectField('mode', 'Clients that are connected', [
    ['safe', 'keep the export if there are any'], ['soft', 'may go on; no others are let in'], ['hard', 'are cut off'],
  ]);
  const done = await confirm({
    title: `Remove export ${name}?`,
    text: 'The image stays open.',
    verb: 'Remove the export',
    fields: [mode],
    work: () => remove(`${exportPath(name)}?mode=${mode.control.value}`),
  });
  if (done) await removed();
}

export class ExportPanel {
  #cards = new Map();

  constructor(image, store) {
    this.store = store;
    this.list = h('ul', {class: 'exports'});
    this.title = h('h2', {id: 'exports-title', tabindex: '-1'}, 'Exports');
    this.none = h('p', {class: 'empty'}, 'Nobody can connect: there is no export.');
    this.box = new ProblemBox();
    const name = textField('export', 'Name', {value: image});
    const readOnly = checkField('readOnly', 'Read-only');
    const button = h('button', {type: 'submit'}, 'Export');
    this.form = h('form', {class: 'inline', novalidate: true, onsubmit: async (event) => {
      event.preventDefault();
      await attempt(async () => {
        const body = {image, readOnly: readOnly.control.checked};
        await store.learn('export', () => put(exportPath(name.control.value.trim()), body));
        announce(`${name.control.value} is exported`);
      }, {what: `Export ${image}`, box: this.box, fields: [name, readOnly], busy: [button]});
    }}, name.element, readOnly.element, button);
    this.element = h('section', {class: 'panel', 'aria-labelledby': 'exports-title'},
      this.title, this.none, this.list,
      h('details', {'data-acts': ''}, h('summary', {}, 'Add an export'), this.form, this.box.element));
  }

  update(exports) {
    show(this.none, exports.length === 0);
    const seen = new Map();
    for (const each of exports) {
      const known = this.#cards.get(each.name) ?? card(each.name, () => this.#removed(each.name));
      known.update(each);
      seen.set(each.name, known);
    }
    this.#cards = seen;
    arrange(this.list, [...seen.values()].map((known) => known.element));
  }

  /** Its button goes with it, or it stays without an address: the focus is to be where one goes on. */
  async #removed(name) {
    this.title.focus();
    announce(`${name} is removed`);
    await this.store.ask('export', name).catch(() => {}); // events tell as well
  }
}
