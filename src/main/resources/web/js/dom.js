// Elements without markup in strings: what comes from the service is only ever text.

/** h('p', {class: 'x', onclick: f, 'aria-label': 'y'}, 'text', child, [more]) */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value' || name === 'checked' || name === 'hidden') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  append(element, children);
  return element;
}

function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== undefined && child !== null && child !== false) parent.append(child);
  }
}

/** Replaces what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Sets a text, and leaves alone what says so already: screen readers and selections notice. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function attribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? '' : value);
}

/** Shows or hides. A part that vanishes with the focus in it hands that to another element. */
export function show(element, visible, heir) {
  if (element.hidden === !visible) return;
  const held = !visible && element.contains(document.activeElement);
  element.hidden = !visible;
  if (held && heir) heir.focus({preventScroll: true});
}

/** Makes the children of a parent the wanted ones. Those that stay keep the focus, even where they have to move. */
export function arrange(parent, wanted) {
  const kept = new Set(wanted);
  for (const child of [...parent.children]) {
    if (!kept.has(child)) child.remove();
  }
  let at = parent.firstElementChild;
  for (const child of wanted) {
    if (child === at) at = at.nextElementSibling;
    else place(parent, child, at);
  }
}

/** Removing an element takes the focus from it, and to insert it elsewhere removes it first. */
function place(parent, child, before) {
  if (child.parentNode === parent && parent.moveBefore) {
    parent.moveBefore(child, before);
    return;
  }
  const held = child.contains(document.activeElement) ? document.activeElement : null;
  parent.insertBefore(child, before);
  held?.focus({preventScroll: true});
}

let ids = 0;
export function freshId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
}

/** Has screen readers say something, politely. */
export function announce(text) {
  say(document.getElementById('announce'), text);
}

const NOTICES = 5;

/** Says above every view what is of none any more, until somebody closes it. */
export function notice(...content) {
  const place = document.getElementById('notices');
  const close = h('button', {type: 'button', class: 'tiny', onclick: () => element.remove()}, 'Close this note');
  const element = h('div', {class: 'notice late', role: 'alert'}, h('div', {}, content), close);
  place.append(element);
  const late = place.querySelectorAll('.late');
  if (late.length > NOTICES) late[0].remove();
}
