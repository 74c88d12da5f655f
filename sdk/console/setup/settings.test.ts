import { beforeEach, describe, expect, it } from 'vitest';
import { lang } from '../i18n.ts';
import { collisions, differences, isMine, isTheirs, merged } from './changes.tsx';
import { get, put } from './form.tsx';
import { placeName } from './places.ts';
import { stepsOf } from './Start.tsx';

beforeEach(() => {
  lang.value = 'en';
});

describe('a place of the settings', () => {
  it.each([
    ['sites[shop].greeting.en', 'Site shop · Greeting (en)'],
    ['sites[shop].uploads.size', 'Site shop · Megabytes a file'],
    ['sites[shop]', 'Site shop'],
    ['groups[vip].name', 'Group vip · Name'],
    ['groups[vip].timeouts.agent', 'Group vip · Agent silent: the visitor waits again after'],
    ['routing.share', 'Share of a group that a tag prefers (%)'],
    ['shortcut', 'Shortcut'],
    ['of.tomorrow', 'of.tomorrow'],
  ])('%s is %s', (path, name) => {
    expect(placeName(path)).toBe(name);
  });

  it('that a fault names by its number has the name of its site', () => {
    const settings = { sites: [{ id: 'shop' }, { id: 'blog' }] };
    expect(placeName('sites[1].origins[0]', settings)).toBe('Site blog · Addresses of your pages ([0])');
  });
});

describe('two versions', () => {
  const base = { version: 1, sites: [{ id: 'shop', name: 'Shop', edit: '2m' }] };
  const mine = put(base, 'sites', [{ id: 'shop', name: 'Tea', edit: '2m' }]);
  const theirs = { version: 2, sites: [{ id: 'shop', name: 'Shop', edit: '5m' }, { id: 'blog' }] };

  it('differ where they differ', () => {
    expect(differences(base, mine)).toEqual([{ path: 'sites[shop].name', before: 'Shop', after: 'Tea' }]);
    expect(differences(base, theirs).map((d) => d.path)).toEqual(['sites[shop].edit', 'sites[blog]']);
  });

  it('are put on top of each other member by member', () => {
    const list = collisions(base, theirs, mine);
    expect(list.map((c) => [c.path, isTheirs(c), isMine(c)])).toEqual([
      ['sites[shop].name', false, true],
      ['sites[shop].edit', true, false],
      ['sites[blog]', true, false],
    ]);
    const take = (path: string) => list.some((c) => c.path === path && isMine(c));
    expect(get(merged(theirs, mine, take), 'sites')).toEqual([{ id: 'shop', name: 'Tea', edit: '5m' }, { id: 'blog' }]);
    expect(merged(theirs, mine, () => false)).toEqual(theirs);
    expect(
      get(
        merged(theirs, mine, () => true),
        'sites',
      ),
    ).toEqual([{ id: 'shop', name: 'Tea', edit: '2m' }]);
  });

  it('of one field both are kept, and what it was', () => {
    const other = put(theirs, 'sites', [{ id: 'shop', name: 'Cake', edit: '2m' }]);
    expect(collisions(base, other, mine)).toEqual([{ path: 'sites[shop].name', was: 'Shop', theirs: 'Cake', mine: 'Tea' }]);
  });

  it('are the same in whatever order it was written; the order of a list is not', () => {
    expect(collisions({}, [{ en: 'a', zh: 'b' }], [{ zh: 'b', en: 'a' }])).toEqual([]);
    const [a, b] = [{ id: 'a' }, { id: 'b' }];
    expect(collisions([a, b], [a, b], [b, a])).toMatchObject([{ theirs: [a, b], mine: [b, a] }]);
    expect(merged([a, b], [b, a], () => true)).toEqual([b, a]);
  });
});

describe('the first steps', () => {
  const empty = { settings: { version: 0, sites: [{}] }, agents: [{}], replies: [], channels: [], conversations: [] };
  const done = (desk: Parameters<typeof stepsOf>[0]) => stepsOf(desk).flatMap((s) => (s.done ? [s.name] : []));

  it('are all to do on a new desk', () => {
    expect(done(empty)).toEqual([]);
  });

  it('are done as the desk has it; who is disabled is no colleague', () => {
    const settings = { version: 3, sites: [{ hours: { spans: [{}] }, receptionist: { providers: [{}] } }] };
    expect(done({ ...empty, settings })).toEqual(['greeting', 'hours', 'receptionist']);
    expect(done({ ...empty, agents: [{}, { disabled: true }] })).toEqual([]);
    expect(done({ ...empty, agents: [{}, {}], conversations: [{}] })).toEqual(['widget', 'agents']);
  });
});
