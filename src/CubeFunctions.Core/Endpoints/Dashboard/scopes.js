// Freshness of each scope and feed: a map of cells where there are many scopes, a table of names where there are few.

const FewScopes = 30;
const RowsAtOnce = 60;
const KindsInOrder = ['campaign', 'assignment', 'crm', 'tenant'];
const ManyCells = 150;
const Worst = ['old', 'stale', 'never', 'ageing', 'fresh', 'retired'];
const LevelWords = { fresh: 'fresh', ageing: 'ageing', stale: 'stale', old: 'long stale', never: 'never proven', retired: 'read no more' };
const view = { filter: '', onlyStale: false, asTable: null, shown: RowsAtOnce };

/** Feeds that are read by days come first: they change most. */
function inOrder(a, b) { return (dated.has(b) - dated.has(a)) || a.localeCompare(b); }

function nameOf(scope, id) {
  if (scope === 'tenant') return 'Tenant';
  const name = scope === 'campaign' ? names.get(id) : undefined;
  return name ?? `${scope === 'crm' ? 'CRM' : scope[0].toUpperCase() + scope.slice(1)} ${id}`;
}

function levelOf(row, feed) {
  if (row.retired) return 'retired';
  if (!row.provenAt) return 'never';
  const hours = age(row.provenAt) / 3600e3;
  const stale = feed?.staleAfterHours ?? 36;
  if (hours <= stale * (feed?.dated ? 1 / 3 : 3 / 4)) return 'fresh';
  return hours <= stale ? 'ageing' : hours <= stale * 4 ? 'stale' : 'old';
}

function cellText(row) {
  return [
    `${row.name}${names.has(row.scopeId) && row.scope === 'campaign' ? ` (${row.scopeId})` : ''}, ${row.feed}: ${LevelWords[row.level]}`,
    row.retired ? row.retired : row.provenAt ? `proven ${ago(row.provenAt)}` : '',
    row.through ? `complete through ${row.through}` : '',
    row.deletionsHeldBack ? 'deletions held back' : '',
  ].filter(Boolean).join(', ');
}

function renderScopes(scopes) {
  byId('tools').hidden = byId('legend').hidden = scopes.length === 0;
  const wanted = view.filter.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const isShown = (row) => (!view.onlyStale || !['fresh', 'retired'].includes(row.level))
    && wanted.every((word) => `${row.name} ${row.scopeId} ${row.feed} ${row.scope}`.toLowerCase().includes(word));
  const shown = scopes.filter(isShown);
  const asTable = view.asTable ?? new Set(scopes.map((row) => `${row.scope}=${row.scopeId}`)).size <= FewScopes;
  byId('as-table').checked = asTable;
  const kinds = [...new Set(shown.map((row) => row.scope))].sort((a, b) => KindsInOrder.indexOf(a) - KindsInOrder.indexOf(b)).map((kind) => ({ kind, asTable, rows: shown.filter((row) => row.scope === kind) }));
  const grids = byId('grids');
  keep(grids, kinds.length > 0 ? kinds : [{ kind: '', rows: [] }], (set) => `${set.kind}|${set.asTable}`,
    (set) => set.kind ? h('div', { class: 'grid-set' }) : h('p', { class: 'muted' }),
    (element, set) => {
      if (!set.kind) say(element, scopes.length === 0 ? 'Nothing has been read yet. The first run lists the campaigns and makes a row for each.' : 'No scope and feed is like that.');
      else if (set.asTable) renderTable(element, set.kind, set.rows);
      else renderMap(element, set.kind, set.rows);
    });
}

function renderMap(element, kind, rows) {
  const feeds = new Map();
  for (const row of rows) { if (feeds.has(row.feed)) feeds.get(row.feed).push(row); else feeds.set(row.feed, [row]); }
  keep(element, [...feeds].sort(([a], [b]) => inOrder(a, b)), ([feed]) => feed, createStrip, (strip, [feed, its]) => updateStrip(strip, feed, kind, its));
}

function createStrip() {
  return h('div', { class: 'strip' }, h('p', { class: 'name' }, h('b', {}), h('span', {})), h('div', { role: 'grid' }, h('div', { class: 'cells', role: 'row' })));
}

