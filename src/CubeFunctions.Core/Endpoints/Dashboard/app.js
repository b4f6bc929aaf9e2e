// Talks to the app. Keys are kept in this page's memory: never in storage, a cookie or an address.

const keys = { read: '', act: new Map() };

/** Takes the key that a link brought, and takes it out of the address. */
function takeKey() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (!given.has('key')) return false;
  keys.read = given.get('key').trim();
  keys.act.clear();
  history.replaceState(null, '', location.pathname + location.search);
  return true;
}

async function send(method, path, key, headers, body) {
  const limit = AbortSignal.timeout(30000);
  return fetch(path, {
    method, body, signal: limit, cache: 'no-store', redirect: 'manual', referrerPolicy: 'no-referrer',
    headers: { ...headers, ...(key ? { 'x-functions-key': key } : {}), ...(body ? { 'content-type': 'application/json' } : {}) },
  });
}

class Refused extends Error {}

/** The status; null where nothing has changed since the tag. */
async function readStatus(tag) {
  const answer = await send('GET', 'status', keys.read, tag ? { 'if-none-match': tag } : {});
  if (answer.type === 'opaqueredirect') throw new Error('The sign-in has ended: load the page again.');
  if (answer.status === 401 || answer.status === 403) throw new Refused();
  const date = Date.parse(answer.headers.get('date') ?? '');
  if (!Number.isNaN(date) && Math.abs(date - Date.now()) > 5000) clockOffset = date - Date.now();
  if (answer.status === 304) return null;
  if (!answer.ok) throw new Error(await problem(answer));
  return { status: await answer.json(), tag: answer.headers.get('etag') };
}

async function problem(answer) {
  try {
    const { title, detail } = await answer.json();
    return [title, detail].filter(Boolean).join(': ') || `The app answered ${answer.status}.`;
  } catch {
    return `The app answered ${answer.status}.`;
  }
}

/** Does something. Asks for a key that may, as often as it takes; false where there was none, or the app refused. */
async function act(operation, method, path, order) {
  const tried = new Set();
  const candidates = [keys.act.get(operation), ...keys.act.values(), keys.read].filter((key) => key !== undefined);
  for (;;) {
    let key = candidates.find((candidate) => !tried.has(candidate));
    if (key === undefined) {
      key = (await ask({
        title: 'A key that may act',
        text: `${tried.size > 1 ? 'That key may not do this either.' : 'The key that opened this page may read, but not act.'} Paste one that may; it is kept in memory until the tab closes.`,
        field: 'Acting key', secret: true, yes: 'Use it',
      }))?.trim();
      if (!key) { toast('Not done: no key that may act.'); return false; }
      tried.delete(key);
    }
    tried.add(key);
    let answer;
    try {
      answer = await send(method, path, key, operation === 'start' ? { 'idempotency-key': crypto.randomUUID() } : {}, order ? JSON.stringify(order) : undefined);
    } catch {
      toast('No answer came: it may have been done or not. Look before you try again.');
      return false;
    }
    if (answer.status === 401) { if (keys.act.get(operation) === key) keys.act.delete(operation); continue; }
    if (key !== keys.read) keys.act.set(operation, key);
    if (answer.ok) return answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    toast(await problem(answer));
    return false;
  }
}

let toastTimer;
function toast(text) {
  say(byId('toast'), text);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => say(byId('toast'), ''), 8000);
}

/** Asks a person; gives what was typed (true where there is no field), or null. */
function ask({ title, text, field, secret, yes, danger }) {
  const [dialog, input] = [byId('ask'), byId('ask-input')];
  say(byId('ask-title'), title);
  say(byId('ask-text'), text);
  say(byId('ask-yes'), yes);
  byId('ask-yes').classList.toggle('danger', danger === true);
  byId('ask-field').hidden = !field;
  say(byId('ask-label'), field ?? '');
  input.type = secret ? 'password' : 'text';
  input.required = Boolean(field);
  input.value = '';
  dialog.returnValue = 'no';
  dialog.showModal();
  (field ? input : byId('ask-yes')).focus();
  return new Promise((resolve) => dialog.addEventListener('close', () => {
    const answer = dialog.returnValue === 'yes' ? (field ? input.value : true) : null;
    input.value = '';
    resolve(answer);
  }, { once: true }));
}
