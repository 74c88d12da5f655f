/** Why an agent was chosen: the rule that found them, who else there was, and what removed the others. */
import type { AgentRef, SystemBody } from '../../visitor/wire.ts';
import { useStore } from '../context.ts';
import { lang, t, tOr } from '../i18n.ts';
import type { Logged } from '../model.ts';
import { agentName } from '../names.ts';
import { readWhy, type WhyRecord } from '../why.ts';

/** The record of an `assigned` event. */
export function Why({ event, visitor }: { event: Logged; visitor: string }) {
  const store = useStore();
  const body = event.body as Extract<SystemBody, { kind: 'assigned' }>;
  const why = readWhy(body.why);
  const agent = agentName(store.people.value, body.agent);
  if (!why) return <p class="why hint">{t('why.none')}</p>;
  return (
    <div class="why">
      <p>{sentence(why, agent, visitor)}</p>
      {why.members > 0 && <p class="hint">{t('why.counts', { able: why.able, members: why.members, shard: why.shard })}</p>}
      {why.candidates.length + why.removed.length > 0 && <Table why={why} chosen={body.agent} />}
      {why.candidates.length > 1 && <p class="hint">{t('why.order')}</p>}
    </div>
  );
}

/** Why nobody has a conversation that waits: who could, and what removes each of the others. */
export function WhyNobody({ record }: { record: unknown }) {
  const why = readWhy(record);
  if (!why) return null;
  return (
    <div class="why">
      <p class="hint">{t('why.counts', { able: why.able, members: why.members, shard: why.shard })}</p>
      {why.candidates.length + why.removed.length > 0 && <Table why={why} chosen={{ id: '', name: '' }} />}
    </div>
  );
}

// Without a tag the visitor's own id was hashed, which means nothing to a reader.
function sentence(why: WhyRecord, agent: string, visitor: string): string {
  const key = why.key && why.key !== visitor ? t('why.tagKey', { tag: why.key }) : t('why.visitorKey');
  return tOr(`why.tier.${why.tier}`, 'why.tier.other', { agent, key });
}

function Table({ why, chosen }: { why: WhyRecord; chosen: AgentRef }) {
  const store = useStore();
  const percent = new Intl.NumberFormat(lang.value, { style: 'percent', maximumFractionDigits: 0 });
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t('why.agent')}</th>
          <th scope="col" class="number">
            {t('why.load')}
          </th>
          <th scope="col">{t('why.role')}</th>
        </tr>
      </thead>
      <tbody>
        {why.candidates.map((c) => (
          <tr key={c.agent.id} class={c.agent.id === chosen.id ? 'chosen' : undefined}>
            <th scope="row">{agentName(store.people.value, c.agent)}</th>
            <td class="number">{percent.format(c.load)}</td>
            <td>
              {[t(c.agent.id === chosen.id ? 'why.chosen' : 'why.candidate'), c.shard && t('why.responsible')]
                .filter(Boolean)
                .join(' · ')}
            </td>
          </tr>
        ))}
        {why.removed.map((r) => (
          <tr key={r.agent.id} class="removed">
            <th scope="row">{agentName(store.people.value, r.agent)}</th>
            <td class="number">–</td>
            <td>{tOr(`why.bar.${r.bar}`, 'why.bar.other')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
