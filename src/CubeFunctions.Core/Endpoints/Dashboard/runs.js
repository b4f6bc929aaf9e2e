// Runs under way and ended, records per day, and the figures at the top.

const Words = { PartiallySucceeded: 'partly failed' };
const RecentShown = 12;

function renderRuns(runs) {
  const isOpen = (run) => run.status === 'Running' || run.status === 'Planning';
  keep(byId('under-way'), runs.filter(isOpen), (run) => run.runId, createRun, updateRun);
  const ended = runs.filter((run) => !isOpen(run)).slice(0, RecentShown);
  keep(byId('recent').tBodies[0], ended, (run) => run.runId, (run) => h('tr', { title: run.runId }, h('td', {}), h('td', {}, run.kind), h('td', { class: 'num' }), h('td', { class: 'num' }), h('td', {})), (line, run) => {
    const [started, , took, records, outcome] = line.children;
    say(started, at(run.startedAt));
    say(took, run.completedAt ? lasted(Date.parse(run.completedAt) - Date.parse(run.startedAt)) : '');
    say(records, count.format(run.records));
    say(outcome, [Words[run.status] ?? run.status.toLowerCase(), run.failed ? `${count.format(run.failed)} failed` : '', run.unproven ? `${count.format(run.unproven)} unproven` : ''].filter(Boolean).join(', '));
    outcome.className = run.status === 'Failed' || run.failed ? 'bad-text' : run.unproven ? 'warn-text' : run.status === 'Cancelled' ? 'muted' : 'ok-text';
  });
  byId('recent').hidden = ended.length === 0;
  byId('no-runs').hidden = ended.length > 0;
}

function createRun(run) {
  const title = h('h3', { id: `run-${run.runId}` });
  return h('article', { class: 'card run', 'aria-labelledby': title.id },
    h('div', { class: 'line' }, title, actButton({
      label: 'Cancel', done: 'Cancelled: no page is read after a few seconds.',
      run: sureTo({ title: 'Cancel this run?', text: `${run.kind} run, started ${at(run.startedAt)}. What it has proven stays; a later run goes on from there.`, yes: 'Cancel the run' }, () => act('cancel', 'POST', `runs/${encodeURIComponent(run.runId)}/cancel`)),
    }, `Cancel: ${run.kind} run of ${at(run.startedAt)}`)),
    h('progress', { max: '1', 'aria-labelledby': title.id }), h('p', { class: 'muted' }));
}

function updateRun(element, run) {
  const done = run.succeeded + run.failed + run.unproven;
  say(element.querySelector('h3'), `${run.kind} run, for ${lasted(age(run.startedAt))}`);
  const bar = element.querySelector('progress');
  bar.value = run.items > 0 ? done / run.items : 0;
  bar.hidden = run.status === 'Planning';
  say(element.querySelector('p'), run.status === 'Planning' ? 'being planned' : [
    `${count.format(done)} of ${many(run.items, 'item')}`, run.inHand ? `${count.format(run.inHand)} in hand` : '', run.failed ? `${count.format(run.failed)} failed` : '', run.unproven ? `${count.format(run.unproven)} unproven` : '',
  ].filter(Boolean).join(', '));
}

const Svg = 'http://www.w3.org/2000/svg';
const DaysShown = 14;

function renderDays(feeds) {
  byId('no-days').hidden = feeds.length > 0;
  byId('days').hidden = feeds.length === 0;
  keep(byId('days'), feeds, (feed) => feed.feed, () => {
    const svg = document.createElementNS(Svg, 'svg');
    svg.setAttribute('viewBox', `0 0 ${DaysShown * 10} 30`);
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('role', 'img');
    return h('li', {}, h('span', { class: 'feed' }), svg, h('span', { class: 'value' }));
  }, (line, feed) => {
    const [name, svg, value] = line.children;
    const last = feed.days.at(-1);
    say(name, feed.feed);
    const text = feed.days.map((day) => `${day.day}: ${count.format(day.records)}`).join(', ');
    if (svg.getAttribute('aria-label') !== text) {
      svg.setAttribute('aria-label', text || 'no day yet');
      svg.replaceChildren(...barsOf(feed.days));
      value.replaceChildren(last ? count.format(last.records) : '–', h('span', {}, last ? (feed.dated ? shortDay(last.day) : `on ${shortDay(last.day)}`) : 'no day yet'));
    }
  });
}

