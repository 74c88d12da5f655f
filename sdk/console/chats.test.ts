import { beforeEach, describe, expect, it } from 'vitest';
import type { Live } from './live.ts';
import type { Desk } from './model.ts';
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

describe('what arrives', () => {
  it('tells of a visitor who begins to wait, and of a conversation that is assigned', async () => {
    const live = await world.page();
    world.desk.visitor('c1');
    await world.clock.run(500);
    expect(world.news).toEqual([['waiting', 'c1']]);
    world.desk.assign('c1', 'lina');
    await world.clock.run(500);
    expect(world.news.at(-1)).toEqual(['assigned', 'c1']);
    expect(seqs(live, 'c1')).toEqual(upTo(3));
  });

  it('finds a conversation of which it only saw an event', async () => {
    const live = await world.page();
    world.desk.lose.add('conversation');
    held();
    await world.clock.run(500);
    expect(saidIn(live, 'c1')).toEqual(['hello']);
  });

  it('adds messages in order and tells of each once', async () => {
    held();
    const live = await world.page();
    world.desk.visitorSays('c1', 'two');
    world.desk.visitorSays('c1', 'three');
    await world.clock.run(50);
    expect(saidIn(live, 'c1')).toEqual(['hello', 'two', 'three']);
    expect(world.heard.map((e) => e.seq)).toEqual([5, 6]);
  });

  it('asks for what a lost push left out', async () => {
    held();
    const live = await world.page();
    world.desk.lose.add('event');
    world.desk.visitorSays('c1', 'lost');
    world.desk.lose.clear();
    world.desk.visitorSays('c1', 'arrived');
    await world.clock.run(50);
    expect(saidIn(live, 'c1')).toEqual(['hello', 'lost', 'arrived']);
    expect(world.got('after')).toMatchObject([{ conversation: 'c1', seq: 4 }]);
  });

  it('finds even the last push of a quiet conversation, by its heartbeat', async () => {
    held();
    const live = await world.page();
    world.desk.lose.add('event');
    world.desk.visitorSays('c1', 'lost');
    await world.clock.run(11_000);
    expect(saidIn(live, 'c1')).toEqual(['hello', 'lost']);
  });

  it('asks again by its heartbeat when the answer was lost too', async () => {
    held();
    const live = await world.page();
    world.desk.lose.add('event');
    world.desk.visitorSays('c1', 'lost');
    world.desk.lose.clear();
    world.desk.mute.add('after');
    world.desk.visitorSays('c1', 'late');
    await world.clock.run(50);
    expect(saidIn(live, 'c1')).toEqual(['hello']);
    world.desk.mute.clear();
    await world.clock.run(11_000);
    expect(saidIn(live, 'c1')).toEqual(['hello', 'lost', 'late']);
  });

  it('finds by its heartbeat who waits and who has ceased to', async () => {
    world.desk.visitor('c1');
    const live = await world.page();
    world.desk.lose.add('conversation');
    world.desk.visitor('c2');
    world.desk.visitor('c3');
    world.desk.assign('c1', 'bob');
    await world.clock.run(11_000);
    expect(waiting(live.desk.value).map((c) => c.id)).toEqual(['c2', 'c3']);
    expect(live.desk.value.waiting).toBe(2);
  });

  it('lets go of what it was told it holds and does not any more', async () => {
    held();
    const live = await world.page();
    world.desk.lose.add('conversation').add('event');
    world.desk.assign('c1', 'bob');
    await world.clock.run(11_000);
    expect(mine(live.desk.value)).toEqual([]);
    expect(chatOf(live, 'c1').history).toBe('none');
  });

  it('shows that the visitor is typing until they stop, or until their message is here', async () => {
    held();
    const live = await world.page();
    const by = { kind: 'visitor' as const };
    world.desk.push({ type: 'typing', conversation: 'c1', by, text: 'I wo' });
    await world.clock.run(5);
    expect(chatOf(live, 'c1').typing?.text).toBe('I wo');
    world.desk.visitorSays('c1', 'I would');
    await world.clock.run(5);
    expect(chatOf(live, 'c1').typing).toBeUndefined();
  });
});

