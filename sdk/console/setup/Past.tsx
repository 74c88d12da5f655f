/** What was: the history of the settings with a way back, who changed what, and the reports. */
import { useState } from 'preact/hooks';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { agentName, groupName } from '../names.ts';
import { Asked, type Item, reasonOf, Sure, when } from './parts.tsx';
import { type Change, Changes } from './settings.tsx';
import { w } from './words.ts';

interface Revision {
  readonly version: number;
  readonly at: string;
  readonly by: string;
  readonly changes: readonly Change[];
}

/** Pages of a list that goes on; the first is asked for when it appears. */
function Paged<T>(props: { path: string; member: string; each: (x: T, first: boolean) => preact.ComponentChildren }) {
  const { api } = useStore();
  const [more, set] = useState<{ list: T[]; next?: string | number }>();
  const [trouble, setTrouble] = useState<string>();
  const go = (next: string | number, had: T[]) =>
    api.ask<Record<string, T[]> & { next?: string }>('GET', `${props.path}?before=${encodeURIComponent(next)}`).then(
      (page) => set({ list: [...had, ...(page[props.member] ?? [])], ...(page.next ? { next: page.next } : {}) }),
      (e) => setTrouble(reasonOf(e)),
    );
  return (
    <Asked<Record<string, T[]> & { next?: string }> path={props.path}>
      {(found) => {
        const list = more?.list ?? found[props.member] ?? [];
        const next = more ? more.next : found.next;
        return (
          <>
            {!list.length && <p class="hint">{w('none')}</p>}
            <ul class="setup-list">{list.map((x, i) => props.each(x, i === 0))}</ul>
            {trouble && <Trouble text={trouble} />}
            {next && (
              <button type="button" class="button" onClick={() => void go(next, list)}>
                {w('more')}
              </button>
            )}
          </>
        );
      }}
    </Asked>
  );
}

/** Versions of the settings. */
export function History() {
  const { api, desk } = useStore();
  const [turn, next] = useState(0);
  return (
    <section>
      <h2>{w('history')}</h2>
      <Paged<Revision>
        key={turn}
        path="/settings/history"
        member="versions"
        each={(v, first) => (
          <li key={v.version}>
            <div class="setup-head">
              <div>
                <strong>{w('version', { n: v.version })}</strong>
                <div class="hint">
                  {when(v.at)} · {v.by ? agentName(desk.value, { id: v.by }) : w('operator')}
                </div>
              </div>
              {!first && (
                <Sure
                  text={w('rollback')}
                  question={w('rollbackSure', { n: v.version })}
                  onSure={async () => {
                    await api.ask('POST', '/settings/rollback', { version: v.version });
                    next(turn + 1);
                  }}
                />
              )}
            </div>
            <Changes list={v.changes} />
          </li>
        )}
      />
    </section>
  );
}

/** Who changed what. */
export const Audit = () => (
  <section>
    <h2>{w('audit')}</h2>
    <Paged<Item & { changes: Change[] }>
      path="/audit"
      member="entries"
      each={(e) => (
        <li key={String(e.id)}>
          <div class="setup-head">
            <div>
              <strong>
                {String(e.operation)} · {String(e.target)}
              </strong>
              <div class="hint">
                {when(String(e.at))} · {String(e.name) || w('operator')}
              </div>
            </div>
          </div>
          {e.changes.length > 0 && <Changes list={e.changes} />}
        </li>
      )}
    />
  </section>
);

interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
}
interface Row {
  readonly key: string;
  readonly sessions: number;
  readonly answered: number;
  readonly missed: number;
  readonly bot: number;
  readonly open: number;
  readonly wait: Spread;
  readonly response: Spread;
  readonly scores: readonly number[];
}
interface Found {
  readonly rows: readonly Row[];
  readonly total: Row;
  readonly since?: string;
}

const took = ({ count, p50 }: Spread) => (count ? (p50 < 120 ? `${Math.round(p50)} s` : `${Math.round(p50 / 60)} min`) : '–');
function score(scores: readonly number[]): string {
  const n = scores.reduce((a, b) => a + b, 0);
  return n ? `${(scores.reduce((sum, c, i) => sum + c * (i + 1), 0) / n).toFixed(1)} (${n})` : '–';
}

/** Bars of a number by day: drawn, and said in the table below. */
function Bars({ rows }: { rows: readonly Row[] }) {
  const most = Math.max(1, ...rows.map((r) => r.sessions));
  const width = 100 / Math.max(rows.length, 1);
  return (
    <svg class="setup-bars" viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
      {rows.map((r, i) => {
        const all = (r.sessions / most) * 38;
        const good = (r.answered / most) * 38;
        return (
          <g key={r.key}>
            <rect class="bar-all" x={i * width + width * 0.15} width={width * 0.7} y={40 - all} height={all} />
            <rect class="bar-good" x={i * width + width * 0.15} width={width * 0.7} y={40 - good} height={good} />
          </g>
        );
      })}
    </svg>
  );
}

/** Sessions by day, agent, group or site. */
export function Reports() {
  const { desk, now } = useStore();
  const [by, setBy] = useState('days');
  const [days, setDays] = useState(7);
  const [to] = useState(() => now.peek());
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const from = new Date(to - days * 86_400_000).toISOString();
  const path = `/reports/${by}?${new URLSearchParams({ from, to: new Date(to).toISOString(), zone })}`;
  const name = (key: string) => {
    if (!key) return w('nobody');
    if (by === 'agents') return agentName(desk.value, { id: key });
    return by === 'groups' ? groupName(key) : key;
  };
  const columns = ['sessions', 'answered', 'missed', 'bot', 'stillOpen', 'wait', 'response', 'score'] as const;
  const cells = (r: Row) => [r.sessions, r.answered, r.missed, r.bot, r.open, took(r.wait), took(r.response), score(r.scores)];
  return (
    <section>
      <h2>{w('reports')}</h2>
      <div class="setup-bar">
        <div class="field">
          <label for="report-by">{w('by')}</label>
          <select id="report-by" class="input" value={by} onChange={(e) => setBy(e.currentTarget.value)}>
            {(['days', 'agents', 'groups', 'sites'] as const).map((k) => (
              <option key={k} value={k}>
                {w(k)}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="report-days">{w('period')}</label>
          <select id="report-days" class="input" value={String(days)} onChange={(e) => setDays(Number(e.currentTarget.value))}>
            <option value="7">{w('last7')}</option>
            <option value="30">{w('last30')}</option>
            <option value="90">{w('last90')}</option>
          </select>
        </div>
      </div>
      <Asked<Found> key={path} path={path}>
        {(found) => (
          <>
            {found.since && <p class="hint">{w('cut', { at: when(found.since) })}</p>}
            {by === 'days' && <Bars rows={found.rows} />}
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
            <section class="setup-scroll" tabIndex={0} aria-label={w('reports')}>
              <table class="setup-report">
                <thead>
                  <tr>
                    <th scope="col">{w(by as 'days')}</th>
                    {columns.map((c) => (
                      <th key={c} scope="col">
                        {w(c)}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {[...found.rows.map((r) => [r, name(r.key)] as const), [found.total, w('totals')] as const].map(([r, label]) => (
                    <tr key={label}>
                      <th scope="row">{label}</th>
                      {cells(r).map((c, i) => (
                        <td key={columns[i]}>{c}</td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          </>
        )}
      </Asked>
    </section>
  );
}
