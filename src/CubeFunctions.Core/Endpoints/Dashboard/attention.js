// What a person may have to do something about, the worst first, with what can be done.

const RowsShown = 3;
const MostRows = 200;
const opened = new Set();

function scopeAndFeed(item) { return `${nameOf(item.scope, item.scopeId)} · ${item.feed}`; }

/** A stream is named by feed and scope: customers|assignment=17. */
function streamName(source) {
  const parts = /^([^|]+)\|([a-z]+)=(.+)$/.exec(source);
  return parts ? `${nameOf(parts[2], parts[3])} · ${parts[1]}` : source;
}

function replay(what, ids) { return () => act('replay', 'POST', 'replay', { what, ids }); }

function sureTo(question, operate) { return async () => (await ask({ ...question, danger: true })) ? operate() : false; }

function drop(what, ids, text) {
  return sureTo({ title: 'Give it up?', text: `${text} It is not sent again.`, yes: 'Give up' }, () => act('drop', 'POST', 'drop', { what, ids }));
}

const PauseWords = { cube: 'Requests to Cube', writes: 'Writes to Cube', receiver: 'Changes to the CRM' };

function pauseRow(pause) {
  return {
    key: pause.name, what: PauseWords[pause.name] ?? pause.name, why: [pause.reason, pause.until ? `until ${at(pause.until)}` : 'until it is lifted', pause.askedBy ? `asked by ${pause.askedBy}` : ''].filter(Boolean).join(', '),
    since: pause.since, acts: [{ label: 'Lift', done: 'Lifted.', run: () => act('lift', 'DELETE', `pauses/${encodeURIComponent(pause.name)}`) }],
  };
}

/** One cause is one row, however many scopes it hits. */
function failedRows(items) {
  const reasons = new Map();
  for (const item of items) reasons.set(item.reason, [...reasons.get(item.reason) ?? [], item]);
  return [...reasons].map(([reason, its]) => ({
    key: reason, what: its.slice(0, 3).map(scopeAndFeed).join(', ') + (its.length > 3 ? ` and ${count.format(its.length - 3)} more` : ''), why: reason,
    since: its.map((item) => item.at).filter(Boolean).sort()[0], acts: [{ label: 'Replay', done: 'A run reads them again.', run: replay('sync', its.map((item) => item.id)) }],
  }));
}

function deadRow(what, entry, title) {
  return {
    key: entry.id, what: title, why: entry.reason ?? 'no reason was kept', since: entry.at, acts: [
      { label: 'Replay', done: 'Sent again.', run: replay(what, [entry.id]) },
      { label: 'Drop', done: 'Given up.', run: drop(what, [entry.id], `${title}.`) },
    ],
  };
}

function heldRow(entry) {
  const title = streamName(entry.source);
  return {
    key: entry.id, what: `${title}: ${many(entry.count, 'record is', 'records are')} absent`, why: entry.reason, since: entry.at, acts: [{
      label: 'Release', done: 'Released: the next reading publishes them.',
      run: sureTo({ title: 'Are these deletions true?', text: `${title}: ${many(entry.count, 'record')} will be published as deleted. A lost permission looks the same; look into Cube first.`, yes: 'Release' }, replay('changes', [entry.id])),
    }],
  };
}

function gapRow(gap) {
  return {
    key: gap.id, what: `${scopeAndFeed(gap)} · ${gap.day ?? 'the whole list'}`, why: `Cube counts ${count.format(gap.reportedCount)} and gives ${count.format(gap.records)}`, since: gap.since, acts: [{
      label: 'Accept', done: 'Accepted: it is read no more.', run: async () => {
        const by = await ask({ title: 'Accept this gap?', text: `${scopeAndFeed(gap)}, ${gap.day ?? 'the whole list'}: the missing records are known to be invisible to this user. ${gap.day ? 'The day is read no more.' : 'The list is read on; nothing is concluded from what it lacks.'}`, field: 'Your name', yes: 'Accept' });
        return by?.trim() ? act('accept', 'POST', `gaps/${encodeURIComponent(gap.id)}/accept`, { by: by.trim() }) : false;
      },
    }],
  };
}

