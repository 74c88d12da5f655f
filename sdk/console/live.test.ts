import { beforeEach, describe, expect, it } from 'vitest';
import type { Live } from './live.ts';
import type { Desk } from './model.ts';
import { busyWith, othersIn, unread } from './select.ts';
import { merged } from './shelf.ts';
import { chatOf, saidIn, World } from './test/world.ts';

const mine = (d: Desk) => d.chats.mine;
const waiting = (d: Desk) => merged(d.chats.lines);

let world: World;
beforeEach(() => {
  world = new World();
});

const seqs = (live: Live, id: string) => chatOf(live, id).log.map((e) => e.seq);
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

/** A conversation that the agent holds, with one message. */
function held(id = 'c1'): string {
  world.desk.visitor(id);
  world.desk.visitorSays(id, 'hello');
  world.desk.assign(id, 'lina');
  return id;
}

describe('what is there at the start', () => {
  it('shows what is held with its log, and who waits without', async () => {
    held('c1');
    world.desk.visitor('c2');
    const live = await world.page();
    expect(mine(live.desk.value).map((c) => c.id)).toEqual(['c1']);
    expect(waiting(live.desk.value).map((c) => c.id)).toEqual(['c2']);
    expect(saidIn(live, 'c1')).toEqual(['hello']);
    expect(chatOf(live, 'c2').history).toBe('none');
    expect(unread(chatOf(live, 'c1'))).toBe(1);
    expect(world.news).toEqual([]);
  });

  it('says hello with the token in the frame, not in the address', async () => {
    await world.page();
    expect(world.got('hello')).toMatchObject([{ token: 'token-lina', v: 1 }]);
  });

  it('takes the status from presence', async () => {
    const live = await world.page();
    expect(live.desk.value.agents.lina).toMatchObject({ status: 'online', held: 0, capacity: 5 });
  });
});

describe('what the agent says', () => {
  it('is shown at once, and is in the log with its ack, under its own key', async () => {
    held();
    const live = await world.page();
    void live.say('c1', 'hi', false);
    const key = chatOf(live, 'c1').out[0]?.key;
    expect(key).toBeDefined();
    await world.clock.run(50);
    expect(chatOf(live, 'c1').out).toEqual([]);
    expect(chatOf(live, 'c1').log.at(-1)).toMatchObject({ key, by: { kind: 'agent', id: 'lina' }, body: { text: 'hi' } });
    expect(seqs(live, 'c1')).toEqual(upTo(5));
  });

  it('stays on the page while something in front of it is still missing', async () => {
    held();
    const live = await world.page();
    world.desk.lose.add('event');
    world.desk.visitorSays('c1', 'lost');
    world.desk.mute.add('after');
    await live.say('c1', 'hi', false);
    await world.clock.run(50);
    expect(saidIn(live, 'c1')).toEqual(['hello']);
    expect(chatOf(live, 'c1').ahead).toMatchObject([{ body: { text: 'hi' } }]);
    world.desk.mute.clear();
    world.desk.cut();
    await world.clock.run(5_000);
    expect(saidIn(live, 'c1')).toEqual(['hello', 'lost', 'hi']);
    expect(chatOf(live, 'c1').ahead).toEqual([]);
  });

  it('is kept while there is no connection, over a reload too, and stored once', async () => {
    held();
    const before = await world.page();
    world.reachable = false;
    world.desk.cut();
    await world.clock.run(50);
    await before.say('c1', 'one', false);
    await before.say('c1', 'two', true);
    before.close();
    world.reachable = true;
    const live = await world.page();
    await world.clock.run(200);
    expect(saidIn(live, 'c1')).toEqual(['hello', 'one', 'two']);
    expect(world.desk.talk('c1').log.at(-1)?.internal).toBe(true);
    expect(chatOf(live, 'c1').out).toEqual([]);
  });

  it('whose answer went down with the connection is sent again at once on the next, and stored once', async () => {
    held();
    const live = await world.page();
    world.desk.mute.add('send');
    await live.say('c1', 'hi', false);
    world.desk.cut();
    world.desk.mute.clear();
    await world.clock.run(3_000);
    expect(saidIn(live, 'c1')).toEqual(['hello', 'hi']);
    expect(world.got('send')).toHaveLength(2);
  });

  it('is shown after a reload, while it is still on its way', async () => {
    held();
    world.desk.mute.add('send');
    const before = await world.page();
    await before.say('c1', 'hi', false);
    before.close();
    const live = await world.page();
    expect(chatOf(live, 'c1').out).toMatchObject([{ frame: { body: { text: 'hi' } } }]);
  });

  it('that was refused says so and can be sent again or dropped', async () => {
    held();
    const live = await world.page();
    world.desk.refuse.set('send', { code: 'conflict' });
    await live.say('c1', 'hi', false);
    await world.clock.run(50);
    expect(chatOf(live, 'c1').out).toMatchObject([{ failed: 'conflict' }]);
    live.retry(chatOf(live, 'c1').out[0]?.key ?? '');
    await world.clock.run(50);
    expect(saidIn(live, 'c1')).toEqual(['hello', 'hi']);
    world.desk.refuse.set('send', { code: 'forbidden' });
    await live.say('c1', 'again', false);
    await world.clock.run(50);
    live.discard(chatOf(live, 'c1').out[0]?.key ?? '');
    expect(chatOf(live, 'c1').out).toEqual([]);
  });

  it('tells the visitor of typing at most every three seconds, and of reading once', async () => {
    held();
    const live = await world.page();
    for (let i = 0; i < 5; i++) {
      live.typing('c1', 'writes');
      await world.clock.run(1_000);
    }
    expect(world.got('typing')).toHaveLength(2);
    live.read('c1', 4);
    live.read('c1', 4);
    live.read('c1', 3);
    expect(world.got('read')).toEqual([{ type: 'read', conversation: 'c1', seq: 4 }]);
    expect(unread(chatOf(live, 'c1'))).toBe(0);
  });
});

