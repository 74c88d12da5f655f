import { beforeEach, describe, expect, it } from 'vitest';
import { Tabs } from '../testing/tabs.ts';
import type { Client } from './client.ts';
import type { Remote } from './remote.ts';

/** Tabs of one browser: one connection, one outbox, the same view everywhere, whoever leads. */
const say = (page: Client, text: string) => page.send({ type: 'send', body: { kind: 'text', text } });
/** Lets time pass until it is there. */
const got = async <T>(work: Promise<T>): Promise<T> => {
  let over = false;
  void work.then(() => {
    over = true;
  });
  await b.clock.until(() => over, 20_000);
  return work;
};
const seen = (page: Client) => page.log.events.flatMap((e) => (e.body.kind === 'text' ? [e.body.text] : []));
const agent = { kind: 'agent' as const, id: 'a', name: 'Li Na' };

let b: Tabs;
const views = () => [...b.views.values()];
const leaders = () => views().filter((v) => v.rings);
const settled = (texts: string[]) =>
  b.clock.until(
    () => views().every((v) => JSON.stringify(seen(v)) === JSON.stringify(texts) && !v.entries.length) && b.desk.guests.size === 1,
    60_000,
  );
const open = async (n = 3) => {
  const tabs = Array.from({ length: n }, () => b.tab());
  await b.clock.until(() => tabs.every(([, view]) => view.state.at === 'open'));
  return tabs;
};

beforeEach(() => {
  b = new Tabs(31);
});

