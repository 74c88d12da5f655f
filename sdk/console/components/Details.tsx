/** The pane of details: who the visitor is, how the session stands, and why its agent has it. */
import type { ComponentChildren } from 'preact';
import { useStore } from '../context.ts';
import { duration, fullTime, webAddress } from '../format.ts';
import { lang, t } from '../i18n.ts';
import type { Chat } from '../model.ts';
import { agentName, groupName, visitorName } from '../names.ts';
import { at, lastAssigned } from '../select.ts';
import { Icon } from './Icon.tsx';
import { Why } from './Why.tsx';

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

function Visitor({ chat }: { chat: Chat }) {
  const { visitor, site } = chat.head;
  return (
    <section>
      <h3>{t('details.visitor')}</h3>
      <dl class="facts">
        <Fact name={t('details.name')}>{visitorName(chat.head)}</Fact>
        <Fact name={t('details.presence')}>{t(visitor.online ? 'details.online' : 'details.offline')}</Fact>
        <Page page={visitor.page} />
        <Fact name={t('details.language')}>{typeof visitor.lang === 'string' ? visitor.lang : undefined}</Fact>
        <Fact name={t('details.site')}>{site === 'default' ? undefined : site}</Fact>
        <Fact name={t('details.id')}>
          <span class="mono">{visitor.id}</span>
        </Fact>
      </dl>
    </section>
  );
}

function Session({ chat }: { chat: Chat }) {
  const store = useStore();
  const { phase, session, group, tag, agent, since, queue } = chat.head;
  return (
    <section>
      <h3>{t('details.session')}</h3>
      <dl class="facts">
        <Fact name={t('details.phase')}>{t(`phase.${phase}`)}</Fact>
        <Fact name={t('details.since')}>{since ? fullTime(lang.value, at(since)) : undefined}</Fact>
        <Fact name={t('details.agent')}>{phase === 'held' && agent ? agentName(store.desk.value, agent) : undefined}</Fact>
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
  return (
    <section class="details" aria-label={t('details.title')}>
      <div class="details-head">
        <h2>{t('details.title')}</h2>
        <button type="button" class="icon-button" aria-label={t('action.hideDetails')} onClick={() => store.toggleDetails()}>
          <Icon name="close" />
        </button>
      </div>
      <Visitor chat={chat} />
      <Session chat={chat} />
      {assigned && assigned.body.kind === 'assigned' && (
        <section>
          <h3>{t('why.title', { agent: agentName(store.desk.value, assigned.body.agent) })}</h3>
          <Why event={assigned} visitor={chat.head.visitor.id} />
        </section>
      )}
    </section>
  );
}
