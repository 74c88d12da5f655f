/** What a field has, as people read it: where it can not be changed, such as in the difference of two versions. */
import { groupName } from '../names.ts';
import { durationText } from './Duration.tsx';
import { get, type Spec, type Value } from './form.tsx';
import { own } from './settings.words.ts';
import { w } from './words.ts';

const NOTHING = '–';
const plain = (v: Value): v is Record<string, Value> => typeof v === 'object' && v !== null && !Array.isArray(v);

/** In words, as far as its field is known. */
export function shown(v: Value, spec?: Spec): string {
  const option = spec?.options?.find(([value]) => value === (v ?? ''));
  if (option) return option[1];
  if (v === null || v === undefined || v === '') return spec?.kind === 'bool' ? own('no') : NOTHING;
  if (spec?.kind === 'password') return '••••'; // not over whoever looks over a shoulder
  if (v === true || v === 'true') return own('yes');
  if (v === false || v === 'false') return own('no');
  if (spec?.kind === 'time') return durationText(v, spec);
  if (Array.isArray(v)) return v.map((x) => shown(x, spec && oneOf(spec))).join(spec && short(spec) ? ', ' : '\n') || NOTHING;
  if (plain(v)) return members(v, spec);
  if (typeof v === 'number') return String(spec?.scale ? Number((v * spec.scale).toPrecision(4)) : v);
  return spec?.kind === 'groups' || spec?.kind === 'inOrder' ? groupName(String(v)) : String(v);
}

const short = (s: Spec) => s.kind === 'groups' || s.kind === 'inOrder' || s.kind === 'ticks';

/** The field of one entry of a list. */
const oneOf = (spec: Spec): Spec => ({
  ...spec,
  kind: spec.kind === 'rows' ? 'row' : spec.kind === 'textRows' ? 'texts' : spec.kind,
});

function members(v: Record<string, Value>, spec: Spec | undefined): string {
  if (spec?.kind === 'row')
    return (spec.of ?? [])
      .map((s) => [s, get(v, s.k)] as const)
      .filter(([, x]) => x !== undefined && x !== '' && !(Array.isArray(x) && !x.length))
      .map(([s, x]) => `${s.label}: ${shown(x, s)}`)
      .join(' · ');
  const said = Object.entries(v).map(([k, x]) => `${k === 'zh' || k === 'en' ? w(k) : k}: ${shown(x)}`);
  return said.join('\n') || NOTHING;
}