function shortDay(day) { return new Date(`${day}T12:00:00Z`).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }); }

function barsOf(days) {
  if (days.length === 0) return [];
  const most = Math.max(1, ...days.map((day) => day.records));
  const end = Date.parse(days.at(-1).day);
  return days.map((day) => {
    const place = DaysShown - 1 - Math.round((end - Date.parse(day.day)) / 864e5);
    const height = Math.max(1, 28 * day.records / most);
    const bar = document.createElementNS(Svg, 'rect');
    for (const [attribute, value] of Object.entries({ x: place * 10 + 1, y: 30 - height, width: 8, height, rx: 1.5 })) bar.setAttribute(attribute, value);
    if (day === days.at(-1)) bar.classList.add('last');
    const title = document.createElementNS(Svg, 'title');
    title.textContent = `${day.day}: ${count.format(day.records)}`;
    bar.append(title);
    return place < 0 ? null : bar;
  }).filter(Boolean);
}

function renderTiles(status, scopes) {
  const live = scopes.filter((row) => row.level !== 'retired');
  const fresh = live.filter((row) => row.level === 'fresh').length;
  const open = status.runs.filter((run) => run.status === 'Running' || run.status === 'Planning');
  const last = status.runs.find((run) => run.completedAt);
  const since = [...status.gaps.filter((gap) => !gap.acceptedBy).map((gap) => gap.since), ...(status.backlog.unprovenItems ?? []).map((item) => item.at)].filter(Boolean).sort()[0];
  const unproven = (status.backlog.unprovenItems ?? []).length + status.gaps.filter((gap) => !gap.acceptedBy).length;
  const lane = (label, lane) => ({
    label, value: count.format(lane.waiting), unit: 'waiting', sub: [lane.waiting > 0 && lane.oldestWaiting ? `oldest ${lasted(age(lane.oldestWaiting))}` : '', lane.dead > 0 ? `${count.format(lane.dead)} dead or held` : 'none dead'].filter(Boolean).join(', '), level: lane.dead > 0 ? 'bad-text' : '',
  });
  const tiles = [
    { label: 'Fresh', value: live.length === 0 ? '–' : `${Math.floor(100 * fresh / live.length)} %`, unit: '', sub: live.length === 0 ? 'no scope is known' : `${count.format(fresh)} of ${many(live.length, 'scope and feed', 'scopes and feeds')}`, level: '' },
    { label: 'Under way', value: count.format(open.length), unit: open.length === 1 ? 'run' : 'runs', sub: last ? `last ended ${ago(last.completedAt)}: ${(Words[last.status] ?? last.status).toLowerCase()}` : 'none has ended lately', level: last && (last.failed || last.status === 'Failed') ? 'bad-text' : '' },
    { label: 'Unproven and gaps', value: count.format(unproven), unit: '', sub: since ? `since ${lasted(age(since))}` : live.length === 0 ? '' : 'everything read is proven', level: unproven ? 'warn-text' : '' },
    lane('Upserts to Cube', status.backlog.upserts),
    lane('Changes to the CRM', status.backlog.changes),
  ];
  keep(byId('tiles'), tiles, (tile) => tile.label, (tile) => h('li', {}, h('div', { class: 'label' }, tile.label), h('div', { class: 'value' }, h('span', {}), h('small', {})), h('div', { class: 'sub' })), (element, tile) => {
    say(element.children[1].firstChild, tile.value);
    say(element.children[1].lastChild, tile.unit);
    say(element.lastChild, tile.sub);
    element.lastChild.className = `sub ${tile.level}`;
  });
}
