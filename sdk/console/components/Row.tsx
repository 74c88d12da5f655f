/** A conversation in a list: who, how long they wait or what was said last, and in the queue a way to take it. */
import { useStore } from '../context.ts';
import { duration, fullTime, shortTime } from '../format.ts';
import { lang, t } from '../i18n.ts';
import type { Chat } from '../model.ts';
import { groupName, groupNames, visitorName, visitorShort } from '../names.ts';
import { preview } from '../preview.ts';
import { at, busyWith, lastAt, lastSaid, owing, unread } from '../select.ts';
import type { Store, Tab } from '../store.ts';
import { troubleText } from '../trouble.ts';
import { Avatar } from './Avatar.tsx';
import { Trouble } from './Trouble.tsx';

function LastLine({ chat, store }: { chat: Chat; store: Store }) {
  const draft = store.drafts.value?.all.value[chat.id];
  const selected = store.selected.value === chat.id;
  if (chat.typing && chat.typing.until > store.now.value)
    return (
      <span class="row-last">
        <span class="typing-text">{chat.typing.text ? `${chat.typing.text}…` : t('list.typing')}</span>
      </span>
    );
  if (draft && !selected && (draft.reply || draft.note))
    return (
      <span class="row-last">
        <em>{t('list.draft')}</em> {draft[draft.mode] || draft.reply || draft.note}
      </span>
    );
  const last = lastSaid(chat);
  return <span class="row-last">{last ? preview(last, chat.head, store.desk.value) : t('list.nothing')}</span>;
}

/** How long somebody waits is what counts while they do; else when it last moved. */
function When({ chat, store }: { chat: Chat; store: Store }) {
  const since = chat.head.phase === 'waiting' ? at(chat.head.since) : chat.head.phase === 'held' ? owing(chat) : undefined;
  if (since) {
    const time = duration(lang.value, store.now.value - since);
    return (
      <span class="row-waited" title={t('list.waited', { time })}>
        {time}
        <span class="spoken"> {t('list.waited', { time })}</span>
      </span>
    );
  }
  const moved = lastAt(chat);
  if (!moved) return null;
  return (
    <time class="row-time" dateTime={new Date(moved).toISOString()} title={fullTime(lang.value, moved)}>
      {shortTime(lang.value, moved, store.now.value)}
    </time>
  );
}

function Tags({ chat, tab }: { chat: Chat; tab: Tab }) {
  const { phase, tag, group, queue, agent } = chat.head;
  const several = Object.keys(groupNames.value).length > 1;
  if (tab === 'mine' && !tag) return null;
  return (
    <span class="row-tags">
      {phase === 'waiting' && queue && (
        <span class="chip phase-waiting" title={t('list.positionLabel', { n: queue.position })}>
          {t('list.position', { n: queue.position })}
        </span>
      )}
      {tab === 'all' && <span class={`chip phase-${phase}`}>{t(`phase.${phase}`)}</span>}
      {tag && <span class="chip">{tag}</span>}
      {tab === 'waiting' && group && several && <span class="chip">{groupName(group)}</span>}
      {tab === 'all' && phase === 'held' && agent && <span class="chip">{t('list.with', { name: agent.name })}</span>}
    </span>
  );
}

/** One row. In the queue it has a button of its own, beside the one that opens it: buttons do not nest. */
export function Row({ chat, tab }: { chat: Chat; tab: Tab }) {
  const store = useStore();
  const current = store.selected.value === chat.id;
  const name = visitorName(chat.head);
  const n = chat.head.agent?.id === store.desk.value.me.id ? unread(chat) : 0;
  const { online } = chat.head.visitor;
  return (
    <li class={`row${current ? ' current' : ''}${n ? ' unread' : ''}${tab === 'waiting' ? ' takeable' : ''}`}>
      <button
        type="button"
        class="row-open"
        aria-current={current ? 'true' : undefined}
        data-id={chat.id}
        onClick={() => store.select(chat.id)}
      >
        <Avatar
          id={chat.head.visitor.id}
          name={visitorShort(chat.head)}
          src={chat.head.visitor.avatar as string | undefined}
          online={!!online}
        />
        <span class="row-body">
          <span class="row-line">
            <span class="row-name">{name}</span>
            <span class="spoken">{t(online ? 'list.online' : 'list.offline')}</span>
            <When chat={chat} store={store} />
          </span>
          <span class="row-line">
            <LastLine chat={chat} store={store} />
            {n > 0 && (
              <span class="badge">
                {n > 99 ? '99+' : n}
                <span class="spoken"> {t('list.unread', { n })}</span>
              </span>
            )}
          </span>
          <Tags chat={chat} tab={tab} />
        </span>
      </button>
      {tab === 'waiting' && <TakeButton chat={chat} name={name} store={store} />}
      {tab === 'waiting' && chat.trouble && !current && (
        <Trouble text={troubleText(chat.trouble, chat, store.desk.value)} onDismiss={() => store.live.value?.dismiss(chat.id)} />
      )}
    </li>
  );
}

function TakeButton({ chat, name, store }: { chat: Chat; name: string; store: Store }) {
  const take = () => {
    store.select(chat.id);
    void store.live.value?.act(chat.id, { type: 'take', session: chat.head.session });
  };
  return (
    <button
      type="button"
      class="button row-take"
      aria-label={t('action.takeLabel', { name })}
      disabled={!store.connected.value || !!busyWith(chat)}
      onClick={take}
    >
      {t(busyWith(chat) === 'take' ? 'action.busy' : 'action.take')}
    </button>
  );
}
