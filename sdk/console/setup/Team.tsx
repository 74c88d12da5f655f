/** Accounts, and the groups they work in. */
import { useState } from 'preact/hooks';
import { Dialog } from '../components/Dialog.tsx';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { groupName } from '../names.ts';
import { get, put, type Spec, type Value } from './form.tsx';
import { List } from './List.tsx';
import { Asked, Copied, filled, type Item, only, reasonOf, removable } from './parts.tsx';
import { roles, timeoutsAt } from './specs.ts';
import { own } from './Team.words.ts';
import { w } from './words.ts';

const agentFields = (fresh: boolean): readonly Spec[] => [
  { k: 'name', label: own('name'), kind: 'text', hint: own('nameHint') },
  { k: 'display', label: own('display'), kind: 'text', hint: own('displayHint') },
  {
    k: 'password',
    label: own(fresh ? 'password' : 'newPassword'),
    kind: 'password',
    hint: own(fresh ? 'passwordHint' : 'newPasswordHint'),
  },
  { k: 'role', label: own('role'), kind: 'choice', options: roles(), hint: own('roleHint') },
  { k: 'groups', label: w('groups'), kind: 'groups', hint: own('groupsHint') },
  { k: 'capacity', label: own('capacity'), kind: 'number' },
  { k: 'weight', label: own('weight'), kind: 'number', step: 'any', hint: own('weightHint') },
  { k: 'avatar', label: own('avatar'), kind: 'text', hint: own('avatarHint') },
];

/** A password nobody guesses: of letters and digits that are not taken for each other, in groups to be read out. */
function makePassword(): string {
  const letters = 'abcdefghjkmnpqrstvwxyz0123456789'; // 32, so that no byte favours one
  const raw = crypto.getRandomValues(new Uint8Array(20));
  return [...raw].map((b, i) => (i && i % 5 === 0 ? '-' : '') + letters[b % 32]).join('');
}

/** What whoever has just been made an account must be told; the password is not to be had again. */
function Welcome({ name, password, onClose }: { name: string; password: string; onClose: () => void }) {
  const text = [`${location.origin}${location.pathname}`, `${own('name')}: ${name}`, `${own('password')}: ${password}`].join('\n');
  return (
    <Dialog title={own('made', { name })} onClose={onClose}>
      <p>{own('madeTell')}</p>
      <Copied text={text} />
    </Dialog>
  );
}

/** Accounts. Who has a second factor is told beside. */
export function Agents() {
  const me = useStore().desk.value.me.id;
  const [made, setMade] = useState<{ name: string; password: string }>();
  const about = (a: Item, enrolled: readonly string[]) => (
    <>
      {String(a.name)} · {w(a.role as 'agent')} · {(a.groups as string[]).map(groupName).join(', ') || own('noGroup')} ·{' '}
      {own('atATime', { n: Number(a.capacity) })} {a.id === me && <span class="chip">{own('you')}</span>}{' '}
      {enrolled.includes(String(a.id)) && <span class="chip">{own('second')}</span>}{' '}
      {a.disabled === true && <span class="chip">{own('disabled')}</span>}
    </>
  );
  return (
    <Asked<{ enrolled: string[] }> path="/totp">
      {({ enrolled }, reload) => (
        <>
          <List
            of={{
              title: w('agents'),
              lead: own('agentsAbout'),
              add: own('addAgent'),
              empty: w('none'),
              path: '/agents',
              member: 'agents',
              create: agentFields(true),
              // One's own password is changed in the menu, where the present one is asked for.
              change: (a) => agentFields(false).filter((s) => a.id !== me || s.k !== 'password'),
              blank: {
                name: '',
                display: '',
                password: makePassword(),
                role: 'agent',
                groups: ['default'],
                capacity: 5,
                weight: 1,
                avatar: '',
              },
              begin: (a) =>
                only(put(a, 'password', ''), 'name', 'display', 'password', 'role', 'groups', 'capacity', 'weight', 'avatar'),
              body: (v, item) => (item ? { ...(v as object), password: get(v, 'password') || undefined } : filled(v)),
              name: (a) => String(a.display || a.name),
              about: (a) => about(a, enrolled),
              onMade: (a, sent) => setMade({ name: String(a.name), password: String(get(sent, 'password')) }),
              more: (a, again) =>
                enrolled.includes(String(a.id)) && a.id !== me ? (
                  <RemoveFactor id={String(a.id)} name={String(a.name)} done={() => [reload(), again()]} />
                ) : null,
              remove: {
                text: own('disable'),
                question: (name) => own('disableSure', { name }),
                not: (a) => a.id === me || a.disabled === true,
              },
            }}
          />
          {made && <Welcome {...made} onClose={() => setMade(undefined)} />}
        </>
      )}
    </Asked>
  );
}

function RemoveFactor({ id, name, done }: { id: string; name: string; done: () => void }) {
  const { api } = useStore();
  const [trouble, setTrouble] = useState<string>();
  return (
    <>
      <button
        type="button"
        class="button"
        aria-label={`${own('resetTotp')}: ${name}`}
        onClick={() => api.ask('DELETE', `/agents/${encodeURIComponent(id)}/totp`).then(done, (e) => setTrouble(reasonOf(e)))}
      >
        {own('resetTotp')}
      </button>
      {trouble && <Trouble text={trouble} />}
    </>
  );
}

/** What a group's own timeouts begin with: protocol.md, "Defaults". */
const usual = { assistant: '20s', agent: '3m', visitor: '30m', warning: '5m', abandoned: '72h', return: '10m' };

/** Groups, with timeouts of their own or those of the site. */
export const Groups = () => (
  <List
    of={{
      title: w('groups'),
      lead: own('groupsAbout'),
      add: own('addGroup'),
      empty: w('none'),
      path: '/groups',
      member: 'groups',
      create: [
        { k: 'name', label: own('groupName'), kind: 'text', hint: own('groupNameHint') },
        { k: 'id', label: w('id'), kind: 'text', hint: own('idHint') },
      ],
      change: () => [
        { k: 'name', label: own('groupName'), kind: 'text' },
        { k: 'own', label: own('own'), kind: 'bool', hint: own('ownHint') },
        ...timeoutsAt('timeouts.').map((s) => ({ ...s, when: (v: Value) => get(v, 'own') === true })),
      ],
      begin: (g) => ({ name: g.name, own: !!g.timeouts, timeouts: g.timeouts ?? usual }),
      body: (v, item) => {
        if (!item) return filled(v);
        return { name: get(v, 'name'), timeouts: get(v, 'own') ? get(v, 'timeouts') : null };
      },
      blank: { id: '', name: '' },
      name: (g) => String(g.name || g.id),
      about: (g) => String(g.id) + (g.timeouts ? ` · ${own('own')}` : ''),
      remove: removable(),
    }}
  />
);
