/** What the receptionist did: how much of it by itself, why it called people, how fast, and what that cost. */
import { useState } from 'preact/hooks';
import { lang } from '../i18n.ts';
import { Asked } from '../setup/parts.tsx';
import { own } from './Figures.words.ts';
import type { PartProps } from './Receptionist.tsx';
import { of } from './words.ts';

/** A day (UTC) as the API has it. */
export interface Day {
  readonly day: string;
  readonly sessions: number;
  readonly resolved: number;
  readonly answers: number;
  readonly cited: number;
  readonly handed: Readonly<Record<string, number>>;
  readonly first: number;
  readonly in: number;
  readonly out: number;
  readonly cost: number;
}

/** All days as one; what is a mean is weighed by the answers. */
export function sumOf(days: readonly Day[]): Day {
  const sum = (f: (d: Day) => number) => days.reduce((n, d) => n + f(d), 0);
  const timed = days.filter((d) => d.first > 0);
  const weight = timed.reduce((n, d) => n + d.answers, 0);
  const handed: Record<string, number> = {};
  for (const d of days) for (const [why, n] of Object.entries(d.handed)) handed[why] = (handed[why] ?? 0) + n;
  return {
    day: '',
    sessions: sum((d) => d.sessions),
    resolved: sum((d) => d.resolved),
    answers: sum((d) => d.answers),
    cited: sum((d) => d.cited),
    handed,
    first: weight ? timed.reduce((n, d) => n + d.first * d.answers, 0) / weight : 0,
    in: sum((d) => d.in),
    out: sum((d) => d.out),
    cost: sum((d) => d.cost),
  };
}

/** A sum of money may be a thousandth of whatever it is of. */
const money = (n: number) => n.toLocaleString(lang.value, n < 1 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 });
const number = (n: number, digits = 0) => n.toLocaleString(lang.value, { maximumFractionDigits: digits });
const share = (n: number, all: number) =>
  all ? (n / all).toLocaleString(lang.value, { style: 'percent', maximumFractionDigits: 0 }) : '–';
/** Without a day there is none to write. */
const dayName = (day: string) =>
  new Date(`${day}T12:00:00Z`).toLocaleDateString(lang.value, { month: 'short', day: 'numeric', timeZone: 'UTC' });

export function Figures({ site }: PartProps) {
  const [days, setDays] = useState(30);
  return (
    <>
      <div class="field rec-site">
        <label for="rec-days">{own('period')}</label>
        <select id="rec-days" class="input" value={String(days)} onChange={(e) => setDays(Number(e.currentTarget.value))}>
          {[7, 30, 90].map((n) => (
            <option key={n} value={String(n)}>
              {own('days', { n })}
            </option>
          ))}
        </select>
      </div>
      <Asked<{ days: Day[] }> key={days} path={`/assist/figures?${new URLSearchParams({ site: site.id, days: String(days) })}`}>
        {(found) => (found.days.length ? <Shown days={found.days} /> : <Nothing />)}
      </Asked>
    </>
  );
}

const Nothing = () => (
  <div class="rec-empty">
    <strong>{own('noFigures')}</strong>
    <p>{own('noFiguresHint')}</p>
  </div>
);

function Tile({ name, value, about }: { name: string; value: string; about: string }) {
  return (
    <div class="rec-tile">
      <dt>{name}</dt>
      <dd>
        <strong>{value}</strong>
        <span class="hint">{about}</span>
      </dd>
    </div>
  );
}

function Shown({ days }: { days: readonly Day[] }) {
  const all = sumOf(days);
  return (
    <>
      <dl class="rec-tiles">
        <Tile
          name={own('resolved')}
          value={share(all.resolved, all.sessions)}
          about={own('ofSessions', { n: all.resolved, all: all.sessions })}
        />
        <Tile
          name={own('cited')}
          value={share(all.cited, all.answers)}
          about={own('ofAnswers', { n: all.cited, all: all.answers })}
        />
        {all.first > 0 && <Tile name={own('first')} value={own('seconds', { n: number(Math.max(all.first, 0.01), 2) })} about="" />}
        <Tile
          name={own('tokens')}
          value={number(all.in + all.out)}
          about={own('tokensOf', { in: number(all.in), out: number(all.out) })}
        />
        {all.cost > 0 && <Tile name={own('cost')} value={money(all.cost)} about={own('costHint')} />}
      </dl>
      <Reasons handed={all.handed} />
      <ByDay days={days} />
    </>
  );
}

/** Bars of one list, the longest first; what they show is beside them as a number. */
function Reasons({ handed }: { handed: Day['handed'] }) {
  const list = Object.entries(handed).sort(([, a], [, b]) => b - a);
  const most = list[0]?.[1] ?? 0;
  return (
    <section class="setup-part">
      <h3>{own('why')}</h3>
      {!list.length && <p class="hint">{own('nobodyCalled')}</p>}
      <ul class="rec-bars">
        {list.map(([why, n]) => (
          <li key={why}>
            <span>{of('reason', why)}</span>
            <span class="rec-bar" style={{ width: `${(100 * n) / most}%` }} />
            <strong>{number(n)}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}

function ByDay({ days }: { days: readonly Day[] }) {
  const heads = ['sessions', 'resolvedHead', 'answersHead', 'citedHead', 'handedHead', 'tokensHead'] as const;
  const total = (d: Day) => Object.values(d.handed).reduce((n, x) => n + x, 0);
  return (
    <section class="setup-part">
      <h3>{own('byDay')}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section class="setup-scroll" tabIndex={0} aria-label={own('byDay')}>
        <table class="setup-report rec-days">
          <thead>
            <tr>
              <th scope="col">{own('dayHead')}</th>
              {heads.map((k) => (
                <th key={k} scope="col">
                  {own(k)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.map((d) => (
              <tr key={d.day}>
                <th scope="row">{dayName(d.day)}</th>
                {[d.sessions, d.resolved, d.answers, d.cited, total(d), d.in + d.out].map((n, i) => (
                  <td key={heads[i]}>{number(n)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
