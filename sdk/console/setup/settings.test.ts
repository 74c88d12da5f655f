import { beforeEach, describe, expect, it } from 'vitest';
import { lang } from '../i18n.ts';
import { differences, rebase } from './changes.tsx';
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
    expect(get(rebase(base, mine, theirs), 'sites')).toEqual([{ id: 'shop', name: 'Tea', edit: '5m' }, { id: 'blog' }]);
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