describe('what the agent does', () => {
  it('takes a conversation: it is theirs, with its log, and no news to them', async () => {
    world.desk.visitor('c1');
    world.desk.visitorSays('c1', 'hello');
    const live = await world.page();
    void live.act('c1', { type: 'take', session: 1 });
    expect(busyWith(chatOf(live, 'c1'))).toBe('take');
    await world.clock.run(500);
    expect(busyWith(chatOf(live, 'c1'))).toBeUndefined();
    expect(mine(live.desk.value).map((c) => c.id)).toEqual(['c1']);
    expect(saidIn(live, 'c1')).toEqual(['hello']);
    expect(world.news).toEqual([]);
  });

  it('sees what came of it by the ack alone, when every push is lost', async () => {
    held();
    const live = await world.page();
    live.open('c1');
    world.desk.lose.add('conversation').add('event');
    await live.act('c1', { type: 'end', session: 1 });
    await world.clock.run(500);
    expect(chatOf(live, 'c1').head.phase).toBe('closed');
    expect(mine(live.desk.value)).toEqual([]);
  });

  it('is told when a colleague was faster, and sees who', async () => {
    world.desk.visitor('c1');
    const live = await world.page();
    world.desk.lose.add('conversation');
    world.desk.assign('c1', 'bob');
    world.desk.refuse.set('take', { code: 'conflict' });
    await live.act('c1', { type: 'take', session: 1 });
    await world.clock.run(500);
    expect(chatOf(live, 'c1').trouble).toEqual({ action: 'take', code: 'conflict', to: undefined });
    expect(chatOf(live, 'c1').head.agent?.id).toBe('bob');
    live.dismiss('c1');
    expect(chatOf(live, 'c1').trouble).toBeUndefined();
  });

  it('remembers to whom a transfer failed', async () => {
    held();
    const live = await world.page();
    world.desk.refuse.set('transfer', { code: 'full' });
    await live.act('c1', { type: 'transfer', session: 1, to: { agent: 'bob' } });
    await world.clock.run(500);
    expect(chatOf(live, 'c1').trouble).toEqual({ action: 'transfer', code: 'full', to: 'bob' });
    expect(mine(live.desk.value).map((c) => c.id)).toEqual(['c1']);
  });

  it('transfers, closes and reopens, and follows the log each time', async () => {
    held('c1');
    held('c2');
    const live = await world.page();
    live.open('c2');
    await live.act('c1', { type: 'transfer', session: 1, to: { agent: 'bob' }, note: 'a VIP' });
    await live.act('c2', { type: 'end', session: 1 });
    await world.clock.run(500);
    expect(mine(live.desk.value)).toEqual([]);
    expect(chatOf(live, 'c1').head.agent?.id).toBe('bob');
    expect(chatOf(live, 'c2').log.at(-1)?.body.kind).toBe('closed');
    await live.act('c2', { type: 'reopen', session: 1 });
    await world.clock.run(500);
    expect(mine(live.desk.value).map((c) => c.id)).toEqual(['c2']);
  });

  it('changes status at once, and says it again on a new connection until it is confirmed', async () => {
    const live = await world.page();
    world.desk.mute.add('status');
    live.status({ status: 'away', capacity: 3 });
    expect(live.wanted.value).toEqual({ status: 'away', capacity: 3 });
    world.desk.mute.clear();
    world.desk.cut();
    await world.clock.run(5_000);
    expect(live.wanted.value).toBeUndefined();
    expect(live.desk.value.agents.lina).toMatchObject({ status: 'away', capacity: 3 });
  });
});

