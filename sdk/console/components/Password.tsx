/** Changing one's own password. */
import { useState } from 'preact/hooks';
import { codeOf } from '../api.ts';
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import { codeText } from '../trouble.ts';
import { Dialog } from './Dialog.tsx';
import { Trouble } from './Trouble.tsx';

/** The fewest characters of a password; the server has the last word. */
export const MIN_PASSWORD = 8;

/** The dialog to change one's own password. Whoever changes it stays signed in here, and nowhere else. */
export function Password() {
  const store = useStore();
  const [trouble, setTrouble] = useState<string>();
  const [done, setDone] = useState(false);
  const [busy, setBusy] = useState(false);
  const submit = async (e: SubmitEvent) => {
    e.preventDefault();
    const form = e.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    const password = String(data.get('password') ?? '');
    setDone(false);
    if (password.length < MIN_PASSWORD) return setTrouble(t('password.short', { n: MIN_PASSWORD }));
    if (password !== String(data.get('again') ?? '')) return setTrouble(t('password.differ'));
    setBusy(true);
    setTrouble(undefined);
    try {
      await store.changePassword(String(data.get('current') ?? ''), password);
      setDone(true);
      form.reset();
    } catch (err) {
      const code = codeOf(err);
      setTrouble(code === 'invalid' ? t('password.weak') : code === 'forbidden' ? t('password.wrong') : codeText(code));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={t('password.title')} onClose={() => store.closeDialog('password')}>
      <form class="dialog-body-form" onSubmit={submit} noValidate>
        <input
          class="spoken"
          name="username"
          autocomplete="username"
          tabIndex={-1}
          aria-hidden="true"
          value={store.session.value?.agent.name}
          readOnly
        />
        <div class="field">
          <label for="password-current">{t('password.current')}</label>
          <input id="password-current" class="input" name="current" type="password" autocomplete="current-password" autofocus />
        </div>
        <div class="field">
          <label for="password-new">{t('password.new')}</label>
          <input id="password-new" class="input" name="password" type="password" autocomplete="new-password" />
        </div>
        <div class="field">
          <label for="password-again">{t('password.again')}</label>
          <input id="password-again" class="input" name="again" type="password" autocomplete="new-password" />
        </div>
        {trouble && <Trouble text={trouble} />}
        {done && (
          <p class="done" role="status">
            {t('password.done')}
          </p>
        )}
        <div class="dialog-foot">
          <button type="submit" class="button primary" disabled={busy}>
            {t(busy ? 'action.busy' : 'password.submit')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
