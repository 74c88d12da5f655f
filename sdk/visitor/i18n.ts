/** Words in two languages: English, and Chinese with the same keys. `{x}` is filled in. */
export interface Words<K extends string> {
  en: Record<K, string>;
  zh: Record<K, string>;
}

export type Translate<K extends string> = (key: K, values?: { [name: string]: string | number }) => string;

/** For a language tag: Chinese for every `zh`, else English; a page's own words come before either. */
export function translator<K extends string>(
  lang: string,
  { en, zh }: Words<K>,
  own: Partial<Record<K, string>> = {},
): Translate<K> {
  const words = /^zh/i.test(lang) ? zh : en;
  return (key, values = {}) => (own[key] ?? words[key]).replace(/\{(\w+)\}/g, (_, name) => `${values[name] ?? ''}`);
}
