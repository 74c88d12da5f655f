/** Canned replies: which of them fit what is typed after the slash, and what becomes of their variables. Pure. */
import type { Reply } from './api.ts';

/** What a slash at the start of the text asks for; nothing where there is none, or where a line has begun. */
export function askedFor(text: string): string | undefined {
  return /^\/([^\n]{0,40})$/.exec(text)?.[1]?.toLowerCase();
}

/** The replies that have every word asked for, those whose shortcut it is first. */
export function matching(all: readonly Reply[], asked: string, most = 8): Reply[] {
  const words = asked.split(/\s+/).filter(Boolean);
  const whole = asked.trim();
  const rank = (r: Reply) => {
    const key = (r.shortcut ?? '').replace(/^\//, '').toLowerCase();
    if (whole && key === whole) return 0;
    if (whole && key.startsWith(whole)) return 1;
    return (r.title ?? '').toLowerCase().startsWith(whole) ? 2 : 3;
  };
  return all
    .filter((r) => {
      const text = `${r.shortcut ?? ''}\n${r.title}\n${r.text}`.toLowerCase();
      return words.every((w) => text.includes(w));
    })
    .sort((a, b) => rank(a) - rank(b) || a.title.localeCompare(b.title))
    .slice(0, most);
}

/** Puts values in for `{{visitor.name}}` and the like. What is not known stays as it is, for the agent to see. */
export function filledIn(text: string, values: Readonly<Record<string, string | undefined>>): string {
  return text.replace(/\{\{([^{}]*)\}\}/g, (whole, inner: string) => {
    const name = inner.trim();
    return (Object.hasOwn(values, name) && values[name]) || whole;
  });
}