function groupsOf(status, scopes) {
  const { upserts, changes, failedItems, unprovenItems = [] } = status.backlog;
  const dead = { upserts: upserts.oldest.filter((entry) => entry.state === 'dead'), changes: changes.oldest.filter((entry) => entry.state === 'dead') };
  const held = changes.oldest.filter((entry) => entry.state === 'held back');
  const gaps = status.gaps.filter((gap) => !gap.acceptedBy);
  const late = scopes.filter((row) => ['stale', 'old'].includes(row.level));
  const proven = new Map(scopes.map((row) => [`${row.scope}|${row.scopeId}|${row.feed}`, row.provenAt]));
  const allDead = (what, entries, one) => entries.length < 2 ? [] : [
    { label: 'Replay all', done: 'Sent again.', run: replay(what, []) },
    { label: 'Drop all', done: 'Given up.', run: drop(what, [], `All ${one}s.`) },
  ];
  return [
    { id: 'pauses', title: 'Pauses', level: 'warn', rows: status.pauses.map(pauseRow) },
    { id: 'failed', title: 'Failed items', level: 'bad', total: failedItems.length, rows: failedRows(failedItems) },
    { id: 'held', title: 'Deletions held back', level: 'bad', rows: held.map(heldRow) },
    { id: 'upserts', title: 'Dead upserts', level: 'bad', total: upserts.dead, rows: dead.upserts.map((entry) => deadRow('upserts', entry, `${entry.source} · ${entry.id.slice(-12)}`)), all: allDead('upserts', dead.upserts, 'dead upsert') },
    { id: 'changes', title: 'Dead deliveries', level: 'bad', rows: dead.changes.map((entry) => deadRow('changes', entry, `${streamName(entry.source)} · ${many(entry.count, 'change')}`)), all: allDead('changes', dead.changes, 'dead deliverie') },
    { id: 'gaps', title: 'Gaps', level: 'warn', rows: gaps.map(gapRow) },
    { id: 'unproven', title: 'Unproven', level: 'warn', rows: unprovenItems.map((item) => ({ key: item.id, what: scopeAndFeed(item), why: `${item.reason}. The next run reads it again.`, since: proven.get(`${item.scope}|${item.scopeId}|${item.feed}`) ?? item.at, acts: [] })) },
    { id: 'late', title: 'Not fresh', level: 'warn', rows: late.length === 0 ? [] : [{
      key: 'late', what: `${many(late.length, 'scope and feed', 'scopes and feeds')} not proven for too long`, why: `longest: ${late.reduce((a, b) => a.provenAt < b.provenAt ? a : b).name}`,
      since: late.map((row) => row.provenAt).sort()[0], acts: [{ label: 'Show', run: showLate }],
    }] },
  ].filter((group) => group.rows.length > 0);
}

function showLate() {
  [view.onlyStale, byId('only-stale').checked] = [true, true];
  render();
  byId('only-stale').focus();
  byId('fresh-title').scrollIntoView({ block: 'start' });
  return false;
}

function renderAttention(groups) {
  const root = byId('groups');
  const buttons = [...root.querySelectorAll('button')];
  const [focused, place] = [document.activeElement, buttons.indexOf(document.activeElement)];
  keep(root, groups, (group) => group.id, (group) => h('section', { class: `group ${group.level}`, 'aria-labelledby': `group-${group.id}` },
    h('header', {}, h('h3', { id: `group-${group.id}` }, group.title, h('span', { class: 'count' })), h('span', { class: 'acts' })), h('ul', {}), h('footer', {}, h('button', { class: 'plain' }))), updateGroup);
  byId('calm').hidden = groups.length > 0;
  if (place >= 0 && !focused.isConnected) {
    // What was acted on is gone: the next thing has the focus, so that the keyboard goes on from there.
    const left = root.querySelectorAll('button');
    (left[Math.min(place, left.length - 1)] ?? byId('attention')).focus();
  }
}

function updateGroup(element, group) {
  const [header, list, footer] = element.children;
  say(header.querySelector('.count'), count.format(group.total ?? group.rows.length));
  keep(header.querySelector('.acts'), group.all ?? [], (action) => action.label, (action) => actButton(action, `${action.label}: ${group.title}`), refreshAct);
  const shown = group.rows.slice(0, opened.has(group.id) ? MostRows : RowsShown);
  keep(list, shown, (row) => row.key, (row) => h('li', {}, h('div', {}, h('div', { class: 'what' }), h('div', { class: 'why' })), h('span', { class: 'since' }), h('span', { class: 'acts' })), (line, row) => {
    const [text, since, acts] = line.children;
    say(text.firstChild, row.what);
    say(text.lastChild, row.why ?? '');
    say(since, row.since ? lasted(age(row.since)) : '');
    if (row.since) since.title = `since ${row.since}`;
    keep(acts, row.acts, (action) => action.label, (action) => actButton(action, `${action.label}: ${row.what}`), refreshAct);
  });
  const more = footer.firstChild;
  footer.hidden = group.rows.length <= RowsShown;
  say(more, opened.has(group.id) ? 'Show fewer' : `Show ${count.format(Math.min(group.rows.length, MostRows) - RowsShown)} more`);
  more.onclick = () => { if (!opened.delete(group.id)) opened.add(group.id); render(); };
}

function refreshAct(button, action) { button.action = action; }

function actButton(action, name) {
  const button = h('button', { 'aria-label': name, onclick: async () => {
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    try {
      const done = await button.action.run();
      const left = done?.stillDead > 0 ? `${count.format(done.count)} sent again, ${count.format(done.stillDead)} stay dead as they are.` : null;
      if (done !== false) { toast(left ?? button.action.done); await poll(); }
    } finally {
      button.removeAttribute('aria-disabled');
    }
  } }, action.label);
  button.action = action;
  return button;
}
