/** The floor, for who leads: groups with who waits and why nobody has them, agents with what they hold. */
import type { FloorAgent, FloorGroup } from '../api.ts';
import { WhyNobody } from '../components/Why.tsx';
import { useStore } from '../context.ts';
import { duration } from '../format.ts';
import { lang, t, words } from '../i18n.ts';
import { groupName } from '../names.ts';
import { pathOf } from '../route.ts';
import { at } from '../select.ts';
import { useFresh } from './refresh.ts';

const w = words({
  en: {
    title: 'Floor',
    groups: 'Groups',
    agents: 'Agents',
    waiting: 'Waiting',
    longest: 'Longest wait',
    online: 'On duty',
    seats: 'Free seats',
    nobody: 'Nobody waits.',
    why: 'Why nobody has the first',
    open: 'Open the first',
    status: 'Status',
    held: 'Held',
    assigned: 'Last given one',
    ago: '{time} ago',
    failed: 'The floor can not be read now; it is tried again.',
    online_: 'online',
    away_: 'away',
    offline_: 'offline',
  },
  'zh-CN': {
    title: '现场',
    groups: '小组',
    agents: '客服',
    waiting: '排队',
    longest: '最长等待',
    online: '在岗',
    seats: '空闲席位',
    nobody: '无人排队。',
    why: '首位访客为何无人接待',
    open: '打开首位',
    status: '状态',
    held: '接待中',
    assigned: '上次分配',
    ago: '{time}前',
    failed: '暂时无法读取现场，将自动重试。',
    online_: '在线',
    away_: '离开',
    offline_: '离线',
  },
});

const since = (now: string, then: string) => duration(lang.value, at(now) - at(then));

function Group({ group, now }: { group: FloorGroup; now: string }) {
  const { first } = group;
  return (
    <article class="card" data-group={group.id}>
      <h3>{group.name || groupName(group.id)}</h3>
      <dl class="numbers">
        <div class={group.waiting ? 'hot' : undefined}>
          <dt>{w('waiting')}</dt>
          <dd>{`${group.waiting}${group.more ? '+' : ''}`}</dd>
        </div>
        <div>
          <dt>{w('longest')}</dt>
          <dd>{first ? since(now, first.since) : '–'}</dd>
        </div>
        <div>
          <dt>{w('online')}</dt>
          <dd>{group.online}</dd>
        </div>
        <div>
          <dt>{w('seats')}</dt>
          <dd>{`${group.free} / ${group.seats}`}</dd>
        </div>
      </dl>
      {!first && <p class="hint">{w('nobody')}</p>}
      {first && <a href={pathOf(first.conversation)}>{w('open')}</a>}
      {first?.why !== undefined && (
        <details>
          <summary>{w('why')}</summary>
          <WhyNobody record={first.why} />
        </details>
      )}
    </article>
  );
}

function Agents({ agents, now }: { agents: readonly FloorAgent[]; now: string }) {
  const order = { online: 0, away: 1, offline: 2 };
  const sorted = [...agents].sort((a, b) => order[a.status] - order[b.status] || b.held - a.held || a.name.localeCompare(b.name));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
    <section class="scroll" aria-label={w('agents')} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('why.agent')}</th>
            <th scope="col">{w('status')}</th>
            <th scope="col" class="number">
              {w('held')}
            </th>
            <th scope="col">{w('groups')}</th>
            <th scope="col">{w('assigned')}</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((a) => (
            <tr key={a.id} data-agent={a.id}>
              <th scope="row">{a.name || a.id}</th>
              <td>
                <span class={`dot ${a.status}`} aria-hidden="true" /> {w(`${a.status}_`)}
              </td>
              <td class="number">{`${a.held} / ${a.capacity}`}</td>
              <td>{a.groups.map((g) => groupName(g)).join(' · ')}</td>
              <td>{a.assigned ? w('ago', { time: since(now, a.assigned) }) : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export default function Floor() {
  const store = useStore();
  const { value, code } = useFresh(() => store.api.floor(), 5000);
  return (
    <div class="floor">
      <h1>{w('title')}</h1>
      {code && <p role="alert">{w('failed')}</p>}
      {!value && !code && <p>{t('app.loading')}</p>}
      {value && (
        <>
          <h2>{w('groups')}</h2>
          <div class="cards">
            {value.groups.map((g) => (
              <Group key={g.id} group={g} now={value.at} />
            ))}
          </div>
          <h2>{w('agents')}</h2>
          <Agents agents={value.agents} now={value.at} />
        </>
      )}
    </div>
  );
}
