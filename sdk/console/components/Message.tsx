/** What the log is made of: what was said, what is on its way, and quiet lines for what happened. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { sourcesOf } from '../../visitor/sources.ts';
import type { Body, FileBody, LogEvent } from '../../visitor/wire.ts';
import { useStore } from '../context.ts';
import { clock, fileAddress, fileSize, fullTime, linkify } from '../format.ts';
import { happenedText } from '../happened.ts';
import { lang, t } from '../i18n.ts';
import { type Chat, type Entry, isTombstone, type Logged } from '../model.ts';
import { agentName, partyName, visitorShort } from '../names.ts';
import { at, busyWith, changeable, type Item, noteOf } from '../select.ts';
import { sendTrouble } from '../trouble.ts';
import { useAssist } from './Assisted.tsx';
import { Avatar } from './Avatar.tsx';
import { Icon } from './Icon.tsx';
import { Why } from './Why.tsx';

/** Text as text. Addresses open in a page that learns nothing of this one. */
function Text({ text }: { text: string }) {
  return (
    <>
      {linkify(text).map((p, i) =>
        p.href ? (
          <a key={i} href={p.href} target="_blank" rel="noopener noreferrer nofollow">
            {p.text}
          </a>
        ) : (
          p.text
        ),
      )}
    </>
  );
}

function FileView({ body }: { body: FileBody }) {
  const href = fileAddress(body.url);
  if (!href) return <bdi>{body.name}</bdi>;
  if (body.kind === 'image')
    return (
      <a href={href} target="_blank" rel="noopener noreferrer">
        <img src={href} alt={t('thread.image', { name: body.name })} width={body.width} height={body.height} loading="lazy" />
      </a>
    );
  return (
    <a
      class="file"
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={t('thread.file', { name: body.name, size: fileSize(lang.value, body.size) })}
    >
      <Icon name="file" />
      <span>
        <bdi>{body.name}</bdi> · {fileSize(lang.value, body.size)}
      </span>
    </a>
  );
}

/** What of the site's knowledge an answer rests on. */
function Sources({ body }: { body: Body }) {
  const all = sourcesOf(body);
  if (!all[0]) return null;
  return (
    <ul class="sources" aria-label={t('thread.sources')}>
      {all.map(({ title, href }) => (
        <li key={title + href}>
          {href ? (
            <a href={href} target="_blank" rel="noopener noreferrer nofollow">
              {title}
            </a>
          ) : (
            title
          )}
        </li>
      ))}
    </ul>
  );
}

function BodyView({ body }: { body: Body }) {
  switch (body.kind) {
    case 'text':
      return (
        <>
          <Text text={body.text} />
          <Sources body={body} />
        </>
      );
    case 'image':
    case 'file':
      return <FileView body={body} />;
    case 'options':
      return (
        <>
          <Text text={body.text} />
          <ul class="options" aria-label={t('thread.tap')}>
            {body.options.map((o) => (
              <li key={o} class="chip">
                {o}
              </li>
            ))}
          </ul>
        </>
      );
    case 'form':
      return <Text text={body.fields.map((f) => `${f.label}: ${f.value}`).join('\n')} />;
    default:
      return <>{t('thread.unsupported')}</>;
  }
}

function NoteName() {
  return (
    <span class="note-name">
      <Icon name="lock" size={14} />
      {t('thread.note')}
    </span>
  );
}

function Bubble({ event, children }: { event: Pick<LogEvent, 'body' | 'internal'>; children?: ComponentChildren }) {
  if (isTombstone(event)) return <div class="bubble gone">{t('thread.recalled')}</div>;
  return (
    <div class={event.body.kind === 'image' ? 'bubble media' : 'bubble'} dir="auto">
      {event.internal && <NoteName />}
      {children}
      <BodyView body={event.body as Body} />
    </div>
  );
}

/** A message of the log. */
export function Said({ item, chat }: { item: Extract<Item, { kind: 'said' }>; chat: Chat }) {
  const { event, side, follows, mark, brief } = item;
  const assist = useAssist(chat);
  const name = partyName(event.by, chat.head);
  const time = at(event.at);
  const kind = `${side}${follows ? ' follows' : ''}${event.internal ? ' noted' : ''}${event.by.kind === 'bot' ? ' bot' : ''}`;
  return (
    <div class={`said ${kind}`} data-seq={event.seq}>
      {side !== 'mine' && (
        <Avatar
          small
          id={event.by.id ?? event.by.kind}
          name={side === 'theirs' ? visitorShort(chat.head) : name}
          src={event.by.avatar}
        />
      )}
      <div class="said-body">
        {side === 'mine' || follows ? (
          <span class="spoken">{side === 'mine' ? t('list.you') : name}</span>
        ) : (
          <bdi class="said-by">{name}</bdi>
        )}
        <Bubble event={event} />
        <div class={brief ? 'said-meta spoken' : 'said-meta'}>
          {event.edited && <span>{t('thread.edited')}</span>}
          <time dateTime={event.at} title={fullTime(lang.value, time)}>
            {clock(lang.value, time)}
          </time>
          {mark && side === 'mine' && (
            <span class={mark} role="img" aria-label={t(`mark.${mark}`)} title={t(`mark.${mark}`)}>
              <Icon name={mark === 'read' ? 'read' : 'check'} size={15} />
            </span>
          )}
          {side === 'mine' && <Changes event={event} chat={chat} />}
        </div>
        {assist && side === 'theirs' && !isTombstone(event) && <assist.Translated chat={chat} event={event} />}
      </div>
    </div>
  );
}

