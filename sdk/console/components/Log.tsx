/**
 * The log of the open conversation.
 *
 * It stays at the end while one is there, stays where one reads while one is not (then a pill tells what came), and
 * keeps its place when earlier messages are put in front. New messages are read aloud by the page's announcer; the log
 * itself is silent, or paging back would read history aloud.
 */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useStore } from '../context.ts';
import { dayName } from '../format.ts';
import { lang, t } from '../i18n.ts';
import type { Chat } from '../model.ts';
import { visitorName } from '../names.ts';
import { type Item, isMine, timeline } from '../select.ts';
import { Icon } from './Icon.tsx';
import { Answering, Happened, Out, Said } from './Message.tsx';

const NEAR = 60; // px from the end that still count as the end
const REACH = 160; // px from the top at which earlier messages are fetched

function Line({ item, chat }: { item: Item; chat: Chat }) {
  const store = useStore();
  switch (item.kind) {
    case 'day':
      return <div class="day">{dayName(lang.value, item.at, store.now.value)}</div>;
    case 'new':
      return <div class="day unread-mark">{t('thread.unreadMark')}</div>;
    case 'said':
      return <Said item={item} chat={chat} />;
    case 'out':
      return <Out item={item} />;
    case 'happened':
      return <Happened event={item.event} chat={chat} />;
  }
}

function Typing({ chat }: { chat: Chat }) {
  const store = useStore();
  if (!chat.typing || chat.typing.until <= store.now.value) return null;
  const name = chat.typing.name ?? visitorName(chat.head);
  return (
    <div class="said theirs typing">
      <div class="said-body">
        <span class="said-by">{t('thread.typing', { name })}</span>
        <div class="bubble">
          {chat.typing.text || (
            <span class="typing-dots" aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
          )}
        </div>
      </div>
    </div>
  );
}

function Top({ chat, failed, earlier }: { chat: Chat; failed: boolean; earlier: () => void }) {
  if (chat.history !== 'ready') return null;
  if (!chat.older) return <p class="log-edge">{t(chat.log.length ? 'thread.beginning' : 'thread.empty')}</p>;
  return (
    <div class="log-edge">
      {failed && <span role="alert">{t('thread.failed')}</span>}
      {chat.paging ? (
        <span>{t('thread.earlierBusy')}</span>
      ) : (
        <button type="button" class="button" onClick={earlier}>
          {t('thread.earlier')}
        </button>
      )}
    </div>
  );
}

/** The log of one conversation. Remount it (by key) for another one: it remembers where the unread began. */
export function Log({ chat }: { chat: Chat }) {
  const store = useStore();
  const box = useRef<HTMLDivElement>(null);
  const [unreadFrom] = useState(() => chat.head.read?.agent);
  const [atEnd, setAtEnd] = useState(true);
  const [failed, setFailed] = useState(false);
  const me = store.people.value.me;
  const items = useMemo(() => timeline(chat, me, unreadFrom), [chat, me, unreadFrom]);
  const last = chat.log.at(-1)?.seq ?? 0;
  const missed = useMissed(chat, atEnd);

  useStay(box, atEnd, chat, items.length);
  useRead(chat, atEnd);

  const earlier = () => {
    setFailed(false);
    store.live.value?.earlier(chat.id).catch(() => setFailed(true));
  };
  const scrolled = () => {
    const el = box.current;
    if (!el) return;
    setAtEnd(ends(el));
    if (el.scrollTop < REACH && chat.older && !chat.paging && !failed) earlier();
  };
  const toEnd = () => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
    setAtEnd(true);
  };

  return (
    <>
      <div
        class="log"
        role="log"
        aria-live="off"
        aria-label={t('thread.log')}
        aria-busy={chat.history === 'loading'}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reached by keyboard
        tabIndex={0}
        ref={box}
        onScroll={scrolled}
        data-last={last}
      >
        <Top chat={chat} failed={failed} earlier={earlier} />
        <Loading chat={chat} />
        {items.map((item) => (
          <Line key={item.key} item={item} chat={chat} />
        ))}
        <Answering chat={chat} />
        <Typing chat={chat} />
      </div>
      <div class="pill-place">
        {!atEnd && (
          <button type="button" class="button pill" onClick={toEnd}>
            <Icon name="down" size={18} />
            {missed > 0 ? t('thread.newer', { n: missed }) : t('thread.latest')}
          </button>
        )}
      </div>
    </>
  );
}

function Loading({ chat }: { chat: Chat }) {
  const store = useStore();
  if (chat.history === 'ready') return null;
  if (chat.history === 'missing') return <p class="log-edge">{t('thread.missing')}</p>;
  if (chat.history !== 'failed') return <p class="log-edge">{t('app.loading')}</p>;
  return (
    <div class="log-edge" role="alert">
      <p>{t('thread.failed')}</p>
      <button type="button" class="button" onClick={() => void store.live.value?.reload(chat.id)}>
        {t('app.retry')}
      </button>
    </div>
  );
}

/** How many messages of others came since the reader left the end. */
function useMissed(chat: Chat, atEnd: boolean): number {
  const seen = useRef(0);
  const last = chat.log.at(-1)?.seq ?? 0;
  if (atEnd) seen.current = last;
  return chat.log.filter((e) => e.seq > seen.current && (e.by.kind === 'visitor' || e.by.kind === 'bot')).length;
}

const ends = (el: Element) => el.scrollHeight - el.scrollTop - el.clientHeight < NEAR;

/** Keeps the place: the end while there, and what is being read when something is put in front of it. */
function useStay(box: { current: HTMLDivElement | null }, atEnd: boolean, chat: Chat, count: number): void {
  const before = useRef({ first: 0, height: 0, sent: 0 });
  const first = chat.log[0]?.seq ?? 0;
  const sent = chat.out.at(-1)?.at ?? 0;
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    const was = before.current;
    if (first < was.first) el.scrollTop += el.scrollHeight - was.height;
    else if (atEnd || sent > was.sent) el.scrollTop = el.scrollHeight;
    before.current = { first, height: el.scrollHeight, sent: Math.max(sent, was.sent) };
  }, [first, count, chat, atEnd]);
  // The box shrinks when the composer grows or a keyboard opens; images grow when they load, and a message that is translated does.
  useEffect(() => {
    const el = box.current;
    if (!el || !atEnd) return;
    // Who has scrolled away a moment ago is drawn as such with the next frame only.
    let there = true;
    const moved = () => {
      there = ends(el);
    };
    const settle = () => {
      if (there) el.scrollTop = el.scrollHeight;
    };
    const sizes = new ResizeObserver(settle);
    sizes.observe(el);
    const lines = new MutationObserver(settle);
    lines.observe(el, { childList: true, subtree: true });
    el.addEventListener('load', settle, true);
    el.addEventListener('scroll', moved);
    return () => {
      el.removeEventListener('scroll', moved);
      sizes.disconnect();
      lines.disconnect();
      el.removeEventListener('load', settle, true);
    };
  }, [atEnd]);
}

/** What is on the screen of whoever holds the conversation, in a page that is looked at, is read. */
function useRead(chat: Chat, atEnd: boolean): void {
  const store = useStore();
  const last = chat.log.at(-1)?.seq ?? 0;
  const connected = store.connected.value;
  const holds = isMine(store.people.value.me, chat.head);
  const looking = store.looking.value;
  useEffect(() => {
    if (holds && atEnd && last && connected && looking) store.live.value?.read(chat.id, last);
  }, [chat.id, holds, atEnd, last, connected, looking]);
}
