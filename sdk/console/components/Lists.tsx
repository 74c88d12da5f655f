/** The pane of lists: mine, waiting, all. An empty list says what to do. */
import { useRef } from 'preact/hooks';
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import type { Filter, Tab } from '../store.ts';
import { Icon } from './Icon.tsx';
import { Row } from './Row.tsx';
import { Trouble } from './Trouble.tsx';

const tabs: readonly Tab[] = ['mine', 'waiting', 'all'];
const filters: readonly Filter[] = ['any', 'held', 'bot', 'closed'];

function Tabs() {
  const store = useStore();
  const bar = useRef<HTMLDivElement>(null);
  const counts: Record<Tab, number> = { mine: store.unread.value, waiting: store.waitingCount.value, all: 0 };
  const move = (e: KeyboardEvent) => {
    const by = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
    if (!by) return;
    e.preventDefault();
    const i = (tabs.indexOf(store.tab.value) + by + tabs.length) % tabs.length;
    store.show(tabs[i] as Tab);
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
          aria-selected={store.tab.value === tab}
          aria-controls="list-panel"
          tabIndex={store.tab.value === tab ? 0 : -1}
          onClick={() => store.show(tab)}
        >
          {t(`list.${tab}`)}
          {counts[tab] > 0 && (
            <span class={tab === 'waiting' ? 'badge calm' : 'badge'}>{counts[tab] > 99 ? '99+' : counts[tab]}</span>
          )}
        </button>
      ))}
    </div>
  );
}

function Empty() {
  const store = useStore();
  const tab = store.tab.value;
  if (tab !== 'mine')
    return (
      <div class="blank">
        <Icon name="inbox" size={40} />
        <h3>{t(`list.${tab}.empty`)}</h3>
        <p>{t(`list.${tab}.emptyHint`)}</p>
      </div>
    );
  const { me, agents } = store.desk.value;
  const offline = agents[me.id]?.status === 'offline';
  const n = store.waitingCount.value;
  return (
    <div class="blank">
      <Icon name="chat" size={40} />
      <h3>{t('list.mine.empty')}</h3>
      <p>{offline ? t('list.mine.emptyOffline') : n > 0 ? t('list.mine.emptyWaiting', { n }) : t('list.mine.emptyCalm')}</p>
      {offline ? (
        <button type="button" class="button primary" onClick={() => store.live.value?.status({ status: 'online' })}>
          {t('list.mine.goOnline')}
        </button>
      ) : (
        n > 0 && (
          <button type="button" class="button" onClick={() => store.show('waiting')}>
            {t('list.mine.seeWaiting')}
          </button>
        )
      )}
    </div>
  );
}

function AllTools() {
  const store = useStore();
  return (
    <div class="list-tools">
      <label class="hint" for="all-filter">
        {t('list.all.filter')}
      </label>
      <select
        id="all-filter"
        class="select"
        value={store.all.value.filter}
        onChange={(e) => void store.list(e.currentTarget.value as Filter)}
      >
        {filters.map((f) => (
          <option key={f} value={f}>
            {t(`list.filter.${f}`)}
          </option>
        ))}
      </select>
    </div>
  );
}

function AllFoot() {
  const store = useStore();
  const { state, next, ids } = store.all.value;
  if (state === 'failed')
    return (
      <div class="list-more">
        <Trouble text={t('list.all.failed')} />
        <button
          type="button"
          class="button wide"
          onClick={() => void (ids.length ? store.listMore() : store.list(store.all.value.filter))}
        >
          {t('app.retry')}
        </button>
      </div>
    );
  if (state === 'loading') return <p class="log-edge">{t('app.loading')}</p>;
  if (!next) return null;
  return (
    <div class="list-more">
      <button type="button" class="button wide" onClick={() => void store.listMore()}>
        {t('list.all.more')}
      </button>
    </div>
  );
}

/** The pane on the left; on a phone, the first page. */
export function Lists() {
  const store = useStore();
  const tab = store.tab.value;
  const rows = store.rows.value;
  const ready = store.live.value && store.desk.value.agents[store.desk.value.me.id];
  const settled = tab === 'all' ? store.all.value.state === 'ready' : ready;
  return (
    <nav class="side" aria-label={t('list.label')}>
      <Tabs />
      <div class="list-panel" role="tabpanel" id="list-panel" aria-labelledby={`tab-${tab}`}>
        {tab === 'all' && <AllTools />}
        {rows.length === 0 && settled && <Empty />}
        {rows.length === 0 && !settled && tab !== 'all' && <p class="log-edge">{t('app.loading')}</p>}
        {(rows.length > 0 || tab === 'all') && (
          <div class="list">
            {rows.length > 0 && (
              <ul aria-label={t(`list.${tab}`)}>
                {rows.map((c) => (
                  <Row key={c.id} chat={c} tab={tab} />
                ))}
              </ul>
            )}
            {tab === 'all' && <AllFoot />}
          </div>
        )}
      </div>
    </nav>
  );
}
