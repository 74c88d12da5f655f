import { beforeEach, describe, expect, it } from 'vitest';
import { Browser } from '../testing/device.ts';
import type { Client } from './client.ts';

/** A page on networks that let no WebSocket through: how it falls back, converses, and returns. */
const say = (page: Client, text: string) => page.send({ type: 'send', body: { kind: 'text', text } });
const seen = (page: Client) => page.log.events.flatMap((e) => (e.body.kind === 'text' ? [e.body.text] : []));
const via = (page: Client) => (page.state.at === 'open' ? page.state.via : page.state.at);
const agent = { kind: 'agent' as const, id: 'a', name: 'Li Na' };

let b: Browser;
const polls = () => b.net.desks.got;
const answer = (text: string) => b.desk.append(b.room, agent, { kind: 'text', text });
const stored = (text: string) => b.desk.rooms.has(b.room) && b.desk.said(b.room).includes(text);

/** A page that polls, and has said one thing. */
const polling = async (mode: Browser['net']['mode'] = 'refuse'): Promise<Client> => {
  b.net.mode = mode;
  const page = await b.open();
  await b.clock.until(() => via(page) === 'longpoll', 8_000);
  await say(page, 'one');
  await b.clock.until(() => stored('one') && page.entries.length === 0, 2_000);
  return page;
};

beforeEach(() => {
  b = new Browser(21);
});

describe('a network without WebSocket', () => {
  it.each([
    ['refuse', 'closed', 3_000],
    ['hang', 'timeout', 6_000],
    ['snip', 'closed', 4_000],
  ] as const)('that makes it %s: the page polls, for it was %s, within %i ms', async (mode, reason, limit) => {
    b.net.mode = mode;
    if (mode === 'snip') b.net.lose = (f) => f.type === 'welcome' && b.net.open.size > 0;
    const page = await b.open();
    await b.clock.until(() => via(page) === 'longpoll', limit);
    expect(b.fell).toEqual([reason]);
    b.net.lose = () => false;
    await say(page, 'hello');
    await b.clock.until(() => seen(page).includes('hello') && page.entries.length === 0, 2_000);
    expect(b.desk.said(b.room)).toEqual(['hello']);
  });

  it('that cuts it soon after welcome is no better', async () => {
    b.net.mode = 'snip';
    const page = await b.open();
    await b.clock.until(() => via(page) === 'longpoll', 8_000);
    expect(b.fell).toEqual(['closed']);
  });

  it('the next page asks for WebSocket first all the same', async () => {
    b.shut(await polling());
    b.net.mode = 'ok';
    await b.clock.run(1_000);
    const before = polls().length;
    const page = await b.open();
    await b.clock.until(() => page.state.at === 'open');
    expect(via(page)).toBe('ws');
    expect(polls()).toHaveLength(before);
    expect(seen(page)).toEqual(['one']);
  });

  it('a page that may not fall back goes on trying', async () => {
    b.fallback = false;
    b.net.mode = 'refuse';
    const page = await b.open();
    await b.clock.run(60_000);
    expect(polls()).toHaveLength(0);
    expect(b.net.dialled).toBeGreaterThan(4);
    b.net.mode = 'ok';
    await b.clock.until(() => via(page) === 'ws', 60_000);
  });

  it('and without polls either: both are tried, and what works first is taken', async () => {
    b.net.mode = 'refuse';
    b.net.polls = 'refuse';
    const page = await b.open();
    await b.clock.run(60_000);
    const dialled = b.net.dialled;
    b.net.mode = 'ok';
    await b.clock.until(() => via(page) === 'ws', 70_000);
    expect(dialled).toBeGreaterThan(5);
    // By turns, and the turn of the one costs the other no time.
    expect(Math.abs(b.fell.length - (dialled - 2))).toBeLessThanOrEqual(2);
  });
});

