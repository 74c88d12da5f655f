/** Signing in. What failed is said in words above the button; what was typed stays. */
import type { RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import type { Refused } from '../store.ts';
import { Icon } from './Icon.tsx';
import { LangSelect } from './Prefs.tsx';
import { Trouble } from './Trouble.tsx';

function reasonOf({ code, retry }: Refused): string {
  switch (code) {
    case 'unauthorized':
    case 'not_found':
    case 'invalid':
      return t('login.wrong');
    case 'forbidden':
      return t('login.revoked');
    case 'rate_limited':
      return retry ? t('login.limited', { n: retry }) : t('login.limitedSoon');
    case 'offline':
      return t('login.offline');
    default:
      return t('login.failed');
  }
}

// Two elements would lose what was typed when it is shown, so it is one, whose kind changes.
function Secret({ id, shown, field }: { id: string; shown: boolean; field: RefObject<HTMLInputElement | null> }) {
  const common = { id, class: 'input', name: 'password', ref: field, autocomplete: 'current-password' } as const;
  return shown ? <input {...common} type="text" /> : <input {...common} type="password" />;
}

/** The page for whoever is not signed in. */
export function Login() {
  const store = useStore();
  const [trouble, setTrouble] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState(false);
  const [asked, setAsked] = useState(false);
  const password = useRef<HTMLInputElement>(null);
  const notice = store.notice.value;

  const submit = async (e: SubmitEvent) => {
    e.preventDefault();
    const form = new FormData(e.currentTarget as HTMLFormElement);
    const name = String(form.get('username') ?? '').trim();
    const secret = String(form.get('password') ?? '');
    if (!name || !secret) return setTrouble(t('login.missing'));
    setBusy(true);
    setTrouble(undefined);
    const otp = String(form.get('code') ?? '').trim();
    const refused = await store.signIn(name, secret, form.has('stay'), otp || undefined);
    if (!refused) return;
    setBusy(false);
    if (refused.needsCode) {
      setAsked(true);
      return setTrouble(otp ? t('login.codeWrong') : undefined);
    }
    setTrouble(reasonOf(refused));
    password.current?.select();
  };

  return (
    <main class="login">
      <div class="login-card">
        <div class="brand">
          <Icon name="logo" size={28} />
          {t('app.name')}
        </div>
        <h1>{t('login.title')}</h1>
        {notice && !trouble && <Trouble text={t(notice === 'expired' ? 'login.expired' : 'login.revoked')} />}
        <form onSubmit={submit} noValidate>
          <div class="field">
            <label for="login-name">{t('login.name')}</label>
            <input
              id="login-name"
              class="input"
              name="username"
              autocomplete="username"
              autocapitalize="none"
              spellcheck={false}
              autofocus
            />
          </div>
          <div class="field">
            <label for="login-password">{t('login.password')}</label>
            <div class="input-row">
              <Secret id="login-password" shown={shown} field={password} />
              <button
                type="button"
                class="icon-button"
                aria-label={t('login.show')}
                aria-pressed={shown}
                onClick={() => setShown(!shown)}
              >
                <Icon name="eye" />
              </button>
            </div>
          </div>
          {asked && (
            <div class="field">
              <label for="login-code">{t('login.code')}</label>
              <input
                id="login-code"
                class="input"
                name="code"
                autocomplete="one-time-code"
                aria-describedby="login-code-hint"
                autofocus
              />
              <p class="hint" id="login-code-hint">
                {t('login.codeHint')}
              </p>
            </div>
          )}
          <label class="check">
            <input type="checkbox" name="stay" />
            {t('login.remember')}
          </label>
          {trouble && <Trouble text={trouble} />}
          <button type="submit" class="button primary wide" disabled={busy}>
            {t(busy ? 'login.busy' : 'login.submit')}
          </button>
        </form>
        <p class="hint">{t('login.first')}</p>
        <div class="login-foot">
          <label for="login-lang" class="hint">
            {t('app.language')}
          </label>
          <LangSelect id="login-lang" />
        </div>
      </div>
    </main>
  );
}
