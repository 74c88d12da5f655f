/** The choices of language and looks. A language is named in itself, so that whoever needs it can read it. */
import { useState } from 'preact/hooks';
import type { Sound } from '../alerts.ts';
import { useAlerts, useStore } from '../context.ts';
import { type Lang, lang, t } from '../i18n.ts';
import type { Theme } from '../storage.ts';

const sounds: readonly Sound[] = ['off', 'once', 'until'];
const themes: readonly Theme[] = ['auto', 'light', 'dark'];

/** The choice of language. */
export function LangSelect({ id }: { id: string }) {
  const store = useStore();
  return (
    <select id={id} class="select" value={lang.value} onChange={(e) => store.prefer({ lang: e.currentTarget.value as Lang })}>
      <option value="zh-CN" lang="zh-CN">
        简体中文
      </option>
      <option value="en" lang="en">
        English
      </option>
    </select>
  );
}

/** The choice between light, dark, and what the system says. */
export function ThemeSelect({ id }: { id: string }) {
  const store = useStore();
  return (
    <select
      id={id}
      class="select"
      value={store.prefs.value.theme ?? 'auto'}
      onChange={(e) => store.prefer({ theme: e.currentTarget.value as Theme })}
    >
      {themes.map((theme) => (
        <option key={theme} value={theme}>
          {t(`theme.${theme}`)}
        </option>
      ))}
    </select>
  );
}

/** What sends a message. */
export function SendSelect({ id }: { id: string }) {
  const store = useStore();
  return (
    <select
      id={id}
      class="select"
      value={store.prefs.value.send ?? 'enter'}
      onChange={(e) => store.prefer({ send: e.currentTarget.value as 'enter' | 'mod' })}
    >
      <option value="enter">Enter</option>
      <option value="mod">Ctrl+Enter</option>
    </select>
  );
}

/** When it rings. A new choice is heard at once, which also unlocks the sound. */
export function SoundSelect({ id }: { id: string }) {
  const store = useStore();
  const alerts = useAlerts();
  const choose = (sound: Sound) => {
    store.prefer({ sound });
    if (sound !== 'off') void alerts?.pressed().then(() => alerts.try());
  };
  return (
    <select
      id={id}
      class="select"
      value={store.prefs.value.sound ?? 'once'}
      onChange={(e) => choose(e.currentTarget.value as Sound)}
    >
      {sounds.map((s) => (
        <option key={s} value={s}>
          {t(`sound.${s}`)}
        </option>
      ))}
    </select>
  );
}

/** Desktop notifications: the browser is asked when they are chosen, and what it says is told. */
export function NotifyField() {
  const store = useStore();
  const [denied, setDenied] = useState(globalThis.Notification?.permission === 'denied');
  if (!globalThis.Notification) return null;
  const choose = async (wanted: boolean) => {
    const allowed = wanted && (await Notification.requestPermission()) === 'granted';
    setDenied(wanted && !allowed);
    store.prefer({ notify: allowed });
  };
  return (
    <>
      <label class="check menu-check">
        <input
          type="checkbox"
          checked={!!store.prefs.value.notify && !denied}
          onChange={(e) => void choose(e.currentTarget.checked)}
        />
        {t('pref.notify')}
      </label>
      {denied && <p class="hint menu-hint">{t('pref.notifyDenied')}</p>}
    </>
  );
}