describe('polling', () => {
  it('hears what is said while a poll is held', async () => {
    const page = await polling();
    await b.clock.run(5_000);
    const before = polls().length;
    answer('two');
    await b.clock.until(() => seen(page).includes('two'), 200);
    expect(polls().length - before).toBeLessThanOrEqual(1);
    expect(page.unread).toBe(1);
  });

  it('asks once in 25 s while nothing happens', async () => {
    await polling();
    const before = polls().length;
    await b.clock.run(100_000);
    expect(polls().length - before).toBeLessThanOrEqual(5);
    expect(
      polls()
        .slice(before)
        .every((poll) => poll.wait === 25 && poll.frames.length === 0),
    ).toBe(true);
  });

  it('does not keep a message waiting for a held poll, and what carries frames waits for nothing', async () => {
    const page = await polling();
    await b.clock.run(5_000);
    await say(page, 'two');
    await b.clock.until(() => stored('two') && page.entries.length === 0, 300);
    expect(polls().filter((poll) => poll.frames.length && poll.wait)).toEqual([]);
  });

  it('keeps away as long as it is told, but for what there is to say', async () => {
    b.net.desks.next = 15;
    const page = await polling();
    const before = polls().length;
    await b.clock.run(14_000);
    expect(polls()).toHaveLength(before);
    await say(page, 'two');
    await b.clock.until(() => stored('two'), 300);
  });

  it('does not ask in a tight circle when held polls come back at once with nothing', async () => {
    await polling();
    const { serve } = b.net.desks;
    b.net.desks.serve = (text) => serve.call(b.net.desks, JSON.stringify({ ...JSON.parse(text), wait: 0 }));
    const before = polls().length;
    await b.clock.run(20_000);
    expect(polls().length - before).toBeLessThanOrEqual(21);
  });

  it('an answer that is lost after the message was stored: it is stored once', async () => {
    const page = await polling();
    b.net.loseAnswer = () => true;
    await say(page, 'two');
    await b.clock.until(() => stored('two'));
    await b.clock.run(3_000);
    b.net.loseAnswer = () => false;
    await b.heal();
    expect(b.desk.said(b.room)).toEqual(['one', 'two']);
    expect(seen(page)).toEqual(['one', 'two']);
  });

  it('503: it comes back, and no sooner than it is told', async () => {
    const page = await polling();
    b.net.polls = 'busy';
    await say(page, 'two');
    await b.clock.until(() => page.state.at === 'waiting');
    b.net.polls = 'ok';
    await b.clock.run(1_900);
    expect(page.state.at).toBe('waiting');
    await b.clock.until(() => stored('two'), 5_000);
  });

  it('401: the visitor is a new one, and what waits is sent', async () => {
    await b.device.kv().write([['me/token', 'forged']]);
    b.net.mode = 'refuse';
    const page = await b.open();
    await say(page, 'hello');
    await b.clock.until(() => stored('hello'), 20_000);
    expect(via(page)).toBe('longpoll');
  });

  it('403 of the desk is final; of a stranger on the way it is one more bad poll', async () => {
    const page = await polling();
    b.net.desks.serve = async () => ({ status: 403, text: '<h1>Blocked by your administrator</h1>' });
    await b.clock.run(90_000);
    expect(page.state.at).not.toBe('stopped');
    b.net.desks.serve = async () => ({ status: 403, text: '{"code":"forbidden","detail":"you are blocked"}' });
    await b.clock.until(() => page.state.at === 'stopped', 90_000);
    expect(page.state).toEqual({ at: 'stopped', code: 4501, reason: 'you are blocked' });
  });

  it('a new epoch while it polls: the page starts over, and what waits is sent once', async () => {
    const page = await polling();
    b.desk.epoch = 'epoch-2';
    Object.assign(b.desk.room(b.room), { log: [], heard: new Map() });
    await say(page, 'two');
    await b.heal();
    expect(b.desk.said(b.room)).toEqual(['two']);
    expect(seen(page)).toEqual(['two']);
  });

  it('what is on its way when the page goes away arrives', async () => {
    const page = await polling();
    await say(page, 'two');
    b.shut(page);
    await b.clock.run(1_000);
    expect(b.desk.said(b.room)).toEqual(['one', 'two']);
    const before = polls().length;
    await b.clock.run(60_000);
    expect(polls()).toHaveLength(before);
  });

  it('asks for history, and tells what was read', async () => {
    const page = await polling();
    for (let i = 0; i < 60; i++) answer(`line ${i}`);
    b.shut(page);
    const again = await b.open();
    await b.clock.until(() => via(again) === 'longpoll', 8_000);
    expect(again.log.events).toHaveLength(50);
    again.tell({ type: 'before', seq: again.log.events[0]!.seq });
    await b.clock.until(() => !again.log.older, 1_000);
    again.read();
    await b.clock.until(() => b.desk.room(b.room).head.read?.visitor === again.log.last, 1_000);
  });
});

