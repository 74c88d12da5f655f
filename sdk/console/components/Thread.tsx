/** The middle pane: the open conversation, or what to do while none is open. */
import { useEffect, useRef } from 'preact/hooks';
import { useStore } from '../context.ts';
import { duration } from '../format.ts';
import { lang, t } from '../i18n.ts';
import type { Chat } from '../model.ts';
import { groupName, visitorName, visitorShort } from '../names.ts';
import { at, othersIn, tagsOf } from '../select.ts';
import { troubleText } from '../trouble.ts';
import { Actions } from './Actions.tsx';
import { Avatar } from './Avatar.tsx';
import { Composer } from './Composer.tsx';
import { Icon } from './Icon.tsx';
import { Log } from './Log.tsx';
import { LinkState } from './TopBar.tsx';
import { Trouble } from './Trouble.tsx';

function Blank({ title, hint }: { title: string; hint?: string }) {
  return (
    <div class="blank">
      <Icon name="chat" size={44} />
      <h2>{title}</h2>
      {hint && <p>{hint}</p>}
    </div>
  );
}

/** Puts the list away, or brings it back: on a wide page there may be better use for its place. */
function ListToggle() {
  const store = useStore();
  const shown = store.prefs.value.list !== false;
  const text = t('action.hideList');
  return (
    <button
      type="button"
      class="icon-button wide-only"
      aria-label={text}
      title={text}
      aria-pressed={!shown}
      onClick={() => store.prefer({ list: !shown })}
    >
      <Icon name="sidebar" />
    </button>
  );
}

function BackButton() {
  const store = useStore();
  return (
    <button type="button" class="icon-button phone-only" aria-label={t('app.back')} onClick={() => store.select(undefined)}>
      <Icon name="back" />
    </button>
  );
}

function Sub({ chat }: { chat: Chat }) {
  const store = useStore();
  const { phase, group, agent, since } = chat.head;
  const me = store.people.value.me.id;
  return (
    <div class="thread-sub">
      <span class={`chip phase-${phase}`}>{t(`phase.${phase}`)}</span>
      {phase === 'waiting' && since && <span>{duration(lang.value, store.now.value - at(since))}</span>}
      {phase === 'held' && agent && agent.id !== me && <span class="ellipsis">{t('list.with', { name: agent.name })}</span>}
      {tagsOf(chat.head).map((tag) => (
        <bdi key={tag} class="chip">
          {tag}
        </bdi>
      ))}
      {group && <span class="chip hide-phone">{groupName(group)}</span>}
    </div>
  );
}

function DetailsToggle() {
  const store = useStore();
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={t('action.details')}
      title={t('action.details')}
      aria-pressed={store.details.value}
      onClick={() => store.toggleDetails()}
    >
      <Icon name="info" />
    </button>
  );
}

function Head({ chat }: { chat: Chat }) {
  const store = useStore();
  const heading = useRef<HTMLHeadingElement>(null);
  const name = visitorName(chat.head);
  const { online } = chat.head.visitor;
  // On a phone the list is gone once a conversation is open; focus goes where the reader is now.
  useEffect(() => {
    if (matchMedia('(width < 760px)').matches) heading.current?.focus();
  }, [chat.id]);
  return (
    <header class="thread-head">
      <BackButton />
      <ListToggle />
      <Avatar
        id={chat.head.visitor.id}
        name={visitorShort(chat.head)}
        src={chat.head.visitor.avatar as string | undefined}
        online={!!online}
      />
      <div class="thread-who">
        <h2 id="thread-name" tabIndex={-1} ref={heading}>
          <bdi>{name}</bdi>
        </h2>
        <Sub chat={chat} />
      </div>
      <span class="phone-only">{!store.connected.value && <LinkState />}</span>
      <Actions chat={chat} />
      <DetailsToggle />
    </header>
  );
}

/** The pane for the conversation that is selected. */
export function Thread() {
  const store = useStore();
  const id = store.selected.value;
  const chat = store.chat.value;
  const absent = store.live.value?.absent.value;
  if (!id) return <Empty title={t('thread.none')} hint={t('thread.noneHint')} />;
  if (!chat) return absent === id ? <Empty title={t('thread.missing')} /> : <Empty title={t('app.loading')} />;
  return (
    <section class="thread" id="thread" tabIndex={-1} aria-label={t('thread.label')}>
      <Head chat={chat} />
      {chat.trouble && (
        <div class="thread-trouble">
          <Trouble
            text={troubleText(chat.trouble, chat, store.people.value)}
            onDismiss={() => store.live.value?.dismiss(chat.id)}
          />
        </div>
      )}
      <Log key={chat.id} chat={chat} />
      <Others chat={chat} />
      <Composer key={`composer-${chat.id}`} chat={chat} />
    </section>
  );
}

/** Colleagues who are here too: before both answer. Said aloud, for who does not see it. */
function Others({ chat }: { chat: Chat }) {
  const store = useStore();
  const here = othersIn(chat, store.now.value);
  return (
    <div class="others" role="status">
      {here.map(({ id, name, doing }) => (
        <span key={id} class={`other ${doing}`}>
          <Avatar small id={id} name={name || '?'} />
          {t(`others.${doing}`, { name: name || t('agent.unknown') })}
        </span>
      ))}
    </div>
  );
}

function Empty(props: { title: string; hint?: string }) {
  return (
    <section class="thread" id="thread" tabIndex={-1} aria-label={t('thread.label')}>
      <header class="thread-head phone-only">
        <BackButton />
      </header>
      <Blank {...props} />
    </section>
  );
}