function updateStrip(strip, feed, kind, rows) {
  const cells = strip.lastChild;
  cells.firstChild.classList.toggle('dense', rows.length > ManyCells);
  const late = rows.filter((row) => ['stale', 'old', 'never'].includes(row.level)).length;
  say(strip.firstChild.firstChild, feed);
  say(strip.firstChild.lastChild, `${many(rows.length, kind === 'crm' ? 'CRM' : kind)}${late > 0 ? `, ${count.format(late)} not fresh` : ''}`);
  cells.setAttribute('aria-label', `${feed}: freshness by ${kind}. Arrow keys move.`);
  keep(cells.firstChild, rows, (row) => row.scopeId, () => h('span', { role: 'gridcell', tabindex: '-1' }), (cell, row) => {
    const text = cellText(row);
    if (cell.text !== text) {
      cell.text = text;
      cell.className = `heat ${row.level}`;
      cell.setAttribute('aria-label', text);
      cell.textContent = ['stale', 'old', 'never'].includes(row.level) ? '!' : row.deletionsHeldBack ? '–' : '';
    }
  });
  if (!cells.querySelector('[tabindex="0"]')) cells.firstChild.firstChild?.setAttribute('tabindex', '0');
}

function renderTable(element, kind, rows) {
  const feeds = [...new Set(rows.map((row) => row.feed))].sort(inOrder);
  const scopes = new Map();
  for (const row of rows) { if (scopes.has(row.scopeId)) scopes.get(row.scopeId).push(row); else scopes.set(row.scopeId, [row]); }
  const worst = (its) => Math.min(...its.map((row) => Worst.indexOf(row.level)));
  const ordered = [...scopes.values()].sort((a, b) => worst(a) - worst(b) || a[0].name.localeCompare(b[0].name, undefined, { numeric: true }));
  const cut = ordered.slice(0, view.shown);
  keep(element, [feeds.join()], (key) => key, () => h('div', {},
    h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Freshness by ${kind}` }, h('table', { class: 'names' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, kind === 'crm' ? 'CRM' : kind[0].toUpperCase() + kind.slice(1)), feeds.map((feed) => h('th', { scope: 'col' }, feed)))), h('tbody', {}))),
    h('button', { class: 'plain', onclick: () => { view.shown += 200; render(); } })), (set) => {
    keep(set.querySelector('tbody'), cut, (its) => its[0].scopeId, () => h('tr', {}, h('th', { scope: 'row' }, h('span', {}), ' ', h('span', { class: 'muted' })), feeds.map(() => h('td', {}, h('span', {})))), (line, its) => {
      say(line.firstChild.firstChild, its[0].name);
      say(line.firstChild.lastChild, its[0].name.endsWith(its[0].scopeId) ? '' : its[0].scopeId);
      feeds.forEach((feed, i) => {
        const [cell, row] = [line.children[i + 1].firstChild, its.find((one) => one.feed === feed)];
        cell.className = row ? `heat ${row.level}` : '';
        say(cell, row ? (row.retired ? LevelWords.retired : row.provenAt ? `${lasted(age(row.provenAt))}${row.level === 'fresh' ? '' : ` ${LevelWords[row.level]}`}` : LevelWords.never) + (row.deletionsHeldBack ? ', held back' : '') : '');
        if (row) cell.title = cellText(row);
      });
    });
    const more = set.querySelector('button');
    more.hidden = ordered.length <= view.shown;
    say(more, `Show more of ${count.format(ordered.length)}`);
  });
}

/** Arrow keys move within a strip; what a cell means is shown below. */
function listenToCells() {
  const grids = byId('grids');
  const show = (event) => { if (event.target.text) say(byId('cell'), event.target.text); };
  grids.addEventListener('mouseover', show);
  grids.addEventListener('focusin', show);
  grids.addEventListener('click', (event) => { if (event.target.text) moveTo(event.target); });
  grids.addEventListener('keydown', (event) => {
    const cell = event.target;
    if (!cell.text) return;
    const cells = [...cell.parentElement.children];
    const place = cells.indexOf(cell);
    const wide = cells.filter((other) => other.offsetTop === cells[0].offsetTop).length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide, Home: -place, End: cells.length - 1 - place }[event.key];
    const next = step === undefined ? null : cells[Math.max(0, Math.min(cells.length - 1, place + step))];
    if (next) { event.preventDefault(); moveTo(next); }
  });
}

function moveTo(cell) {
  cell.closest('[role=grid]').querySelector('[tabindex="0"]')?.setAttribute('tabindex', '-1');
  cell.setAttribute('tabindex', '0');
  cell.focus();
}
