/** The pages that are a list: accounts, groups, replies, blocks, notifications, webhooks. */
import { useState } from 'preact/hooks';
import { Dialog } from '../components/Dialog.tsx';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { groupName } from '../names.ts';
import { download, parseCsv, toCsv } from './csv.ts';
import { get, put, type Spec, type Value } from './form.tsx';
import { Asked, type Item, List, type ListOf, only, reasonOf, when } from './parts.tsx';
import { roles, timeoutsAt } from './specs.ts';
import { w } from './words.ts';

const del = { text: w('delete'), question: (name: string) => w('sure', { name }) };
const removable = () => ({ ...del, text: w('delete') });

const agentFields = (fresh: boolean): readonly Spec[] => [
  { k: 'name', label: 'name', kind: 'text', hint: 'nameHint' },
  { k: 'display', label: 'display', kind: 'text' },
  { k: 'password', label: fresh ? 'password' : 'newPassword', kind: 'password', hint: fresh ? 'passwordHint' : 'newPasswordHint' },
  { k: 'role', label: 'role', kind: 'choice', options: roles() },
  { k: 'groups', label: 'groups', kind: 'lines', hint: 'onlyGroupsHint' },
  { k: 'capacity', label: 'capacity', kind: 'number' },
  { k: 'weight', label: 'weight', kind: 'number', step: 'any', hint: 'weightHint' },
  { k: 'avatar', label: 'avatar', kind: 'text' },
];

const filled = (v: Value) => Object.fromEntries(Object.entries(v as object).filter(([, x]) => x !== '' && x !== undefined));

/** Accounts. Who has a second factor is told beside. */
export function Agents() {
  const { api, desk } = useStore();
  const me = desk.value.me.id;
  return (
    <Asked<{ enrolled: string[] }> path="/totp">
      {({ enrolled }, reload) => (
        <List
          of={{
            title: w('agents'),
            path: '/agents',
            member: 'agents',
            create: agentFields(true),
            change: agentFields(false),
            blank: { name: '', display: '', password: '', role: 'agent', groups: ['default'], capacity: 5, weight: 1, avatar: '' },
            begin: (a) =>
              only(put(a, 'password', ''), 'name', 'display', 'password', 'role', 'groups', 'capacity', 'weight', 'avatar'),
            body: (v, item) => (item ? { ...(v as object), password: get(v, 'password') || undefined } : filled(v)),
            name: (a) => String(a.display || a.name),
            about: (a) => (
              <>
                {String(a.name)} · {w(a.role as 'agent')} · {(a.groups as string[]).map(groupName).join(', ')} ·{' '}
                {String(a.capacity)}
                {enrolled.includes(String(a.id)) && <span class="chip">{w('second')}</span>}
                {a.disabled === true && <span class="chip">{w('disabled')}</span>}
              </>
            ),
            more: (a, again) => (
              <>
                {enrolled.includes(String(a.id)) && a.id !== me && (
                  <RemoveFactor id={String(a.id)} name={String(a.name)} done={() => [reload(), again()]} />
                )}
              </>
            ),
            remove: { text: w('disable'), question: (name) => w('disableSure', { name }) },
          }}
        />
      )}
    </Asked>
  );

  function RemoveFactor({ id, name, done }: { id: string; name: string; done: () => void }) {
    const [trouble, setTrouble] = useState<string>();
    return (
      <>
        <button
          type="button"
          class="button"
          aria-label={`${w('resetTotp')}: ${name}`}
          onClick={() => api.ask('DELETE', `/agents/${encodeURIComponent(id)}/totp`).then(done, (e) => setTrouble(reasonOf(e)))}
        >
          {w('resetTotp')}
        </button>
        {trouble && <Trouble text={trouble} />}
      </>
    );
  }
}

