/** The pane of details: who the visitor is, how the session stands, and why its agent has it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { VisitorRecord } from '../api.ts';
import { useStore } from '../context.ts';
import { duration, fullTime, webAddress } from '../format.ts';
import { lang, t } from '../i18n.ts';
import type { Chat } from '../model.ts';
import { agentName, groupName, siteName, siteNames, visitorName } from '../names.ts';
import { at, lastAssigned, leads } from '../select.ts';
import { Erase } from './Erase.tsx';
import { Icon } from './Icon.tsx';
import { Tags } from './Tags.tsx';
import { Why, WhyNobody } from './Why.tsx';

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  if (children === undefined || children === '' || children === null) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Page({ page }: { page: unknown }) {
  const { url, title } = (page ?? {}) as { url?: unknown; title?: unknown };
  if (typeof url !== 'string' || !url) return null;
  const href = webAddress(url);
  const text = typeof title === 'string' && title ? title : url;
  return (
    <Fact name={t('details.page')}>
      {href ? (
        <a href={href} target="_blank" rel="noopener noreferrer">
          {text}
        </a>
      ) : (
        text
      )}
    </Fact>
  );
}

function Visitor({ chat, record, again }: { chat: Chat; record: VisitorRecord | undefined; again: () => void }) {
  const { visitor, site } = chat.head;
  return (
    <section>
      <h3>{t('details.visitor')}</h3>
      <dl class="facts">
        <Fact name={t('details.name')}>{visitorName(chat.head)}</Fact>
        <Fact name={t('details.presence')}>{t(visitor.online ? 'details.online' : 'details.offline')}</Fact>
        <Fact name={t('details.identity')}>
          {record && (record.verified ? t('details.verified', { id: record.external ?? '' }) : t('details.anonymous'))}
        </Fact>
        <Page page={visitor.page} />
        <Fact name={t('details.device')}>{record?.device}</Fact>
        <Fact name={t('details.first')}>{record && at(record.first) > 0 ? fullTime(lang.value, at(record.first)) : undefined}</Fact>
        <Fact name={t('details.language')}>{typeof visitor.lang === 'string' ? visitor.lang : undefined}</Fact>
        <Fact name={t('details.site')}>
          {site === 'default' && Object.keys(siteNames.value).length < 2 ? undefined : siteName(site)}
        </Fact>
        <Fact name={t('details.id')}>
          <span class="mono">{visitor.id}</span>
        </Fact>
      </dl>
      {record && <Trail record={record} />}
      {record && <Blocking record={record} again={again} />}
      {record && <Erase visitor={record.id} name={visitorName(chat.head)} />}
    </section>
  );
}

/** What the server knows of the visitor; asked anew when the session moves. */
function useRecord(chat: Chat): [VisitorRecord | undefined, () => void] {
  const store = useStore();
  const [record, setRecord] = useState<VisitorRecord>();
  const [turn, setTurn] = useState(0);
  const { id } = chat.head.visitor;
  const key = `${id} ${chat.head.session} ${chat.head.phase} ${JSON.stringify(chat.head.visitor.page ?? '')}`;
  useEffect(() => {
    let left = false;
    store.api.visitor(id).then(
      (r) => !left && setRecord(r),
      () => undefined, // what the head says is shown all the same
    );
    return () => {
      left = true;
    };
  }, [key, turn]);
  return [record?.id === id ? record : undefined, () => setTurn((n) => n + 1)];
}

function Trail({ record }: { record: VisitorRecord }) {
  if (record.pages.length === 0) return null;
  return (
    <details>
      <summary>{`${t('details.trail')} (${record.pages.length})`}</summary>
      <ol class="trail">
        {[...record.pages].reverse().map((p) => (
          <li key={p.at + p.url}>
            <time dateTime={p.at}>{fullTime(lang.value, at(p.at))}</time> <bdi title={p.url}>{p.title || p.url}</bdi>
          </li>
        ))}
      </ol>
    </details>
  );
}