/** To change or take back what one has just said, as long as the site allows. */
function Changes({ event, chat }: { event: Logged; chat: Chat }) {
  const store = useStore();
  const { live, people, now, connected } = store;
  const edit = live.value?.limits.value.edit ?? 0;
  if (!changeable(event, people.value.me, now.value, edit) || chat.head.phase === 'closed') return null;
  const disabled = !connected.value || !!busyWith(chat);
  const { body, seq } = event;
  return (
    <span class="said-acts">
      {body.kind === 'text' && (
        <button
          type="button"
          class="text-button"
          disabled={disabled}
          onClick={() => {
            store.editing.value = { id: chat.id, seq, text: body.text };
          }}
        >
          {t('action.edit')}
        </button>
      )}
      <button
        type="button"
        class="text-button"
        disabled={disabled}
        onClick={() => void live.value?.act(chat.id, { type: 'recall', seq })}
      >
        {t('action.recall')}
      </button>
    </span>
  );
}

/** The assistant's answer while it is being written. */
export function Answering({ chat }: { chat: Chat }) {
  if (!chat.answer?.text) return null;
  return (
    <div class="said ours bot typing" aria-live="off">
      <Avatar small id="bot" name={t('bot.name')} />
      <div class="said-body">
        <span class="said-by">{t('thread.answering')}</span>
        <div class="bubble">
          <Text text={chat.answer.text} />
        </div>
      </div>
    </div>
  );
}

/** A message of one's own that is on its way, or was refused and can be sent again. */
export function Out({ item }: { item: Extract<Item, { kind: 'out' }> }) {
  const { entry, follows } = item;
  if (entry.frame.type !== 'send') return null;
  const kind = `mine${follows ? ' follows' : ''}${entry.frame.internal ? ' noted' : ''}${entry.failed ? ' failed' : ' pending'}`;
  return (
    <div class={`said ${kind}`}>
      <div class="said-body">
        <span class="spoken">{t('list.you')}</span>
        <Bubble event={{ body: entry.frame.body, ...(entry.frame.internal ? { internal: true } : {}) }} />
        <OutMeta entry={entry} />
      </div>
    </div>
  );
}

function OutMeta({ entry }: { entry: Entry }) {
  const store = useStore();
  if (!entry.failed) {
    const mark = t(store.connected.value ? 'mark.pending' : 'mark.queued');
    return (
      <div class="said-meta">
        <Icon name="clock" size={14} />
        <span>{mark}</span>
      </div>
    );
  }
  return (
    <div class="said-meta bad" role="alert">
      <Icon name="alert" size={14} />
      <span>{sendTrouble(entry.failed)}</span>
      <button type="button" class="text-button" onClick={() => store.live.value?.retry(entry.key)}>
        {t('mark.retry')}
      </button>
      <button type="button" class="text-button" onClick={() => store.live.value?.discard(entry.key)}>
        {t('mark.discard')}
      </button>
    </div>
  );
}

/** One quiet line. An assignment can be asked why. */
export function Happened({ event, chat }: { event: Logged; chat: Chat }) {
  const store = useStore();
  const [open, setOpen] = useState(false);
  const { people } = store;
  const time = at(event.at);
  const note = noteOf(event);
  const assigned = event.body.kind === 'assigned' ? event.body : undefined;
  return (
    <div class="happened" data-seq={event.seq}>
      <div class="happened-line">
        <time dateTime={event.at} title={fullTime(lang.value, time)}>
          {clock(lang.value, time)}
        </time>
        <span>{happenedText(event, chat.head, people.value)}</span>
        {assigned?.why !== undefined && (
          <button
            type="button"
            class="text-button"
            aria-expanded={open}
            aria-label={t('why.showLabel', { agent: agentName(people.value, assigned.agent) })}
            onClick={() => setOpen(!open)}
          >
            {t('why.show')}
          </button>
        )}
      </div>
      {note && (
        <div class="note-quote">
          <NoteName />
          <Text text={note} />
        </div>
      )}
      {open && assigned && <Why event={event} visitor={chat.head.visitor.id} />}
    </div>
  );
}
