/** The pane of lists: mine, waiting, the assistant's, all. An empty list says what to do. */

import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import { type Filter, filters, type Tab, tabs } from '../listing.ts';
import { groupName, groupNames, siteName, siteNames } from '../names.ts';
import { groupsOf } from '../select.ts';
import type { Store } from '../store.ts';
import { troubleText } from '../trouble.ts';
import { Heard } from './Heard.tsx';
import { Icon } from './Icon.tsx';
import { Row, rowHeight } from './Row.tsx';
import { Trouble } from './Trouble.tsx';
import { Windowed } from './Windowed.tsx';

const PAUSE = 250; // ms without a key before the server is asked

function countOf(store: Store, tab: Tab): string {
  if (tab === 'mine') return shown(store.unread.value);
  if (tab === 'waiting') return shown(store.waitingCount.value);
  const { state, ids, next } = store.lists.paged.value[tab];
  if (tab === 'all' || state === 'none' || !ids.length) return '';
  return next ? `${ids.length}+` : shown(ids.length);
}

const shown = (n: number) => (n > 99 ? '99+' : n ? String(n) : '');

function Tabs() {
  const store = useStore();
  const bar = useRef<HTMLDivElement>(null);
  const open = store.lists.tab.value;
  const move = (e: KeyboardEvent) => {
    const by = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
    if (!by) return;
    e.preventDefault();
    const i = (tabs.indexOf(open) + by + tabs.length) % tabs.length;
    store.lists.show(tabs[i] as Tab);
    bar.current?.querySelectorAll('button')[i]?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={t('list.label')} ref={bar} onKeyDown={move}>
      {tabs.map((tab) => (
        <button
          key={tab}
          type="button"
          role="tab"
          class="tab"
          id={`tab-${tab}`}
          aria-selected={open === tab}
          aria-controls="list-panel"
          tabIndex={open === tab ? 0 : -1}
          onClick={() => store.lists.show(tab)}
        >
          {t(`list.${tab}`)}
          {countOf(store, tab) && <span class={tab === 'mine' ? 'badge' : 'badge calm'}>{countOf(store, tab)}</span>}
        </button>
      ))}
    </div>
  );
}

