// The form that makes an image exist, and if wanted offers and streams it.

import {exportPath, imagePath, jobPath, put} from './api.js';
import {announce, h, show} from './dom.js';
import {parseSize} from './format.js';
import {attempt, checkField, ProblemBox, selectField, textField} from './forms.js';
import {freeId, streamFields, streamRequest} from './job.js';

const MODES = [
  ['over', 'A new image over a backing', ['backingFile', 'backingFormat', 'sidecar', 'rawFile', 'size', 'sectorSize',
    'reuseRawFile']],
  ['empty', 'A new image of zeros', ['sidecar', 'rawFile', 'size', 'sectorSize', 'reuseRawFile']],
  ['sidecar', 'Open a sidecar that is there', ['sidecar', 'acceptBackingChange', 'acceptLostWrites', 'newUuid']],
  ['raw', 'Open a raw file that is there', ['rawFile']],
];
const SECTORS = [512, 4096, 65536, 1048576, 2097152];
const DERIVED = {sidecar: '.raw-cow', rawFile: '.img'};

function imageFields() {
  return [
    textField('backingFile', 'Backing', {hint: 'It is only read. A path in a data root, relative to the first one.'}),
    selectField('backingFormat', 'Format of the backing', [['', 'raw, unless it looks like another'], ['raw', 'raw'],
      ['qcow2', 'qcow2']]),
    textField('rawFile', 'Raw file', {hint: 'What is left in the end: a plain disk.'}),
    textField('sidecar', 'Sidecar', {hint: 'One bit a sector: who answers.'}),
    textField('size', 'Size', {hint: 'As 10 GiB. The backing’s, if left out.'}),
    selectField('sectorSize', 'Sector size', [['', '4096, the usual'], ...SECTORS.map((size) =>
      [String(size), size.toLocaleString('en')])]),
    checkField('reuseRawFile', 'The raw file may exist, if it is empty or a block device'),
    checkField('acceptBackingChange', 'Accept that the backing or the raw file has changed'),
    checkField('acceptLostWrites', 'Accept that writes which were not flushed are lost'),
    checkField('newUuid', 'Give it a new UUID: it is a copy of another image’s files'),
  ];
}

/** Raw file and sidecar are named after the image until somebody names them otherwise. */
function deriveNames(name, fields, mode) {
  for (const [field, end] of Object.entries(DERIVED)) {
    const {control} = fields[field];
    control.addEventListener('input', () => { control.dataset.own = control.value === '' ? '' : 'yes'; });
    const derive = () => {
      if (control.dataset.own) return;
      const text = name.control.value.trim();
      control.value = text === '' ? '' : text + end;
    };
    name.control.addEventListener('input', derive);
    mode.addEventListener('change', derive);
  }
}

function bodyOf(fields, used) {
  const body = {};
  for (const name of used) {
    const {control} = fields[name];
    if (control.type === 'checkbox') {
      if (control.checked) body[name] = true;
    } else if (control.value.trim() !== '') {
      const text = control.value.trim();
      body[name] = name === 'size' ? parseSize(text) : name === 'sectorSize' ? Number(text) : text;
    }
  }
  return body;
}

export function createView(root, {store, signal}) {
  const mode = h('fieldset', {class: 'modes'}, h('legend', {}, 'What is to be'),
    MODES.map(([value, words], i) =>
      h('label', {}, h('input', {type: 'radio', name: 'mode', value, checked: i === 0}), words)));
  const name = textField('image', 'Name', {hint: 'Letters, digits, dots, underscores and hyphens.'});
  const all = imageFields();
  const fields = Object.fromEntries(all.map((field) => [field.name, field]));
  deriveNames(name, fields, mode);
  const offer = checkField('export', 'Export it under its name, so that clients can connect', {checked: true});
  const readOnly = checkField('readOnly', 'Read-only');
  const stream = checkField('stream', 'Start the stream that copies it up');
  const streaming = streamFields();
  const offerMore = h('div', {class: 'more'}, readOnly.element);
  const streamMore = h('div', {class: 'more'}, Object.values(streaming).map((field) => field.element));
  const box = new ProblemBox();
  const button = h('button', {type: 'submit', class: 'primary'}, 'Create');
  const streamLine = h('div', {}, stream.element, streamMore);
  const chosen = () => MODES.find(([value]) => mode.querySelector(`[value="${value}"]`).checked);

  function adapt() {
    const [value, , used] = chosen();
    all.forEach((field) => show(field.element, used.includes(field.name)));
    show(offerMore, offer.control.checked);
    show(streamLine, value !== 'raw');
    show(streamMore, stream.control.checked);
    button.textContent = value === 'over' || value === 'empty' ? 'Create' : 'Open';
  }

  async function submit(event) {
    event.preventDefault();
    const image = name.control.value.trim();
    const [value, , used] = chosen();
    const done = await attempt(async () => {
      if (image === '') throw Object.assign(new Error('State one.'), {field: 'image', title: 'An image needs a name'});
      await store.learn('image', () => put(imagePath(image), bodyOf(fields, used)));
      if (offer.control.checked) {
        const body = {image, readOnly: readOnly.control.checked};
        await store.learn('export', () => put(exportPath(image), body));
      }
      if (stream.control.checked && value !== 'raw') {
        const id = freeId(image, store.jobs);
        await store.learn('job', () => put(jobPath(id), streamRequest(image, streaming)));
      }
    }, {
      what: `${button.textContent} ${image}`, box, fields: [name, ...all, readOnly, ...Object.values(streaming)],
      busy: [button],
    });
    if (signal.aborted) return; // whoever has gone on is not brought back
    if (done) {
      announce(`${image} is there`);
      location.hash = `#/images/${encodeURIComponent(image)}`;
    } else if (store.images.has(image)) {
      announce(`The image ${image} is there; what came after it was refused`);
    }
  }

  mode.addEventListener('change', adapt);
  offer.control.addEventListener('change', adapt);
  stream.control.addEventListener('change', adapt);
  root.append(
    h('div', {class: 'head'}, h('a', {class: 'back', href: '#/'}, '‹ Images'), h('h1', {tabindex: '-1'}, 'New image')),
    h('form', {class: 'panel create', novalidate: true, onsubmit: submit},
      mode, name.element, h('div', {class: 'grid'}, all.map((field) => field.element)),
      h('fieldset', {}, h('legend', {}, 'And then'), offer.element, offerMore, streamLine),
      box.element, h('div', {class: 'buttons'}, button)));
  adapt();
  return {title: 'New image', focus: name.control};
}