export const Groups = () => (
  <List
    of={{
      title: w('groups'),
      path: '/groups',
      member: 'groups',
      create: [
        { k: 'id', label: 'id', kind: 'text', hint: 'idHint' },
        { k: 'name', label: 'title_', kind: 'text' },
      ],
      change: [
        { k: 'name', label: 'title_', kind: 'text' },
        { k: 'own', label: 'own', kind: 'bool' },
        ...timeoutsAt('timeouts.').map((s) => ({ ...s, when: (v: Value) => get(v, 'own') === true })),
      ],
      begin: (g) => ({ name: g.name, own: !!g.timeouts, timeouts: g.timeouts ?? {} }),
      body: (v, item) => {
        if (!item) return filled(v);
        const times = filled(get(v, 'timeouts') ?? {});
        return { name: get(v, 'name'), timeouts: get(v, 'own') ? times : null };
      },
      blank: { id: '', name: '' },
      name: (g) => String(g.name || g.id),
      about: (g) => String(g.id) + (g.timeouts ? ` · ${w('own')}` : ''),
      remove: removable(),
    }}
  />
);

const replyFields = (groups: readonly (readonly [string, string])[]): readonly Spec[] => [
  { k: 'title', label: 'title_', kind: 'text' },
  { k: 'shortcut', label: 'shortcut', kind: 'text', hint: 'shortcutHint' },
  { k: 'text', label: 'replyText', kind: 'long', hint: 'replyHint' },
  { k: 'shared', label: 'shared', kind: 'bool' },
  { k: 'group', label: 'group', kind: 'choice', options: [['', w('all')], ...groups], when: (v) => get(v, 'shared') === true },
];