function Sessions({ record, current }: { record: VisitorRecord; current: number }) {
  const store = useStore();
  const earlier = record.sessions.filter((s) => s.session !== current);
  return (
    <section>
      <h3>{t('details.sessions')}</h3>
      {earlier.length === 0 && <p class="hint">{t('details.noSessions')}</p>}
      <ol class="trail">
        {earlier.map((s) => (
          <li key={s.session}>
            <time dateTime={s.began}>{fullTime(lang.value, at(s.began))}</time>{' '}
            {[
              s.agent && agentName(store.people.value, s.agent),
              t('details.said', { n: s.said }),
              s.score && t('details.score', { n: s.score }),
            ]
              .filter(Boolean)
              .join(' · ')}
          </li>
        ))}
      </ol>
      {record.more && <p class="hint">{t('details.more')}</p>}
    </section>
  );
}

function Blocking({ record, again }: { record: VisitorRecord; again: () => void }) {
  const store = useStore();
  if (!leads(store.people.value.me)) return record.block ? <p class="hint">{t('details.blocked')}</p> : null;
  const then = (done: Promise<void>) => void done.catch(() => undefined).then(again);
  if (record.block)
    return (
      <button type="button" class="button" onClick={() => then(store.api.unblock(record.id))}>
        {t('details.unblock')}
      </button>
    );
  return (
    <div class="block-acts">
      <button type="button" class="button" onClick={() => then(store.api.block(record.id, 24 * 60))}>
        {t('details.blockDay')}
      </button>
      <button type="button" class="button danger" onClick={() => then(store.api.block(record.id))}>
        {t('details.block')}
      </button>
    </div>
  );
}

/** Of one that waits: what keeps everybody from having it, as of when it began to. */
function Nobody({ chat }: { chat: Chat }) {
  const store = useStore();
  const [record, setRecord] = useState<unknown>();
  useEffect(() => {
    let left = false;
    setRecord(undefined);
    store.api.why(chat.id).then(
      (r) => !left && setRecord(r),
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [chat.id, chat.head.since, chat.head.queue?.position]);
  if (!record) return null;
  return (
    <section>
      <h3>{t('why.nobody')}</h3>
      <WhyNobody record={record} />
    </section>
  );
}

function Session({ chat }: { chat: Chat }) {
  const store = useStore();
  const { phase, session, group, tag, agent, since, queue, until } = chat.head;
  return (
    <section>
      <h3>{t('details.session')}</h3>
      <dl class="facts">
        <Fact name={t('details.phase')}>{t(`phase.${phase}`)}</Fact>
        <Fact name={t('details.since')}>{since ? fullTime(lang.value, at(since)) : undefined}</Fact>
        <Fact name={t('details.back')}>{until ? fullTime(lang.value, at(until)) : undefined}</Fact>
        <Fact name={t('details.agent')}>{phase === 'held' && agent ? agentName(store.people.value, agent) : undefined}</Fact>
        <Fact name={t('details.group')}>{group ? groupName(group) : undefined}</Fact>
        <Fact name={t('details.tag')}>{tag}</Fact>
        <Fact name={t('details.queue')}>
          {queue &&
            [
              t('list.position', { n: queue.position }),
              queue.eta && t('details.eta', { time: duration(lang.value, queue.eta * 1000) }),
            ]
              .filter(Boolean)
              .join(' · ')}
        </Fact>
        <Fact name={t('details.number')}>{session || undefined}</Fact>
      </dl>
    </section>
  );
}

/** The pane for one conversation; beside the thread where there is room, over it where there is not. */
export function Details({ chat }: { chat: Chat }) {
  const store = useStore();
  const assigned = lastAssigned(chat);
  const [record, again] = useRecord(chat);
  return (
    <section class="details" aria-label={t('details.title')}>
      <div class="details-head">
        <h2>{t('details.title')}</h2>
        <button type="button" class="icon-button" aria-label={t('action.hideDetails')} onClick={() => store.toggleDetails()}>
          <Icon name="close" />
        </button>
      </div>
      <Visitor chat={chat} record={record} again={again} />
      <Tags chat={chat} />
      <Session chat={chat} />
      {chat.head.phase === 'waiting' && <Nobody chat={chat} />}
      {assigned && assigned.body.kind === 'assigned' && (
        <section>
          <h3>{t('why.title', { agent: agentName(store.people.value, assigned.body.agent) })}</h3>
          <Why event={assigned} visitor={chat.head.visitor.id} />
        </section>
      )}
      {record && <Sessions record={record} current={chat.head.session} />}
    </section>
  );
}
