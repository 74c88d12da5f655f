/** Places of the settings, as the API writes them (`sites[default].greeting.en`), in the words of their forms. */
import { get, type Value } from './form.tsx';
import { own } from './settings.words.ts';
import { limits, routing, security, siteParts } from './specs.ts';

/** In words, as far as there are some; else as it is. */
export function placeName(path: string, settings?: Value): string {
  const [, list, which, rest] = /^(sites|groups)\[([^\]]*)\]\.?(.*)$/.exec(path) ?? [];
  if (!list || which === undefined) return isField(path) ? own(`field.${path}`) : (named(path) ?? path);
  const id = String(get(settings, `${list}.${which}.id`) ?? which); // a fault names it by its number
  const whose = own(list === 'sites' ? 'ofSite' : 'ofGroup', { id });
  if (!rest) return whose;
  if (list === 'groups' && rest === 'name') return `${whose} · ${own('groupName')}`;
  return `${whose} · ${named(rest) ?? rest}`;
}

/** Of what is no part of the settings: accounts, replies, blocks, webhooks. */
const fields = [
  ...(['title', 'text', 'shortcut', 'shared', 'group', 'name', 'display', 'role', 'groups', 'capacity', 'weight'] as const),
  ...(['avatar', 'password', 'disabled', 'url', 'kinds', 'sites', 'internal', 'kind', 'after', 'until', 'reason'] as const),
];
const isField = (s: string): s is (typeof fields)[number] => fields.some((f) => f === s);

/** The label of the field that a place is, or is in; and what is left, such as a language. */
function named(path: string): string | undefined {
  const specs = [...siteParts().flatMap((p) => p.specs), ...routing(), ...limits(), ...security()];
  const within = specs.filter(({ k }) => path === k || path.startsWith(`${k}.`) || path.startsWith(`${k}[`));
  const [spec] = within.sort((a, b) => b.k.length - a.k.length);
  if (!spec) return undefined;
  const more = path.slice(spec.k.length).replace(/^\./, '');
  return more ? `${spec.label} (${more})` : spec.label;
}
