/** To whom a conversation goes: a colleague with a free seat, or a group, where it waits; with a note if need be. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Status } from '../../visitor/wire.ts';
import { useStore } from '../context.ts';
import { type Key, t } from '../i18n.ts';
import { type Chat, type Colleague, MAX_TEXT } from '../model.ts';
import { groupName, visitorName } from '../names.ts';
import { busyWith, groupsOf } from '../select.ts';
import { troubleText } from '../trouble.ts';
import { Dialog } from './Dialog.tsx';
import { Trouble } from './Trouble.tsx';

const order: Record<Status, number> = { online: 0, away: 1, offline: 2 };
const barOf = (a: Colleague): Key | undefined =>
  a.status !== 'online' ? `transfer.${a.status}` : a.held >= a.capacity ? 'transfer.full' : undefined;

/** Who can take it first, the least loaded on top; then the others, who can not. */
function ranked(agents: readonly Colleague[]): Colleague[] {
  const load = (a: Colleague) => a.held / Math.max(a.capacity, 1);
  return [...agents].sort(
    (a, b) =>
      Number(!!barOf(a)) - Number(!!barOf(b)) ||
      order[a.status] - order[b.status] ||
      load(a) - load(b) ||
      a.name.localeCompare(b.name),
  );
}

function AgentChoices({ agents, chosen, set }: { agents: readonly Colleague[]; chosen: string; set: (v: string) => void }) {
  return (
    <fieldset class="choices">
      <legend>{t('transfer.agents')}</legend>
      <div class="choices-list">
        {agents.map((a) => {
          const bar = barOf(a);
          return (
            <label key={a.id} class={bar ? 'choice barred' : 'choice'}>
              <input
                type="radio"
                name="to"
                value={`agent:${a.id}`}
                disabled={!!bar}
                checked={chosen === `agent:${a.id}`}
                onChange={() => set(`agent:${a.id}`)}
              />
              <span class={`dot ${a.status}`} aria-hidden="true" />
              <span class="choice-name">{a.name}</span>
              <span class="choice-load">
                {[bar && t(bar), t('transfer.seats', { held: a.held, capacity: a.capacity })].filter(Boolean).join(' · ')}
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}

function GroupChoices({
  groups,
  current,
  chosen,
  set,
}: {
  groups: readonly string[];
  current?: string | undefined;
  chosen: string;
  set: (v: string) => void;
}) {
  return (
    <fieldset class="choices">
      <legend>{t('transfer.groups')}</legend>
      <div class="choices-list">
        {groups.map((g) => (
          <label key={g} class="choice">
            <input
              type="radio"
              name="to"
              value={`group:${g}`}
              checked={chosen === `group:${g}`}
              onChange={() => set(`group:${g}`)}
            />
            <span class="choice-name">{groupName(g)}</span>
            <span class="choice-load">
              {[g === current && t('transfer.current'), t('transfer.queue')].filter(Boolean).join(' · ')}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** The dialog. It closes when the server has said yes, and says why when it said no. */
export function Transfer({ chat }: { chat: Chat }) {
  const store = useStore();
  const [to, setTo] = useState('');
  const [note, setNote] = useState('');
  const [trouble, setTrouble] = useState<string>();
  const desk = store.people.value;
  const agents = ranked(Object.values(desk.agents).filter((a) => a.id !== chat.head.agent?.id));
  const groups = useMemo(() => groupsOf(store.desk.peek()), [store.lists.shape.value]);
  const close = () => store.closeDialog('transfer');
  const sending = useOutcome(chat, close);

  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    const [kind, id] = split(to);
    if (!id) return setTrouble(t('transfer.choose'));
    setTrouble(undefined);
    sending.begin();
    const target = kind === 'agent' ? { agent: id } : { group: id };
    const extra = note.trim() ? { note: note.trim() } : {};
    void store.live.value?.act(chat.id, { type: 'transfer', session: chat.head.session, to: target, ...extra });
  };
  const refused = chat.trouble?.action === 'transfer' ? troubleText(chat.trouble, chat, desk) : undefined;

  return (
    <Dialog title={t('transfer.title', { name: visitorName(chat.head) })} onClose={close}>
      <form class="dialog-body-form" onSubmit={submit}>
        {agents.length > 0 && <AgentChoices agents={agents} chosen={to} set={setTo} />}
        {!agents.some((a) => !barOf(a)) && <p class="hint">{t('transfer.nobody')}</p>}
        <GroupChoices groups={groups} current={chat.head.group} chosen={to} set={setTo} />
        <div class="field">
          <label for="transfer-note">{t('transfer.note')}</label>
          <textarea
            id="transfer-note"
            class="input"
            rows={3}
            maxLength={MAX_TEXT}
            aria-describedby="transfer-hint"
            value={note}
            onInput={({ currentTarget: { value } }) => setNote(value)}
          />
          <p class="hint" id="transfer-hint">
            {t('transfer.noteHint')}
          </p>
        </div>
        {(trouble ?? refused) && <Trouble text={trouble ?? refused ?? ''} />}
        <div class="dialog-foot">
          <button type="button" class="button" onClick={close}>
            {t('app.cancel')}
          </button>
          <button type="submit" class="button primary" disabled={!store.connected.value || !!busyWith(chat)}>
            {t(busyWith(chat) === 'transfer' ? 'action.busy' : 'transfer.submit')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function split(to: string): [kind: string, id: string] {
  const i = to.indexOf(':');
  return [to.slice(0, i), to.slice(i + 1)];
}

/** Calls `done` once what was begun is over and was not refused. */
function useOutcome(chat: Chat, done: () => void): { begin: () => void } {
  const state = useRef<'idle' | 'begun' | 'under way'>('idle');
  const busy = busyWith(chat) === 'transfer';
  useEffect(() => {
    if (state.current === 'begun' && busy) state.current = 'under way';
    if (state.current !== 'under way' || busy) return;
    state.current = 'idle';
    if (chat.trouble?.action !== 'transfer') done();
  }, [busy, chat.trouble]);
  return {
    begin: () => {
      state.current = 'begun';
    },
  };
}