describe('three tabs', () => {
  it('have one connection, and see and say the same', async () => {
    const [one, two, three] = (await open()).map(([, view]) => view) as [Remote, Remote, Remote];
    expect(b.net.opened).toBe(1);
    expect(leaders()).toHaveLength(1);
    await got(Promise.all([say(one, 'one'), say(two, 'two')]));
    await settled(['one', 'two']);
    const heard: string[] = [];
    for (const view of [one, two, three]) view.on('message', (m) => heard.push((m.body as { text: string }).text));
    b.desk.append(b.room, agent, { kind: 'text', text: 'hi' });
    await settled(['one', 'two', 'hi']);
    await b.clock.until(() => heard.length === 3);
    expect(heard).toEqual(['hi', 'hi', 'hi']);
    expect(views().map((v) => v.unread)).toEqual([1, 1, 1]);
    three.read();
    await b.clock.until(() => views().every((v) => v.unread === 0));
    expect(leaders()).toHaveLength(1);
  });

  it('the leader is closed: another goes on where it was, and nothing is announced twice', async () => {
    const tabs = await open();
    await got(say(tabs[1]![1], 'one'));
    await settled(['one']);
    b.desk.append(b.room, agent, { kind: 'text', text: 'hi' });
    await settled(['one', 'hi']);
    await b.clock.run(10);
    const heard: string[] = [];
    for (const [, view] of tabs.slice(1)) view.on('message', (m) => heard.push((m.body as { text: string }).text));
    const [leader] = tabs.find(([, view]) => view.rings)!;
    b.close(leader);
    b.desk.append(b.room, agent, { kind: 'text', text: 'still there?' });
    await settled(['one', 'hi', 'still there?']);
    await b.clock.until(() => heard.length > 1);
    expect(heard).toEqual(['still there?', 'still there?']);
    const hellos = b.desk.frames.filter((f) => f.type === 'hello');
    expect(hellos.at(-1)).toMatchObject({ epoch: 'epoch-1' });
    expect(leaders()).toHaveLength(1);
  });

  it('the leader is closed with calls under way: each is made once', async () => {
    const tabs = await open();
    await got(say(tabs[0]![1], 'first'));
    await settled(['first']);
    const [leader] = tabs.find(([, view]) => view.rings)!;
    const others = tabs.filter(([tab]) => tab !== leader);
    const told = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5'];
    const saying = told.map((text, i) => say(others[i % 2]![1], text));
    await b.clock.run(1); // some have reached the leader, none was answered
    b.close(leader);
    await b.clock.until(() => views().every((v) => v.rings || v.state.at === 'open'));
    await b.clock.run(100);
    await got(Promise.all(saying));
    await b.clock.until(() => views().every((v) => seen(v).length === 7 && !v.entries.length), 30_000);
    expect(seen(views()[0]!).slice(1).sort()).toEqual(told);
    expect(b.desk.said(b.room)).toEqual(seen(views()[1]!));
  });

  it('the leader is frozen: a page that is looked at takes over, and the frozen one joins when it thaws', async () => {
    const tabs = await open();
    await got(say(tabs[0]![1], 'one'));
    await settled(['one']);
    const [leader, old] = tabs.find(([, view]) => view.rings)!;
    const [, other] = tabs.find(([tab]) => tab !== leader)!;
    leader.frozen = true;
    const saying = say(other, 'two');
    await b.clock.until(() => b.cores === 2, 10_000);
    await got(saying);
    await b.clock.until(() => seen(other).includes('two'), 30_000);
    leader.thaw();
    await b.clock.until(() => !old.rings && seen(old).includes('two'), 30_000);
    await got(say(old, 'three'));
    await settled(['one', 'two', 'three']);
    expect(leaders()).toHaveLength(1);
    expect(b.desk.said(b.room)).toEqual(['one', 'two', 'three']);
  });

  it('a leader that wakes up late does not make a call that another has made', async () => {
    const tabs = await open();
    await got(say(tabs[0]![1], 'one'));
    await settled(['one']);
    const [leader] = tabs.find(([, view]) => view.rings)!;
    const others = tabs.filter(([tab]) => tab !== leader);
    leader.frozen = true;
    const saying = [say(others[0]![1], 'two')];
    // Said just before the lock is taken away: the old leader could still act on it.
    await b.clock.run(2_900);
    saying.push(say(others[0]![1], 'three'));
    await b.clock.run(300);
    leader.thaw();
    await got(Promise.all(saying));
    await settled(['one', 'two', 'three']);
    expect(b.desk.said(b.room)).toEqual(['one', 'two', 'three']);
  });

  it('a hidden page takes nothing away from anybody', async () => {
    const tabs = await open(2);
    const [leader] = tabs.find(([, view]) => view.rings)!;
    const [hidden, other] = tabs.find(([tab]) => tab !== leader)!;
    hidden.hidden = true;
    leader.frozen = true;
    void say(other, 'later');
    await b.clock.run(30_000);
    expect(b.cores).toBe(1);
    hidden.hidden = false;
    other.wake();
    await b.clock.until(() => b.cores === 2, 10_000);
    leader.thaw();
    await settled(['later']);
  });
});

describe('a page', () => {
  it('that comes back from the cache goes on where it was', async () => {
    const [, view] = (await open(1))[0]!;
    await got(say(view, 'one'));
    await settled(['one']);
    view.stop();
    expect(view.state.at).toBe('idle');
    await b.clock.run(5_000);
    b.desk.append(b.room, agent, { kind: 'text', text: 'meanwhile' });
    const heard: number[] = [];
    view.on('message', (m) => heard.push(m.seq));
    const saying = say(view, 'two'); // said while it is away
    await view.start();
    await got(saying);
    await settled(['one', 'meanwhile', 'two']);
    expect(heard).toHaveLength(1);
  });

  it('without locks leads itself', async () => {
    b.alone = true;
    const tabs = await open(2);
    expect(leaders()).toHaveLength(2);
    await got(say(tabs[0]![1], 'one'));
    await b.clock.until(() => views().every((v) => seen(v).includes('one')));
    expect(b.desk.rooms.size).toBe(1);
  });

  it('keeps drafts for all, and knows what to upload with', async () => {
    const tabs = await open(2);
    const [one, two] = tabs.map(([, view]) => view) as [Remote, Remote];
    await got((await one.store())!.write([['me/draft', 'hm']]));
    expect(await got((await two.store())!.read('me/draft'))).toEqual([['me/draft', 'hm']]);
    expect(await got(two.bearer()!)).toBe('visitor-1');
  });
});
