/** Places of the settings, as the API writes them (`sites[default].greeting.en`), in the words of their forms. */
import { get, type Spec, type Value } from './form.tsx';
import { own } from './settings.words.ts';
import { limits, routing, security, siteParts } from './specs.ts';

/** In words, as far as there are some; else as it is. `specs` are those of the form, where it is not one of the settings. */
export function placeName(path: string, settings?: Value, specs?: readonly Spec[]): string {
  if (specs) return named(path, specs) ?? path;
  const [, list, which, rest] = placeOf(path);
  if (!list || which === undefined) return isField(path) ? own(`field.${path}`) : (named(path, ofSettings()) ?? path);
  const id = String(get(settings, `${list}.${which}.id`) ?? which); // a fault names it by its number
  const whose = own(list === 'sites' ? 'ofSite' : 'ofGroup', { id });
  if (!rest) return whose;
  if (list === 'groups' && rest === 'name') return `${whose} · ${own('groupName')}`;
  return `${whose} · ${named(rest, ofSettings()) ?? rest}`;
}

const placeOf = (path: string) => /^(sites|groups)\[([^\]]*)\]\.?(.*)$/.exec(path) ?? [];
const ofSettings = () => [...siteParts().flatMap((p) => p.specs), ...routing(), ...limits(), ...security()];

/** Of what is no part of the settings: accounts, replies, blocks, webhooks. */
const fields = [
  ...(['title', 'text', 'shortcut', 'shared', 'group', 'name', 'display', 'role', 'groups', 'capacity', 'weight'] as const),
  ...(['avatar', 'password', 'disabled', 'url', 'kinds', 'sites', 'internal', 'kind', 'after', 'until', 'reason'] as const),
];
const isField = (s: string): s is (typeof fields)[number] => fields.some((f) => f === s);

/** The label of the field that a place is, or is in; and what is left, such as a language. */
function named(path: string, specs: readonly Spec[]): string | undefined {
  const { spec, more } = within(path, specs);
  if (!spec) return undefined;
  return more ? `${spec.label} (${more})` : spec.label;
}

/** The field that a place is, or is in, and the place within it. */
function within(path: string, specs: readonly Spec[]): { spec: Spec | undefined; more: string } {
  const all = specs.filter(({ k }) => path === k || path.startsWith(`${k}.`) || path.startsWith(`${k}[`));
  const [spec] = all.sort((a, b) => b.k.length - a.k.length);
  return { spec, more: spec ? path.slice(spec.k.length).replace(/^\./, '') : '' };
}

/** The field that edits exactly what is at a place, in rows too. */
export function specAt(path: string, specs?: readonly Spec[]): Spec | undefined {
  const { spec, more } = within(specs ? path : (placeOf(path)[3] ?? path), specs ?? ofSettings());
  if (!spec || !more) return spec;
  const [, rest] = /^\[[^\]]*\]\.?(.*)$/.exec(more) ?? [];
  if (rest === undefined || !spec.of) return undefined;
  return rest ? specAt(rest, spec.of) : { ...spec, kind: 'row' };
}