describe('back to WebSocket', () => {
  it.each(['refuse', 'hang', 'snip'] as const)('as soon as it works again (%s), for good', async (mode) => {
    const page = await polling(mode === 'snip' ? 'refuse' : mode);
    b.net.mode = mode;
    await b.clock.run(40_000);
    expect(seen(page)).toEqual(['one']);
    b.net.mode = 'ok';
    await b.clock.until(() => via(page) === 'ws', 90_000);
    await b.clock.run(1_000);
    const before = polls().length;
    answer('two');
    await say(page, 'three');
    await b.heal();
    expect(seen(page)).toEqual(['one', 'two', 'three']);
    expect(polls()).toHaveLength(before);
  });

  it.each(['refuse', 'hang'] as const)('a page that shows again tries at once (%s)', async (mode) => {
    const page = await polling(mode);
    // By now the tries are minutes apart; one of those that hang is under way.
    const before = b.net.dialled + 5;
    await b.clock.until(() => b.net.dialled === before, 400_000);
    b.net.mode = 'ok';
    page.wake();
    await b.clock.until(() => via(page) === 'ws', 500);
  });

  it('tries less and less often', async () => {
    await polling();
    const early = b.net.dialled;
    await b.clock.run(60_000);
    expect(b.net.dialled - early).toBeGreaterThan(1);
    await b.clock.run(1_000_000);
    const late = b.net.dialled;
    await b.clock.run(300_000);
    expect(b.net.dialled - late).toBeLessThanOrEqual(2);
  });

  it('with a message under way, whether it was stored or not: it is there once', async () => {
    for (const served of [true, false]) {
      b = new Browser(served ? 31 : 32);
      const page = await polling();
      b.net.mode = 'ok';
      if (served) b.net.loseAnswer = () => true;
      else b.net.polls = 'hang';
      await say(page, 'two');
      page.wake();
      await b.clock.until(() => via(page) === 'ws', 2_000);
      await b.clock.until(() => page.entries.length === 0, 2_000);
      await b.heal();
      expect(b.desk.said(b.room)).toEqual(['one', 'two']);
      expect(seen(page)).toEqual(['one', 'two']);
    }
  });

  it('an answer to a poll that comes after the switch is nobody’s business', async () => {
    const page = await polling();
    const late: (() => void)[] = [];
    const { serve } = b.net.desks;
    b.net.desks.serve = (text) => new Promise((done) => late.push(() => void serve.call(b.net.desks, text).then(done)));
    await say(page, 'two');
    b.net.mode = 'ok';
    page.wake();
    await b.clock.until(() => stored('two') && via(page) === 'ws', 2_000);
    for (const deliver of late) deliver();
    await b.heal();
    expect(b.desk.said(b.room)).toEqual(['one', 'two']);
    expect(seen(page)).toEqual(['one', 'two']);
    expect(via(page)).toBe('ws');
  });
});

it('too much at once: it is said, and what waits is sent after the time that was named', async () => {
  const page = await b.open();
  await b.clock.until(() => via(page) === 'ws');
  b.desk.fault = () => ({ code: 'rate_limited', retry: 5 });
  await say(page, 'one');
  await b.clock.until(() => page.slowed, 1_000);
  b.desk.fault = () => undefined;
  await b.clock.run(4_500);
  expect(b.desk.said(b.room)).toEqual([]);
  await b.clock.until(() => page.entries.length === 0, 5_000);
  expect(page.slowed).toBe(false);
  expect(b.desk.said(b.room)).toEqual(['one']);
});
