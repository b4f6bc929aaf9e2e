// The page: asks for the status again and again, and shows the last one that came.

const Every = 10000;
const WhileRunning = 4000;
const WhileHidden = 60000;
const Colours = { ok: '#23705a', warn: '#c98a1b', bad: '#c0392b', none: '#7b868c' };
let known = null;
let asked = null;
let failures = 0;
let timer;
const names = new Map();
const dated = new Set();

function render() {
  if (!known) return;
  const { status } = known;
  const feeds = new Map(status.feeds.map((feed) => [feed.feed, feed]));
  const scopes = status.scopes.map((row) => ({ ...row, name: nameOf(row.scope, row.scopeId), level: levelOf(row, feeds.get(row.feed)) }));
  const groups = groupsOf(status, scopes);
  renderTiles(status, scopes);
  renderAttention(groups);
  renderScopes(scopes);
  renderRuns(status.runs);
  renderDays([...status.feeds].sort((a, b) => inOrder(a.feed, b.feed)));
  renderVerdict(groups, scopes);
}

function takeIn(status) {
  names.clear();
  dated.clear();
  for (const campaign of status.campaigns) names.set(campaign.id, campaign.name);
  for (const feed of status.feeds) if (feed.dated) dated.add(feed.feed);
}

function renderVerdict(groups, scopes) {
  const things = groups.filter((group) => group.id !== 'late').reduce((sum, group) => sum + group.rows.length, 0);
  const level = groups.some((group) => group.level === 'bad') ? 'bad' : groups.length > 0 ? 'warn' : scopes.length === 0 ? 'none' : 'ok';
  const text = things > 0 ? `${many(things, 'thing needs', 'things need')} attention` : groups.length > 0 ? 'Not all is fresh' : scopes.length === 0 ? 'Nothing has been read yet' : 'All is fresh';
  const verdict = byId('verdict');
  say(verdict, text);
  verdict.className = level;
  document.title = things > 0 ? `(${things}) CubeFunctions` : 'CubeFunctions';
  byId('icon').href = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${Colours[level]}"/></svg>`)}`;
}

function renderSince() {
  say(byId('freshness'), known ? `as of ${ago(new Date(known.at).toISOString())}${failures > 0 ? ', not answered since' : ''}` : '');
}

/** Nothing of what was shown stays when the key is not taken. */
function lock(fault) {
  known = null;
  names.clear();
  for (const id of ['tiles', 'groups', 'grids', 'under-way', 'days']) { byId(id).replaceChildren(); byId(id).kept = undefined; }
  byId('recent').tBodies[0].replaceChildren();
  byId('recent').tBodies[0].kept = undefined;
  for (const id of ['verdict', 'freshness', 'cell']) say(byId(id), '');
  byId('board').hidden = true;
  byId('trouble').hidden = true;
  byId('door').hidden = false;
  document.title = 'CubeFunctions';
  say(byId('door-fault'), fault);
  byId('door-key').focus();
}

async function poll() {
  clearTimeout(timer);
  const key = keys.read;
  const asking = asked = Symbol('asked');
  try {
    const answer = await readStatus(known?.tag);
    if (asked !== asking) return;
    failures = 0;
    known = { ...(answer ?? known), at: now() };
    if (answer) takeIn(answer.status);
    byId('door').hidden = true;
    byId('board').hidden = false;
    byId('trouble').hidden = true;
    byId('board').classList.remove('out-of-date');
    render();
  } catch (error) {
    if (asked !== asking) return;
    if (error instanceof Refused) { keys.read = ''; lock(key ? 'This key is not accepted.' : ''); return; }
    failures++;
    byId('trouble').hidden = false;
    byId('board').classList.toggle('out-of-date', known !== null);
    say(byId('trouble'), `${error instanceof TypeError || error.name === 'TimeoutError' ? 'The app does not answer.' : error.message} ${known ? `What is shown is from ${at(new Date(known.at).toISOString())}.` : ''} It is asked again.`);
  }
  renderSince();
  const isRunning = known?.status.runs.some((run) => run.status === 'Running' || run.status === 'Planning');
  const wait = document.hidden ? WhileHidden : failures > 0 ? Math.min(60000, 2000 * 2 ** failures) : isRunning ? WhileRunning : Every;
  timer = setTimeout(poll, wait);
}

byId('door').addEventListener('submit', (event) => {
  event.preventDefault();
  keys.read = byId('door-key').value.trim();
  byId('door-key').value = '';
  poll();
});
byId('filter').addEventListener('input', (event) => { [view.filter, view.shown] = [event.target.value, RowsAtOnce]; render(); });
byId('only-stale').addEventListener('change', (event) => { view.onlyStale = event.target.checked; render(); });
byId('as-table').addEventListener('change', (event) => { view.asTable = event.target.checked; render(); });
byId('start').addEventListener('click', async () => { if (await act('start', 'POST', 'runs', {})) { toast('A run was started.'); poll(); } });
document.addEventListener('visibilitychange', () => { if (!document.hidden && byId('door').hidden) poll(); });
window.addEventListener('hashchange', () => { if (takeKey()) { lock(''); poll(); } });
setInterval(renderSince, 1000);
byId('ask-no').addEventListener('click', () => byId('ask').close('no'));
listenToCells();
takeKey();
poll();
