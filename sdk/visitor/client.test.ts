import { describe, expect, it } from 'vitest';
import { settle } from '../testing/clock.ts';
import { Browser } from '../testing/device.ts';
import { subject } from './account.ts';
import type { Client } from './client.ts';

const say = (page: Client, text: string) => page.send({ type: 'send', body: { kind: 'text', text } });
const seen = (page: Client) => page.log.events.flatMap((e) => (e.body.kind === 'text' ? [e.body.text] : []));
const agent = { kind: 'agent' as const, id: 'a', name: 'Li Na' };
const hellos = (b: Browser) => b.desk.frames.filter((f) => f.type === 'hello');

describe('a page', () => {
  it('talks, and hears what another says', async () => {
    const b = new Browser(1);
    const page = await b.open();
    await say(page, 'hello');
    await b.heal();
    b.desk.append(b.room, { kind: 'agent', id: 'a', name: 'Li Na' }, { kind: 'text', text: 'hi' });
    await b.heal();
    expect(seen(page)).toEqual(['hello', 'hi']);
    expect(page.unread).toBe(1);
    page.read();
    expect(page.unread).toBe(0);
  });

  it('is the same visitor after a reload, and two that open at once are one', async () => {
    const b = new Browser(2);
    await Promise.all([b.open(), b.open()]);
    await b.clock.until(() => b.pages.every((p) => p.state.at === 'open'));
    expect(b.desk.rooms.size).toBe(1);
    await say(b.pages[0]!, 'one');
    await b.heal();
    expect(b.pages.map(seen)).toEqual([['one'], ['one']]);
    for (const page of [...b.pages]) b.shut(page);
    const again = await b.open();
    await b.heal();
    expect(seen(again)).toEqual(['one']);
    expect(b.desk.rooms.size).toBe(1);
  });

  it('that leaves before it was welcomed keeps no other from saying hello', async () => {
    const b = new Browser(2);
    b.net.mute = true;
    const page = await b.open();
    await b.clock.until(() => b.net.open.size === 1);
    await b.clock.run(100);
    b.shut(page);
    b.net.mute = false;
    const next = await b.open();
    await b.clock.until(() => next.state.at === 'open', 2_000);
  });

  it.each<[string, (b: Browser, page: Client) => void]>([
    ['leaves', (b, page) => b.shut(page)],
    ['loses its connection', (b) => b.net.cut()],
  ])('that %s before it may say hello gives that right back as soon as it has it', async (_, end) => {
    const b = new Browser(13);
    const { claim } = b.device;
    let first = '';
    let grant = () => {};
    // Web Locks are granted when the browser gets to it.
    b.device.claim = async (name) => {
      if (name.endsWith('/first')) {
        first = name;
        await new Promise<void>((done) => {
          grant = done;
        });
      }
      return claim(name);
    };
    const page = await b.open();
    await b.clock.until(() => !!first);
    end(b, page);
    grant();
    await settle();
    const release = await claim(first);
    expect(release).toBeTypeOf('function');
    release!();
    b.device.claim = claim;
    const next = await b.open();
    await b.clock.until(() => next.state.at === 'open', 2_000);
  });

  it.each(['forged', 'expired'])('with a token that is %s becomes a new visitor and loses nothing unsent', async (token) => {
    const b = new Browser(3);
    await b.device.kv().write([['me/token', token]]);
    const page = await b.open();
    await say(page, 'hello');
    await b.clock.until(() => b.desk.rooms.size === 1);
    await b.heal();
    expect(b.desk.said(b.room)).toEqual(['hello']);
  });
});

