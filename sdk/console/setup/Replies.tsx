/** Canned replies, and the way in and out of a spreadsheet. */
import { useState } from 'preact/hooks';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { lang } from '../i18n.ts';
import { groupName } from '../names.ts';
import { download, parseCsv, toCsv } from './csv.ts';
import { get, type Spec } from './form.tsx';
import { List } from './List.tsx';
import { Asked, faultsOf, filled, type Item, only, reasonOf, removable } from './parts.tsx';
import { placeName } from './places.ts';
import { own } from './Replies.words.ts';
import { told } from './told.ts';
import { w } from './words.ts';

const replyFields = (groups: readonly (readonly [string, string])[]): readonly Spec[] => [
  { k: 'title', label: w('title_'), kind: 'text' },
  { k: 'shortcut', label: own('shortcut'), kind: 'text', hint: own('shortcutHint') },
  { k: 'text', label: own('replyText'), kind: 'long', hint: own('replyHint') },
  { k: 'shared', label: own('shared'), kind: 'bool' },
  { k: 'group', label: own('group'), kind: 'choice', options: [['', w('all')], ...groups], when: (v) => get(v, 'shared') === true },
];

/** The page. */
export function Replies() {
  const { api } = useStore();
  const [said, say] = useState('');
  const [trouble, setTrouble] = useState<string>();
  const [turn, next] = useState(0);
  const leave = async () => {
    const { replies } = await api.ask<{ replies: Item[] }>('GET', '/replies');
    download('replies.csv', toCsv(['title', 'shortcut', 'text', 'shared', 'group'], replies));
  };
  const enter = async (file: File | undefined) => {
    if (!file) return;
    let n = 0;
    setTrouble(undefined);
    try {
      for (const row of parseCsv(await file.text()).slice(0, 500)) {
        await api.ask(
          'POST',
          '/replies',
          filled({ ...(only(row, 'title', 'shortcut', 'text', 'group') as object), shared: row.shared === 'true' }),
        );
        n++;
      }
    } catch (e) {
      // No field stands beside it here that would say which one is meant.
      const faults = faultsOf(e).map((f) => `${placeName(f.location.replace(/^body\./, ''))}: ${told(lang.value, f.message)}`);
      setTrouble(own('importFailed', { line: n + 2, why: faults.join(' ') || reasonOf(e) }));
    }
    say(own('imported', { n }));
    next(turn + 1);
  };
  return (
    <Asked<{ groups: Item[] }> path="/groups">
      {({ groups }) => {
        const named = groups.map((g) => [String(g.id), String(g.name || g.id)] as const);
        return (
          <>
            <List
              key={turn}
              of={{
                title: w('replies'),
                lead: own('about'),
                add: own('add'),
                empty: own('empty'),
                path: '/replies',
                member: 'replies',
                create: replyFields(named),
                change: () => replyFields(named),
                blank: { title: '', text: '', shortcut: '', shared: true, group: '' },
                begin: (r) => ({ ...(only(r, 'title', 'text', 'shortcut', 'shared') as object), group: r.group ?? '' }),
                body: (v, item) => (item ? v : filled(v)),
                name: (r) => String(r.title),
                about: (r) => (
                  <>
                    {r.shortcut ? `/${r.shortcut} · ` : ''}
                    {String(r.text).slice(0, 120)}{' '}
                    {r.shared === true && <span class="chip">{r.group ? groupName(String(r.group)) : w('all')}</span>}
                  </>
                ),
                remove: removable(),
              }}
            />
            <div class="setup-actions">
              <button type="button" class="button" onClick={() => void leave().catch((e) => setTrouble(reasonOf(e)))}>
                {own('exportCsv')}
              </button>
              <label class="button">
                {own('importCsv')}
                <input type="file" class="spoken" accept=".csv,text/csv" onChange={(e) => void enter(e.currentTarget.files?.[0])} />
              </label>
            </div>
            <p class="hint">{own('csvHint')}</p>
            <p class="done" role="status">
              {said}
            </p>
            {trouble && <Trouble text={trouble} />}
          </>
        );
      }}
    </Asked>
  );
}
