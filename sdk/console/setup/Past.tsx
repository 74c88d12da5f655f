/** What was: the history of the settings with a way back, who changed what, and the reports. */
import { useState } from 'preact/hooks';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { lang } from '../i18n.ts';
import { agentName, groupName } from '../names.ts';
import { type Change, Changes } from './changes.tsx';
import type { Value } from './form.tsx';
import { own } from './Past.words.ts';
import { Asked, type Item, reasonOf, Sure, when } from './parts.tsx';
import { w } from './words.ts';

interface Revision {
  readonly version: number;
  readonly at: string;
  readonly by: string;
  readonly changes: readonly Change[];
}

/** Pages of a list that goes on; the first is asked for when it appears. */
function Paged<T>(props: {
  path: string;
  member: string;
  empty: string;
  each: (x: T, first: boolean) => preact.ComponentChildren;
}) {
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
            {!list.length && <p class="setup-empty">{props.empty}</p>}
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
        empty={own('noVersions')}
        each={(v, first) => (
          <li key={v.version}>
            <div class="setup-head">
              <div>
                <strong>{own('version', { n: v.version })}</strong>
                <div class="hint">
                  {when(v.at)} · {v.by ? agentName(desk.value, { id: v.by }) : own('operator')}
                </div>
              </div>
              {!first && (
                <Sure
                  text={own('rollback')}
                  question={own('rollbackSure', { n: v.version })}
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

/** An operation of the API in words; of one that is newer than this page, its name. */
const did = (operation: string) => (isOp(operation) ? own(`op.${operation}`) : operation);
const ops = [
  ...['put-settings', 'create-agent', 'change-agent', 'disable-agent', 'create-block', 'delete-block', 'create-reply'],
  ...['change-reply', 'delete-reply', 'create-channel', 'change-channel', 'delete-channel', 'create-webhook'],
  ...['delete-webhook', 'resume-webhook', 'confirm-totp', 'end-totp', 'reset-totp', 'erase-visitor'],
] as const;
type Op = (typeof ops)[number];
const isOp = (s: string): s is Op => ops.some((op) => op === s);

/** What it was done to: by its name, if the changes have one. */
function whatOf({ changes, target }: { readonly changes: readonly Change[]; readonly target?: Value }): string {
  const named = changes.find((c) => ['display', 'name', 'title', 'url'].includes(c.path));
  return String(named?.after || named?.before || target);
}

/** Who changed what. */
export const Audit = () => (
  <section>
    <h2>{w('audit')}</h2>
    <Paged<Item & { changes: Change[] }>
      path="/audit"
      member="entries"
      empty={own('noAudit')}
      each={(e) => (
        <li key={String(e.id)}>
          <div class="setup-head">
            <div>
              <strong>{did(String(e.operation))}</strong> {whatOf(e)}
              <div class="hint">
                {when(String(e.at))} · {String(e.name) || own('operator')}
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

const inUnit = (n: number, unit: string) => Math.round(n).toLocaleString(lang.value, { style: 'unit', unit, unitDisplay: 'short' });
const took = ({ count, p50 }: Spread) => (count ? (p50 < 120 ? inUnit(p50, 'second') : inUnit(p50 / 60, 'minute')) : '–');
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
    if (!key) return own('nobody');
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
          <label for="report-by">{own('by')}</label>
          <select id="report-by" class="input" value={by} onChange={(e) => setBy(e.currentTarget.value)}>
            {(
              [
                ['days', 'byDays'],
                ['agents', 'byAgents'],
                ['groups', 'byGroups'],
                ['sites', 'bySites'],
              ] as const
            ).map(([k, word]) => (
              <option key={k} value={k}>
                {own(word)}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="report-days">{own('period')}</label>
          <select id="report-days" class="input" value={String(days)} onChange={(e) => setDays(Number(e.currentTarget.value))}>
            <option value="7">{own('last7')}</option>
            <option value="30">{own('last30')}</option>
            <option value="90">{own('last90')}</option>
          </select>
        </div>
      </div>
      <Asked<Found> key={path} path={path}>
        {(found) => (
          <>
            {found.since && <p class="hint">{own('cut', { at: when(found.since) })}</p>}
            {!found.total.sessions && <p class="setup-empty">{own('noReports')}</p>}
            {by === 'days' && found.total.sessions > 0 && (
              <>
                <Bars rows={found.rows} />
                <p class="hint setup-key">
                  <span class="bar-key good">{own('barsGood')}</span> <span class="bar-key">{own('barsAll')}</span>
                </p>
              </>
            )}
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
            <section class="setup-scroll" tabIndex={0} aria-label={w('reports')}>
              <table class="setup-report">
                <thead>
                  <tr>
                    <th scope="col">{own(by as 'days')}</th>
                    {columns.map((c) => (
                      <th key={c} scope="col">
                        {own(c)}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {[...found.rows.map((r) => [r, name(r.key)] as const), [found.total, own('totals')] as const].map(
                    ([r, label]) => (
                      <tr key={label}>
                        <th scope="row">{label}</th>
                        {cells(r).map((c, i) => (
                          <td key={columns[i]}>{c}</td>
                        ))}
                      </tr>
                    ),
                  )}
                </tbody>
              </table>
            </section>
          </>
        )}
      </Asked>
    </section>
  );
}
