// Where it begins: the connection, which view is shown, and what is said above all of them.

import {onRefusal, send} from './api.js';
import {createView} from './create.js';
import {fill, h, say, show} from './dom.js';
import {Events} from './events.js';
import {clock} from './format.js';
import {ProblemBox} from './forms.js';
import {imageView} from './image.js';
import {listView} from './list.js';
import {Store} from './store.js';
import {keepToken} from './token.js';

const main = document.getElementById('main');
const store = new Store();
const events = new Events();
const version = document.querySelector('meta[name=rawcow-version]').content;

/* Views */

let leaving = new AbortController();
let first = true;

function route() {
  const [, kind, name] = location.hash.split('/');
  if (kind === 'images' && name) return [imageView, {name: decoded(name)}];
  if (kind === 'new') return [createView, {}];
  return [listView, {}];
}

/** A name as somebody may have typed it into the address. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function enter() {
  leaving.abort();
  leaving = new AbortController();
  document.querySelector('dialog[open]')?.close();
  fill(main);
  scrollTo(0, 0);
  const [view, options] = route();
  const {title, focus} = view(main, {store, signal: leaving.signal, ...options});
  document.title = `${title} · rawcow`;
  for (const link of document.querySelectorAll('.bar nav a')) {
    const here = link.hash === (location.hash || '#/');
    if (here) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  // The first view is read from the top; later ones from where they begin.
  if (!first) (focus ?? main.querySelector('h1'))?.focus({preventScroll: true});
  first = false;
}

addEventListener('hashchange', enter);
document.getElementById('skip').addEventListener('click', (event) => {
  // The hash is the route: a plain link would leave the view.
  event.preventDefault();
  main.focus();
});

/* The connection */

const link = document.getElementById('link');
const words = h('span', {class: 'words'});
const again = h('button', {type: 'button', class: 'tiny', hidden: true, onclick: () => events.retry()}, 'Try now');
link.append(h('span', {class: 'dot', 'aria-hidden': 'true'}), words, again);
const silence = new ProblemBox();
document.getElementById('notices').append(silence.element);
let before = 'connecting';
let seenLive = false;
let lostAt = null;

function tellLink(state, problem) {
  const lost = lostAt === null ? 'No connection' : `Connection lost at ${clock(lostAt)}`;
  // It does answer, but it does not tell what changes.
  const refused = state === 'waiting' && Boolean(problem?.status);
  link.className = `link ${state}`;
  say(words, {
    connecting: 'Connecting…', live: 'Live', waiting: `${refused ? 'Not live' : lost}, reconnecting…`,
    refused: 'Token needed',
  }[state]);
  show(again, state === 'waiting', main);
  if (refused) silence.show(problem);
  else silence.clear();
}

let outdated = false;
events.addEventListener('state', ({detail}) => {
  if (detail.state === 'waiting' && before !== 'waiting' && seenLive) lostAt = new Date();
  if (detail.state === 'live') {
    if (seenLive) void compareVersions();
    seenLive = true;
    tokenForm.hide();
    // Who is connected is no event that is kept: even a client that goes on where it was has to ask.
    void store.load(detail.resumed ? ['export'] : undefined);
  }
  before = detail.state;
  tellLink(detail.state, detail.problem);
});
events.addEventListener('event', ({detail}) => {
  store.take(detail);
  if (detail.kind === 'reset') void store.load();
});

/** After an update of the service this page is of the old one. */
async function compareVersions() {
  const response = await send('HEAD', './').catch(() => null);
  const now = response?.headers.get('ETag')?.replaceAll(/W\/|"/g, '');
  if (!now || now === version || outdated) return;
  outdated = true;
  document.getElementById('notices').append(h('p', {class: 'notice', role: 'alert'},
    'The service was updated and has another page. ',
    h('button', {type: 'button', class: 'tiny', onclick: () => location.reload()}, 'Load it')));
}

/* The token */

const tokenForm = (() => {
  const box = new ProblemBox();
  const input = h('input', {type: 'password', id: 'token', autocomplete: 'off', 'aria-describedby': 'token-hint'});
  const submit = (event) => {
    event.preventDefault();
    keepToken(input.value.trim());
    input.value = '';
    tellRole(null);
    tokenForm.hide();
    events.restart();
    void store.load();
    enter();
  };
  const form = h('form', {
    class: 'panel token', 'aria-labelledby': 'token-title', hidden: true, novalidate: true, onsubmit: submit,
  },
    h('h2', {id: 'token-title'}, 'This service asks for a token'), box.element,
    h('div', {class: 'joined'}, h('label', {for: 'token'}, 'Token'), input,
      h('button', {type: 'submit', class: 'primary'}, 'Use it')),
    h('p', {class: 'hint', id: 'token-hint'}, 'It is kept until this tab is closed.'));
  main.before(form);
  return {
    ask(problem) {
      if (problem) box.show(problem);
      if (!form.hidden) return;
      form.hidden = false;
      input.focus();
    },
    hide() {
      form.hidden = true;
      box.clear();
    },
  };
})();

/** What a viewer may not do is hidden once the service has said so. */
const viewing = h('p', {class: 'notice', hidden: true}, h('span', {}), ' ',
  h('button', {type: 'button', class: 'tiny', onclick: () => tokenForm.ask(null)}, 'Use another token'));
document.getElementById('notices').append(viewing);

function tellRole(problem) {
  document.body.classList.toggle('viewer', problem !== null);
  viewing.hidden = problem === null;
  say(viewing.firstChild, problem === null ? '' : `${problem.detail}: what may not be done is hidden.`);
}

onRefusal({unauthenticated: (problem) => tokenForm.ask(problem), viewer: tellRole});

tellLink('connecting');
enter();
events.start();
// What there is does not wait for what changes.
setTimeout(() => { if (!seenLive) void store.load(); }, 1000);
