// Elements and words. Whatever comes from the app is put in as text, never as markup.

function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === 'onclick') element.addEventListener('click', value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

function byId(id) { return document.getElementById(id); }

/** Sets a text only where it differs, so that screen readers hear changes alone. */
function say(element, text) { if (element.textContent !== text) element.textContent = text; }

/** Makes a parent's children one for each item, and keeps those that are there: focus and scroll stay where they are. */
function keep(parent, items, keyOf, create, update) {
  const before = parent.kept ?? new Map();
  const wanted = new Map(items.map((item) => [keyOf(item), item]));
  for (const [key, element] of before) if (!wanted.has(key)) element.remove();
  parent.kept = new Map();
  let place = parent.firstChild;
  for (const [key, item] of wanted) {
    const element = before.get(key) ?? create(item);
    parent.kept.set(key, element);
    if (element === place) place = place.nextSibling;
    else parent.insertBefore(element, place);
    update?.(element, item);
  }
}

const count = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const dayAndClock = new Intl.DateTimeFormat('en-GB', { weekday: 'short', hour: '2-digit', minute: '2-digit' });

function many(number, one, more) { return `${count.format(number)} ${number === 1 ? one : more ?? `${one}s`}`; }

/** The app's clock: this machine's may be wrong. */
let clockOffset = 0;
function now() { return Date.now() + clockOffset; }

function lasted(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

function age(instant) { return now() - Date.parse(instant); }
function ago(instant) { return instant ? `${lasted(age(instant))} ago` : ''; }
function at(instant) { const time = new Date(instant); return Math.abs(age(instant)) < 20 * 3600e3 ? clock.format(time) : dayAndClock.format(time); }