describe('what a server may say', () => {
  it('it knows more of this origin than was ever sent: nothing goes out under it', async () => {
    const b = new Browser(4);
    const page = await b.open();
    for (const text of ['one', 'two', 'three']) await say(page, text);
    await b.heal();
    b.shut(page);
    // The device forgot, as after a power cut: the page counts from 1 again.
    const [[key, tab]] = (await b.device.kv().read<{ counters: object }>('tab/')) as [[string, { counters: object }]];
    await b.device.kv().write([[key, { ...tab, counters: {} }]]);
    const again = await b.open();
    await say(again, 'four');
    await b.heal();
    expect(b.desk.said(b.room)).toEqual(['one', 'two', 'three', 'four']);
  });

  it('replaced: it comes back under another origin, and what waits is sent', async () => {
    const b = new Browser(5);
    const page = await b.open();
    await b.clock.until(() => page.state.at === 'open');
    b.net.cut(4503);
    await say(page, 'one');
    expect(page.state.at).toBe('stopped');
    await b.heal();
    const [first, second] = hellos(b).map((f) => f.type === 'hello' && f.origin);
    expect(second).not.toBe(first);
    expect(b.desk.said(b.room)).toEqual(['one']);
  });

  it('forbidden: it stays away', async () => {
    const b = new Browser(6);
    const page = await b.open();
    await b.clock.until(() => page.state.at === 'open');
    b.net.cut(4501);
    await b.clock.run(600_000);
    expect(page.state).toMatchObject({ at: 'stopped', code: 4501 });
    expect(hellos(b)).toHaveLength(1);
  });

  it('a new epoch: the page starts over with what is there now, and what waits is sent', async () => {
    const b = new Browser(7);
    const page = await b.open();
    await say(page, 'one');
    await b.heal();
    b.net.mode = 'refuse';
    b.net.cut();
    await say(page, 'two');
    // Restored from a backup that has nothing of this.
    b.desk.epoch = 'epoch-2';
    Object.assign(b.desk.room(b.room), { log: [], heard: new Map() });
    await b.heal();
    expect(b.desk.said(b.room)).toEqual(['two']);
    expect(seen(page)).toEqual(['two']);
  });

  it('a new epoch of a store that has it all: what was stored without our knowing is not stored again', async () => {
    const b = new Browser(12);
    const page = await b.open();
    await say(page, 'one');
    await b.heal();
    b.net.lose = (f) => f.type === 'ack';
    await say(page, 'two');
    await b.clock.until(() => b.desk.said(b.room).length === 2);
    b.net.mode = 'refuse';
    b.net.cut();
    for (let i = 0; i < 60; i++) b.desk.append(b.room, agent, { kind: 'text', text: `line ${i}` });
    b.desk.epoch = 'epoch-2';
    await b.heal();
    expect(b.desk.said(b.room).filter((text) => text === 'two')).toHaveLength(1);
  });

  it('an older head is dropped', async () => {
    const b = new Browser(8);
    const page = await b.open();
    await say(page, 'one');
    await b.heal();
    b.desk.change(b.room, { phase: 'held', agent });
    await b.clock.until(() => page.head?.phase === 'held');
    const { desk } = b;
    for (const guest of desk.guests)
      desk.show(guest, b.room, { type: 'conversation', conversation: { ...desk.room(b.room).head, phase: 'waiting', seq: 1 } });
    await b.clock.run(1_000);
    expect(page.head?.phase).toBe('held');
  });

  it('a push that was lost is found at the next pong', async () => {
    const b = new Browser(9);
    const page = await b.open();
    await say(page, 'one');
    await b.heal();
    b.net.lose = (f) => f.type === 'event';
    b.desk.append(b.room, agent, { kind: 'text', text: 'two' });
    await b.clock.until(() => seen(page).length === 2, 60_000);
    expect(b.net.opened).toBe(1);
  });
});

describe('reading', () => {
  it('is told once for what is new, and not for one’s own', async () => {
    const b = new Browser(10);
    const page = await b.open();
    const reads = () => b.desk.frames.filter((f) => f.type === 'read').length;
    await say(page, 'one');
    await b.heal();
    page.read();
    b.desk.append(b.room, agent, { kind: 'text', text: 'two' });
    await b.heal();
    page.read();
    page.read();
    await b.clock.run(1_000);
    expect(reads()).toBe(1);
  });

  it('in one page counts in the other', async () => {
    const b = new Browser(11);
    const [one, two] = [await b.open(), await b.open()];
    await say(one, 'one');
    await b.heal();
    b.desk.append(b.room, agent, { kind: 'text', text: 'two' });
    await b.heal();
    expect([one.unread, two.unread]).toEqual([1, 1]);
    one.read();
    await b.clock.until(() => two.unread === 0, 5_000);
  });
});

it('each user of a device has a store of their own', () => {
  const jwt = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
  expect(subject(undefined)).toBe('');
  expect(subject(jwt({ sub: 'li', exp: 1 }))).toBe(subject(jwt({ sub: 'li', exp: 2 })));
  expect(subject(jwt({ sub: 'li' }))).not.toBe(subject(jwt({ sub: 'wang' })));
  expect(subject('not a token at all')).toBe('token at all'); // no more of it than tells two apart
});