/** Canned replies, and the way in and out of a spreadsheet. */
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
      setTrouble(`${n + 2}: ${reasonOf(e)}`);
    }
    say(w('imported', { n }));
    next(turn + 1);
  };
  return (
    <Asked<{ groups: Item[] }> path="/groups">
      {({ groups }) => (
        <>
          <List
            key={turn}
            of={{
              title: w('replies'),
              path: '/replies',
              member: 'replies',
              create: replyFields(groups.map((g) => [String(g.id), String(g.name || g.id)])),
              change: replyFields(groups.map((g) => [String(g.id), String(g.name || g.id)])),
              blank: { title: '', text: '', shortcut: '', shared: true, group: '' },
              begin: (r) => ({ ...(only(r, 'title', 'text', 'shortcut', 'shared') as object), group: r.group ?? '' }),
              body: (v, item) => ({ ...(item ? (v as object) : filled(v)), ...(item ? { version: item.version } : {}) }),
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
              {w('exportCsv')}
            </button>
            <label class="button">
              {w('importCsv')}
              <input type="file" class="spoken" accept=".csv,text/csv" onChange={(e) => void enter(e.currentTarget.files?.[0])} />
            </label>
          </div>
          <p class="done" role="status">
            {said}
          </p>
          {trouble && <Trouble text={trouble} />}
        </>
      )}
    </Asked>
  );
}

export const Blocks = () => (
  <List
    of={{
      title: w('blocks'),
      path: '/blocks',
      member: 'blocks',
      key: 'visitor',
      create: [
        { k: 'visitor', label: 'visitor', kind: 'text' },
        { k: 'network', label: 'network', kind: 'text', hint: 'networkHint' },
        { k: 'reason', label: 'reason', kind: 'text', hint: 'reasonHint' },
        { k: 'minutes', label: 'minutes', kind: 'number', hint: 'forGood' },
      ],
      blank: { visitor: '', network: '', reason: '', minutes: 60 },
      body: filled,
      name: (b) => String(b.visitor).replace(/^net:/, ''),
      about: (b) => `${b.reason ? `${b.reason} · ` : ''}${when(String(b.at))}${b.until ? ` – ${when(String(b.until))}` : ''}`,
      remove: removable(),
    }}
  />
);

const channelFields = (): readonly Spec[] => [
  { k: 'name', label: 'title_', kind: 'text' },
  {
    k: 'kind',
    label: 'kind',
    kind: 'choice',
    options: (['wecom', 'dingtalk', 'feishu', 'mail', 'webhook'] as const).map((k) => [k, w(k)]),
  },
  { k: 'url', label: 'url', kind: 'text', when: (v) => get(v, 'kind') !== 'mail' },
  {
    k: 'secret',
    label: 'secret',
    kind: 'text',
    hint: 'secretHint',
    when: (v) => get(v, 'kind') !== 'mail' && get(v, 'kind') !== 'wecom',
  },
  { k: 'to', label: 'to', kind: 'lines', hint: 'toHint', when: (v) => get(v, 'kind') === 'mail' },
  { k: 'after', label: 'waitFor', kind: 'number' },
  { k: 'waiting', label: 'waiting', kind: 'bool' },
  { k: 'unread', label: 'unread', kind: 'bool' },
  { k: 'groups', label: 'onlyGroups', kind: 'groups', hint: 'noneAll' },
  {
    k: 'lang',
    label: 'lang',
    kind: 'choice',
    options: [
      ['zh', w('zh')],
      ['en', w('en')],
    ],
  },
  { k: 'link', label: 'link', kind: 'text' },
  { k: 'off', label: 'off', kind: 'bool' },
];

function Try({ path, name, text, done }: { path: string; name: string; text: string; done?: () => void }) {
  const { api } = useStore();
  const [said, say] = useState<{ good?: string; bad?: string }>({});
  const go = () =>
    api.ask('POST', path).then(
      () => {
        say({ good: w('tested') });
        done?.();
      },
      (e) => say({ bad: reasonOf(e) }),
    );
  return (
    <>
      <button type="button" class="button" aria-label={`${text}: ${name}`} onClick={() => void go()}>
        {text}
      </button>
      {said.good && (
        <span class="done" role="status">
          {said.good}
        </span>
      )}
      {said.bad && <Trouble text={said.bad} />}
    </>
  );
}

export const Channels = () => (
  <List
    of={{
      title: w('channels'),
      path: '/channels',
      member: 'channels',
      method: 'PUT',
      create: channelFields(),
      change: channelFields(),
      blank: {
        name: '',
        kind: 'wecom',
        url: '',
        secret: '',
        to: [],
        after: 60,
        waiting: true,
        unread: true,
        groups: [],
        lang: 'zh',
        link: location.origin + location.pathname,
        off: false,
      },
      begin: (c) => only(c, 'name', 'kind', 'url', 'secret', 'to', 'after', 'waiting', 'unread', 'groups', 'lang', 'link', 'off'),
      body: (v, item) => ({ ...(v as object), ...(item ? { version: item.version } : {}) }),
      name: (c) => String(c.name),
      about: (c) => (
        <>
          {w(c.kind as 'mail')} · {String(c.after)} s {c.off === true && <span class="chip">{w('off')}</span>}
          {c.sent ? ` · ${w('lastSent', { at: when(String(c.sent)) })}` : ''}
          {c.last ? <span class="setup-fault"> {w('lastFailed', { why: String(c.last) })}</span> : null}
        </>
      ),
      more: (c, again) => <Try path={`/channels/${c.id}/test`} name={String(c.name)} text={w('test')} done={again} />,
      remove: removable(),
    }}
  />
);

/** Webhooks. The secret of a new one is shown once. */
export function Webhooks() {
  const [secret, setSecret] = useState<string>();
  const of: ListOf = {
    title: w('webhooks'),
    path: '/webhooks',
    member: 'webhooks',
    create: [
      { k: 'url', label: 'url', kind: 'text' },
      { k: 'sites', label: 'hookSites', kind: 'lines', hint: 'onlyGroupsHint' },
      { k: 'kinds', label: 'kinds', kind: 'lines', hint: 'kindsHint' },
      { k: 'internal', label: 'internal', kind: 'bool' },
    ],
    blank: { url: '', sites: [], kinds: [], internal: false },
    onMade: (made) => setSecret(String(made.secret)),
    name: (h) => String(h.url),
    about: (h) => (
      <>
        {(h.kinds as string[]).join(', ') || w('all')} {h.sent ? `· ${w('lastSent', { at: when(String(h.sent)) })}` : ''}
        {h.last ? (
          <span class="setup-fault">
            {' '}
            {h.disabled ? w('off_', { why: String(h.last) }) : w('failing', { at: when(String(h.since)), why: String(h.last) })}
          </span>
        ) : null}
      </>
    ),
    more: (h, again) =>
      h.last ? <Try path={`/webhooks/${h.id}/resume`} name={String(h.url)} text={w('resume')} done={again} /> : null,
    remove: removable(),
  };
  return (
    <>
      <List of={of} />
      {secret && (
        <Dialog title={w('webhook')} onClose={() => setSecret(undefined)}>
          <p>{w('hookOnce')}</p>
          <pre class="setup-code">{secret}</pre>
        </Dialog>
      )}
    </>
  );
}
