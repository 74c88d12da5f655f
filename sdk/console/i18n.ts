/** The page's language: which one, and how a key becomes a text. */
import { signal } from '@preact/signals';
import { en } from './strings/en.ts';
import { zh } from './strings/zh.ts';

/** The languages there are, as BCP 47 names them. */
export type Lang = 'zh-CN' | 'en';
/** The name of a text; both languages have every one. */
export type Key = keyof typeof en;
/** What goes into the placeholders of a text. */
export type Args = Readonly<Record<string, string | number>>;

const tables: Readonly<Record<Lang, Readonly<Record<Key, string>>>> = { en, 'zh-CN': zh };

/** The language in use. Components that call `t` follow it by themselves. */
export const lang = signal<Lang>('en');

/** The best of our languages for what the browser prefers, in its order. */
export function preferred(languages: readonly string[]): Lang {
  for (const l of languages) {
    if (/^zh\b/i.test(l)) return 'zh-CN';
    if (/^en\b/i.test(l)) return 'en';
  }
  return 'en';
}

/** Whether code put a key together that exists: `known(`reason.${r}`)`. The server may add words we lack. */
export function known(key: string): key is Key {
  return Object.hasOwn(en, key);
}

/** The text of a key in a language. `{x}` takes `args.x`; of `one | many`, `args.n` chooses. */
export function text(l: Lang, key: Key, args: Args = {}): string {
  return fill(tables[l][key], args);
}

function fill(template: string, args: Args = {}): string {
  const forms = template.split(' | ');
  const form = forms.length > 1 && args.n !== 1 ? forms[1] : forms[0];
  return (form ?? '').replace(/\{(\w+)\}/g, (whole, name: string) => String(args[name] ?? whole));
}

/** A page's own words: a function like `t` for its two tables, which are loaded with the page and not before. */
export function words<K extends string>(
  tables: Readonly<Record<Lang, Readonly<Record<K, string>>>>,
): ((key: K, args?: Args) => string) & { readonly tables: typeof tables } {
  return Object.assign((key: K, args?: Args) => fill(tables[lang.value][key], args), { tables });
}

/** The text of a key in the page's language. */
export function t(key: Key, args?: Args): string {
  return text(lang.value, key, args);
}

/** The text of a key put together at run time, or of `otherwise` when there is no such key. */
export function tOr(key: string, otherwise: Key, args?: Args): string {
  return t(known(key) ? key : otherwise, args);
}