describe('when the connection breaks', () => {
  it('comes back and asks for what it missed', async () => {
    held();
    const live = await world.page();
    world.desk.cut();
    world.desk.visitorSays('c1', 'while you were gone');
    world.desk.visitor('c2');
    await world.clock.run(5_000);
    expect(live.link.value.at).toBe('open');
    expect(saidIn(live, 'c1')).toEqual(['hello', 'while you were gone']);
    expect(world.news).toEqual([['waiting', 'c2']]);
  });

  it('forgets what was waiting and is not any more', async () => {
    world.desk.visitor('c1');
    const live = await world.page();
    world.desk.cut();
    world.desk.assign('c1', 'bob');
    await world.clock.run(5_000);
    expect(waiting(live.desk.value)).toEqual([]);
  });

  it('begins anew when the store did', async () => {
    held();
    world.desk.visitorSays('c1', 'two');
    const live = await world.page();
    world.desk.epoch = 'e2';
    world.desk.talks.clear();
    world.desk.visitor('c1');
    world.desk.visitorSays('c1', 'another world');
    world.desk.assign('c1', 'lina');
    world.desk.cut();
    await world.clock.run(5_000);
    expect(saidIn(live, 'c1')).toEqual(['another world']);
  });

  it('stops for good when the token counts no more', async () => {
    const live = await world.page();
    world.desk.cut(4501);
    await world.clock.run(50);
    expect(world.lost).toEqual(['revoked']);
    expect(live.link.value.at).toBe('stopped');
  });

  it('says so when a question is answered that the token counts no more, unless the page was closed', async () => {
    const unauthorized = { status: 401, body: { code: 'unauthorized' } };
    const first = await world.page();
    const second = await world.page();
    for (const live of [first, second]) {
      world.desk.fail.set('GET /v1/conversations/c9', unauthorized);
      live.open('c9');
      if (live === second) live.close();
      await world.clock.run(50);
      expect(world.lost).toEqual(['expired']);
    }
  });

  it('gives up when the token has expired, instead of coming back with it', async () => {
    await world.page();
    world.desk.cut(4004);
    await world.clock.run(60_000);
    expect(world.lost).toEqual(['expired']);
    expect(world.got('hello')).toHaveLength(1);
  });
});

describe('colleagues', () => {
  it('learn who looks and who writes, and who comes learns who is here', async () => {
    held();
    const live = await world.page();
    live.look('c1');
    expect(world.got('typing')).toEqual([{ type: 'typing', conversation: 'c1', doing: 'views' }]);
    const by = { kind: 'agent' as const, id: 'bob', name: 'Bob' };
    world.desk.push({ type: 'typing', conversation: 'c1', by, doing: 'views' });
    await world.clock.run(10);
    expect(world.got('typing')).toHaveLength(2); // Bob does not know of me yet
    expect(othersIn(chatOf(live, 'c1'), world.clock.now())).toEqual([{ id: 'bob', name: 'Bob', doing: 'views' }]);
    world.desk.push({ type: 'typing', conversation: 'c1', by, doing: 'views' });
    world.desk.push({ type: 'typing', conversation: 'c1', by });
    await world.clock.run(10);
    expect(world.got('typing')).toHaveLength(2); // and now they do: no ping-pong
    expect(othersIn(chatOf(live, 'c1'), world.clock.now())[0]?.doing).toBe('writes');
    await world.clock.run(8_000);
    expect(othersIn(chatOf(live, 'c1'), world.clock.now())[0]?.doing).toBe('views');
    world.desk.push({ type: 'typing', conversation: 'c1', by, doing: 'left' });
    await world.clock.run(10);
    expect(othersIn(chatOf(live, 'c1'), world.clock.now())).toEqual([]);
    live.look(undefined);
    expect(world.got('typing').at(-1)).toEqual({ type: 'typing', conversation: 'c1', doing: 'left' });
  });

  it('who fall silent are gone after a while, and a page says again that it is there', async () => {
    held();
    const live = await world.page();
    live.look('c1');
    world.desk.push({ type: 'typing', conversation: 'c1', by: { kind: 'agent', id: 'bob', name: 'Bob' }, doing: 'views' });
    await world.clock.run(40_000);
    expect(othersIn(chatOf(live, 'c1'), world.clock.now())).toEqual([]);
    expect(world.got('typing').length).toBeGreaterThanOrEqual(3);
  });
});

describe('the assistant', () => {
  it('is read while it writes; a newer run counts, and its answer takes the place of the pieces', async () => {
    held();
    const live = await world.page();
    const piece = (run: number, at: number, text: string) =>
      world.desk.push({ type: 'delta', conversation: 'c1', answers: 4, run, at, text });
    piece(1, 0, 'Your ');
    piece(1, 5, 'parcel');
    piece(1, 20, 'lost');
    await world.clock.run(10);
    expect(chatOf(live, 'c1').answer?.text).toBe('Your parcel');
    piece(2, 0, '您的包裹');
    piece(1, 11, ' is late');
    await world.clock.run(10);
    expect(chatOf(live, 'c1').answer?.text).toBe('您的包裹');
    world.desk.say('c1', { kind: 'bot', id: 'bot' }, 'Your parcel is on its way');
    await world.clock.run(50);
    expect(chatOf(live, 'c1').answer).toBeUndefined();
  });
});