describe('who waits', () => {
  it('is shown with what they asked, though something happened since', async () => {
    world.desk.visitor('c1');
    const { head } = world.desk.talk('c1');
    world.desk.visitorSays('c1', 'where is my parcel?');
    world.desk.say('c1', { kind: 'agent', id: 'bob' }, 'a note', true);
    head.last = world.desk.happen('c1', { kind: 'warned' });
    const live = await world.page();
    expect(chatOf(live, 'c1').head.last?.body).toEqual({ kind: 'text', text: 'where is my parcel?' });
    expect(chatOf(live, 'c1').history).toBe('none');
  });
});

describe('what is looked at', () => {
  it('gets its log, and loses it when one looks away from what one does not hold', async () => {
    world.desk.visitor('c1');
    world.desk.visitorSays('c1', 'hello');
    const live = await world.page();
    live.open('c1');
    await world.clock.run(50);
    expect(saidIn(live, 'c1')).toEqual(['hello']);
    live.open(undefined);
    expect(chatOf(live, 'c1')).toMatchObject({ history: 'none', log: [] });
  });

  it('is let go also when its first page comes after it went to somebody else', async () => {
    held();
    let arrive = () => {};
    world.desk.slow = new Promise((done) => {
      arrive = done;
    });
    const live = await world.page();
    expect(chatOf(live, 'c1').history).toBe('loading');
    world.desk.assign('c1', 'bob');
    await world.clock.run(500);
    arrive();
    await world.clock.run(50);
    expect(chatOf(live, 'c1').history).toBe('none');
  });

  it('is kept up to date by the heartbeat where the server can not be told what is looked at', async () => {
    world.desk.visitor('c1');
    const live = await world.page();
    live.open('c1');
    await world.clock.run(50);
    world.desk.visitorSays('c1', 'anybody?');
    await world.clock.run(11_000);
    expect(saidIn(live, 'c1')).toEqual(['anybody?']);
    expect(world.got('watch')).toEqual([]);
  });

  it('is watched where the server can be told', async () => {
    world.desk.features = ['watch'];
    world.desk.visitor('c1');
    const live = await world.page();
    live.open('c1');
    await world.clock.run(50);
    expect(world.got('watch')).toEqual([{ type: 'watch', conversations: ['c1'] }]);
    world.desk.assign('c1', 'lina');
    await world.clock.run(500);
    expect(world.got('watch').at(-1)).toEqual({ type: 'watch', conversations: [] });
  });

  it('says so when it does not exist', async () => {
    const live = await world.page();
    live.open('c9');
    await world.clock.run(50);
    expect(live.absent.value).toBe('c9');
  });

  it('pages back to the first event without a hole', async () => {
    held();
    for (let i = 0; i < 120; i++) world.desk.visitorSays('c1', `m${i}`);
    const live = await world.page();
    expect(chatOf(live, 'c1')).toMatchObject({ older: true });
    expect(chatOf(live, 'c1').log).toHaveLength(50);
    await Promise.all([live.earlier('c1'), live.earlier('c1')]);
    await live.earlier('c1');
    expect(seqs(live, 'c1')).toEqual(upTo(124));
    expect(chatOf(live, 'c1').older).toBe(false);
  });

  it('that is long is cut when one looks away, and stays without a hole when a page was on its way', async () => {
    held();
    for (let i = 0; i < 400; i++) world.desk.visitorSays('c1', `m${i}`);
    const live = await world.page();
    live.open('c1');
    for (let i = 0; i < 6; i++) await live.earlier('c1');
    const paging = live.earlier('c1');
    live.open(undefined);
    await paging;
    expect(seqs(live, 'c1')).toEqual(upTo(404).slice(-300));
    expect(chatOf(live, 'c1').older).toBe(true);
  });

  it('can be fetched again after it failed', async () => {
    held();
    world.desk.fail.set('GET /v1/conversations/c1/events', { status: 503, body: { code: 'unavailable' } });
    const live = await world.page();
    expect(chatOf(live, 'c1').history).toBe('failed');
    await live.reload('c1');
    expect(saidIn(live, 'c1')).toEqual(['hello']);
  });
});