/** The search, and what else narrows the list down: only where there is a choice. */
function Tools() {
  const store = useStore();
  const { lists } = store;
  const [text, setText] = useState(lists.search.value.text);
  const desk = store.people.value;
  const groups = groupsOf(desk);
  useEffect(() => {
    if (text === lists.search.value.text) return;
    const timer = setTimeout(() => void lists.find({ text }), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class="list-tools">
      <div class="search">
        <Icon name="search" size={18} />
        <input
          id="list-search"
          type="search"
          aria-label={t('list.search')}
          placeholder={t('list.search')}
          autoComplete="off"
          maxLength={64}
          value={text}
          onInput={({ currentTarget: { value } }) => setText(value)}
        />
      </div>
      {(groups.length > 1 || lists.tab.value === 'all') && (
        <div class="list-choices">
          {lists.tab.value === 'all' && (
            <select
              id="all-filter"
              class="select"
              aria-label={t('list.all.filter')}
              value={lists.filter.value}
              onChange={(e) => void lists.choose(e.currentTarget.value as Filter)}
            >
              {filters.map((f) => (
                <option key={f} value={f}>
                  {t(`list.filter.${f}`)}
                </option>
              ))}
            </select>
          )}
          {lists.tab.value === 'all' && <Whose />}
          {groups.length > 1 && (
            <select
              id="list-group"
              class="select"
              aria-label={t('list.group')}
              value={lists.search.value.group}
              onChange={(e) => void lists.find({ group: e.currentTarget.value })}
            >
              <option value="">{t('list.anyGroup')}</option>
              {groups.map((g) => (
                <option key={g} value={g}>
                  {groupName(g)}
                </option>
              ))}
            </select>
          )}
        </div>
      )}
    </div>
  );
}

/** Of all conversations, those that somebody holds, and those of a site where there are several. */
function Whose() {
  const { lists, people } = useStore();
  const { agent, site } = lists.search.value;
  const agents = Object.values(people.value.agents).sort((a, b) => a.name.localeCompare(b.name));
  const sites = Object.keys(siteNames.value);
  return (
    <>
      {agents.length > 1 && (
        <select
          class="select"
          aria-label={t('list.agent')}
          value={agent}
          onChange={(e) => void lists.find({ agent: e.currentTarget.value })}
        >
          <option value="">{t('list.anyAgent')}</option>
          {agents.map((a) => (
            <option key={a.id} value={a.id}>
              {a.name}
            </option>
          ))}
        </select>
      )}
      {sites.length > 1 && (
        <select
          class="select"
          aria-label={t('list.site')}
          value={site}
          onChange={(e) => void lists.find({ site: e.currentTarget.value })}
        >
          <option value="">{t('list.anySite')}</option>
          {sites.map((s) => (
            <option key={s} value={s}>
              {siteName(s)}
            </option>
          ))}
        </select>
      )}
    </>
  );
}

function Blank({ icon, title, hint }: { icon: 'inbox' | 'search'; title: string; hint: string }) {
  return (
    <div class="blank">
      <Icon name={icon} size={40} />
      <h2>{title}</h2>
      <p>{hint}</p>
    </div>
  );
}

function Empty() {
  const store = useStore();
  const tab = store.lists.tab.value;
  const { text, group, agent, site } = store.lists.search.value;
  if (text || group || agent || site) return <Blank icon="search" title={t('list.none')} hint={t('list.noneHint')} />;
  if (tab !== 'mine') return <Blank icon="inbox" title={t(`list.${tab}.empty`)} hint={t(`list.${tab}.emptyHint`)} />;
  return <EmptyMine />;
}

function EmptyMine() {
  const store = useStore();
  const { me, agents } = store.people.value;
  const offline = agents[me.id]?.status === 'offline';
  const n = store.waitingCount.value;
  return (
    <div class="blank">
      <Icon name="chat" size={40} />
      <h2>{t('list.mine.empty')}</h2>
      <p>{offline ? t('list.mine.emptyOffline') : n > 0 ? t('list.mine.emptyWaiting', { n }) : t('list.mine.emptyCalm')}</p>
      {offline ? (
        <button type="button" class="button primary" onClick={() => store.live.value?.status({ status: 'online' })}>
          {t('list.mine.goOnline')}
        </button>
      ) : (
        n > 0 && (
          <button type="button" class="button" onClick={() => store.lists.show('waiting')}>
            {t('list.mine.seeWaiting')}
          </button>
        )
      )}
    </div>
  );
}

/** The end of a list that comes in pages. */
function Foot({ tab }: { tab: 'bot' | 'all' }) {
  const store = useStore();
  const { state, next, ids } = store.lists.paged.value[tab];
  if (state === 'failed')
    return (
      <div class="list-more">
        <Trouble text={t('list.all.failed')} />
        <button
          type="button"
          class="button wide"
          onClick={() => void (ids.length && next ? store.lists.more() : store.lists.refresh())}
        >
          {t('app.retry')}
        </button>
      </div>
    );
  if (state === 'loading') return <p class="log-edge">{t('app.loading')}</p>;
  if (!next) return null;
  return (
    <div class="list-more">
      <button type="button" class="button wide" onClick={() => void store.lists.more()}>
        {t(store.lists.search.value.text ? 'list.all.further' : 'list.all.more')}
      </button>
    </div>
  );
}

/** What was refused in a row, above the list: a row has no room for it. */
function Refusals({ rows }: { rows: readonly string[] }) {
  const store = useStore();
  const shape = store.lists.shape.value;
  const refused = useMemo(
    () => rows.flatMap((id) => store.desk.peek().chats.get(id) ?? []).filter((c) => c.trouble),
    [rows, shape],
  );
  const found = refused.filter((c) => c.id !== store.selected.value);
  return (
    <>
      {found.slice(0, 3).map((c) => (
        <Trouble
          key={c.id}
          text={troubleText(c.trouble!, c, store.people.value)}
          onDismiss={() => store.live.value?.dismiss(c.id)}
        />
      ))}
    </>
  );
}

/** Up and down move the focus from row to row; so Tab leaves the list at once, however long it is. */
function useRoving(store: Store, rows: readonly string[]) {
  const [focus, setFocus] = useState<string>();
  const wanted = focus ?? store.selected.value;
  const active = wanted && rows.includes(wanted) ? wanted : rows[0];
  const key = (e: KeyboardEvent) => {
    const by = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
    if (!by || !(e.target instanceof Element && e.target.matches('.row button'))) return;
    e.preventDefault();
    const next = rows[rows.indexOf(active ?? '') + by];
    if (!next) return;
    setFocus(next);
    store.revealRow(next);
  };
  useEffect(() => setFocus(undefined), [store.selected.value]);
  return { active, key };
}

const keyOf = (id: string) => id;

/** How high the rows of a list are: another function whenever one may be higher or lower than it was. */
function useHeights(store: Store, tab: Tab): (id: string) => number {
  return useCallback(
    (id) => {
      const chat = store.desk.peek().chats.get(id);
      return chat ? rowHeight(chat, tab) : 0;
    },
    [tab, store.lists.shape.value, groupNames.value],
  );
}

/** The pane on the left; on a phone, the first page. */
export function Lists() {
  const store = useStore();
  const tab = store.lists.tab.value;
  const rows = store.lists.rows.value;
  const paged = tab === 'bot' || tab === 'all' ? tab : undefined;
  const here = store.live.value && store.people.value.agents[store.people.value.me.id];
  const settled = paged ? store.lists.paged.value[paged].state === 'ready' : !!here;
  const { active, key } = useRoving(store, rows);
  const heights = useHeights(store, tab);
  const reveal = store.revealed.value;
  const more = paged && settled && store.lists.paged.value[paged].next ? () => void store.lists.more() : undefined;
  return (
    <nav class="side" aria-label={t('list.label')} onKeyDown={key}>
      <Tabs />
      <Tools />
      <div class="list-panel" role="tabpanel" id="list-panel" aria-labelledby={`tab-${tab}`}>
        <Refusals rows={rows} />
        {rows.length === 0 && settled && <Empty />}
        {rows.length === 0 && !settled && !paged && <p class="log-edge">{t('app.loading')}</p>}
        {rows.length > 0 && (
          <Windowed
            key={tab}
            items={rows}
            heightOf={heights}
            keyOf={keyOf}
            label={t(`list.${tab}`)}
            reveal={reveal && { key: reveal.id, n: reveal.n }}
            {...(more && !store.lists.search.value.text ? { onEnd: more } : {})}
            row={(id, i) => <Row key={id} id={id} tab={tab} tabbable={id === active} place={i + 1} of={rows.length} />}
            foot={paged && <Foot tab={paged} />}
          />
        )}
        {rows.length === 0 && paged && <Foot tab={paged} />}
        {tab === 'all' && settled && <Heard />}
      </div>
    </nav>
  );
}
