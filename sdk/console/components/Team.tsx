/** The administrator's corner: who there is, and one more. */
import { useEffect, useState } from 'preact/hooks';
import { type Agent, ApiError, codeOf, type NewAgent, type Role } from '../api.ts';
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import { groupName } from '../names.ts';
import { codeText } from '../trouble.ts';
import { Avatar } from './Avatar.tsx';
import { Dialog } from './Dialog.tsx';
import { MIN_PASSWORD } from './Password.tsx';
import { Trouble } from './Trouble.tsx';

const roles: readonly Role[] = ['agent', 'supervisor', 'admin'];

function People({ agents }: { agents: readonly Agent[] }) {
  const store = useStore();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reached by keyboard
    <ul class="people" aria-label={t('team.list')} tabIndex={0}>
      {agents.map((a) => (
        <li key={a.id} class="person">
          <Avatar small id={a.id} name={a.display || a.name} src={a.avatar} />
          <div class="person-body">
            <strong>
              {a.display || a.name}
              {a.id === store.desk.value.me.id && ` (${t('team.you')})`}
            </strong>
            <span>
              {a.name} · {t(`role.${a.role}`)} · {a.groups.map(groupName).join(', ')}
            </span>
          </div>
          <span class="chip" title={t('team.capacity')}>
            {a.disabled ? t('team.disabled') : a.capacity}
          </span>
        </li>
      ))}
    </ul>
  );
}

function read(form: FormData): NewAgent {
  const text = (key: string) => String(form.get(key) ?? '').trim();
  const groups = text('groups')
    .split(/[,，、\s]+/)
    .filter(Boolean);
  const display = text('display');
  return {
    name: text('name'),
    password: String(form.get('password') ?? ''),
    ...(display ? { display } : {}),
    role: text('role') as Role,
    groups: groups.length ? groups : ['default'],
    capacity: Number(text('capacity')) || 0,
  };
}

function reasonOf(e: unknown): string {
  const code = codeOf(e);
  if (code === 'conflict') return t('team.taken');
  // What the server says about a field is more use than our word for its code.
  if (code === 'invalid' && e instanceof ApiError && e.message) return t('team.invalid', { message: e.message });
  return codeText(code === 'offline' ? 'offline' : code);
}

function Create({ onCreated }: { onCreated: (a: Agent) => void }) {
  const store = useStore();
  const [trouble, setTrouble] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (e: SubmitEvent) => {
    e.preventDefault();
    const form = e.currentTarget as HTMLFormElement;
    const agent = read(new FormData(form));
    if (!agent.name || !agent.password) return setTrouble(t('team.required'));
    if (agent.password.length < MIN_PASSWORD) return setTrouble(t('team.short', { n: MIN_PASSWORD }));
    setBusy(true);
    setTrouble(undefined);
    try {
      onCreated(await store.api.createAgent(agent));
      form.reset();
    } catch (err) {
      setTrouble(reasonOf(err));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="dialog-body-form" onSubmit={submit} noValidate aria-label={t('team.add')}>
      <h3>{t('team.add')}</h3>
      <div class="form-grid">
        <div class="field">
          <label for="team-name">{t('team.name')}</label>
          <input
            id="team-name"
            class="input"
            name="name"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            aria-describedby="team-name-hint"
          />
          <p class="hint" id="team-name-hint">
            {t('team.nameHint')}
          </p>
        </div>
        <div class="field">
          <label for="team-password">{t('team.password')}</label>
          <input
            id="team-password"
            class="input"
            name="password"
            type="password"
            autocomplete="new-password"
            aria-describedby="team-password-hint"
          />
          <p class="hint" id="team-password-hint">
            {t('team.passwordHint', { n: MIN_PASSWORD })}
          </p>
        </div>
        <div class="field">
          <label for="team-display">{t('team.display')}</label>
          <input id="team-display" class="input" name="display" autocomplete="off" />
        </div>
        <div class="field">
          <label for="team-role">{t('team.role')}</label>
          <select id="team-role" class="input" name="role">
            {roles.map((r) => (
              <option key={r} value={r}>
                {t(`role.${r}`)}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="team-groups">{t('team.groups')}</label>
          <input id="team-groups" class="input" name="groups" defaultValue="default" autocomplete="off" spellcheck={false} />
        </div>
        <div class="field">
          <label for="team-capacity">{t('team.capacity')}</label>
          <input
            id="team-capacity"
            class="input"
            name="capacity"
            type="number"
            min={0}
            max={100}
            defaultValue="5"
            inputMode="numeric"
          />
        </div>
      </div>
      {trouble && <Trouble text={trouble} />}
      <div class="dialog-foot">
        <button type="submit" class="button primary" disabled={busy}>
          {t(busy ? 'action.busy' : 'team.submit')}
        </button>
      </div>
    </form>
  );
}

/** The dialog of the team; the server lets only administrators create. */
export function Team() {
  const store = useStore();
  const [agents, setAgents] = useState<readonly Agent[]>();
  const [trouble, setTrouble] = useState<string>();
  const [created, setCreated] = useState<string>();
  const load = () => {
    setTrouble(undefined);
    store.api.agents().then(setAgents, () => setTrouble(t('team.failed')));
  };
  useEffect(load, []);
  return (
    <Dialog wide title={t('team.title')} onClose={() => store.closeDialog('team')}>
      {trouble ? (
        <>
          <Trouble text={trouble} />
          <button type="button" class="button" onClick={load}>
            {t('app.retry')}
          </button>
        </>
      ) : agents ? (
        <People agents={agents} />
      ) : (
        <p class="hint">{t('app.loading')}</p>
      )}
      {created && (
        <p class="done" role="status">
          {t('team.created', { name: created })}
        </p>
      )}
      <Create
        onCreated={(a) => {
          setCreated(a.name);
          load();
        }}
      />
    </Dialog>
  );
}
