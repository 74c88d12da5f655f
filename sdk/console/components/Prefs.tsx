/** The choices of language and looks. A language is named in itself, so that whoever needs it can read it. */
import { useStore } from '../context.ts';
import { type Lang, lang, t } from '../i18n.ts';
import type { Theme } from '../storage.ts';

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
