import { beforeEach, describe, expect, it } from 'vitest';
import { type Clock, createClock, settle } from '../testing/clock.ts';
import { Device } from '../testing/memory.ts';
import { type Entry, type Outbox, openOutbox } from './outbox.ts';
import type { Code, Refusal, Sent } from './wire.ts';

let device: Device;
let clock: Clock;
let wire: Sent[][]; // batches as they left
let refused: [string, string][];
let silent: number;

beforeEach(() => {
  device = new Device();
  clock = createClock(7);
  wire = [];
  refused = [];
  silent = 0;
});

const page = (): Promise<Outbox> =>
  openOutbox({
    kv: device.kv(),
    claim: device.claim,
    env: clock,
    name: 'test',
    transmit: (batch) => wire.push(batch) > 0,
    onSilence: () => silent++,
    onChange: () => {},
    onRefused: (entry, message) => refused.push([text(entry.frame), message]),
  });

const text = (frame: unknown) => (frame as { body?: { text: string } }).body?.text ?? '';
const say = (box: Outbox, words: string, conversation?: string) =>
  box.send({ type: 'send', body: { kind: 'text', text: words } }, conversation);
const sayAll = async (box: Outbox, ...words: string[]) => {
  for (const w of words) await say(box, w);
};
const last = () => wire.at(-1)!;
const texts = (batch = last()) => batch.map(text);
const numbers = (batch = last()) => batch.map((f) => f.n);
const pending = (box: Outbox, conversation?: string) => box.entries(conversation).map((e) => text(e.frame));
const refuse = (box: Outbox, frame: Sent, code: Code, more: Partial<Refusal> = {}) =>
  box.refuse({ type: 'error', code, message: `no: ${code}`, origin: frame.origin, n: frame.n, ...more });
const failures = (box: Outbox) => box.entries().filter((e: Entry) => e.failed);

describe('numbers', () => {
  it('counts from 1 in each conversation', async () => {
    const box = await page();
    box.up('e');
    await say(box, 'a', 'c1');
    expect(last()[0]).toMatchObject({ type: 'send', n: 1, conversation: 'c1', body: { kind: 'text', text: 'a' } });
    box.acknowledge(last()[0]!, 'c1');
    await say(box, 'b', 'c1');
    box.acknowledge(last()[0]!, 'c1');
    await say(box, 'c', 'c2');
    expect(last()[0]).toMatchObject({ n: 1, conversation: 'c2', origin: box.origin() });
  });

  it('sends one batch at a time, and what came meanwhile as the next', async () => {
    const box = await page();
    box.up('e');
    await sayAll(box, 'a', 'b', 'c');
    expect(wire).toHaveLength(1);
    expect(texts()).toEqual(['a']);
    box.acknowledge(last()[0]!);
    expect(texts()).toEqual(['b', 'c']);
    expect(numbers()).toEqual([2, 3]);
  });

  it('keeps a batch to 64 frames and 32 KiB', async () => {
    const box = await page();
    await sayAll(box, ...Array.from({ length: 70 }, (_, i) => `m${i}`));
    box.up('e');
    expect(last()).toHaveLength(64);
    box.acknowledge(last()[63]!);
    expect(last()).toHaveLength(6);
    box.acknowledge(last()[5]!);
    await say(box, 'first');
    await sayAll(box, ...Array.from({ length: 5 }, () => '客'.repeat(4000)));
    box.acknowledge(last()[0]!);
    expect(last()).toHaveLength(2); // 12 kB each
  });

  it('sends nothing before it is stored', async () => {
    const box = await page();
    box.up('e');
    device.stuck = true;
    const sending = say(box, 'a');
    await settle();
    expect(pending(box)).toEqual(['a']);
    expect(wire).toEqual([]);
    device.release();
    await sending;
    expect(texts()).toEqual(['a']);
  });

  it('what is being stored does not slip out with what comes before it', async () => {
    const box = await page();
    box.up('e');
    await say(box, 'a');
    device.stuck = true;
    const sending = say(box, 'b');
    box.acknowledge(last()[0]!);
    await settle();
    expect(wire).toHaveLength(1);
    device.release();
    await sending;
    expect(texts()).toEqual(['b']);
  });

  it('refuses more than it can hold, visibly', async () => {
    const box = await page();
    await sayAll(box, ...Array.from({ length: 201 }, (_, i) => `m${i}`));
    expect(failures(box).map((e) => [text(e.frame), e.failed])).toEqual([['m200', 'full']]);
  });
});

describe('acks', () => {
  it('one covers everything before it', async () => {
    const box = await page();
    await sayAll(box, 'a', 'b', 'c');
    box.up('e');
    expect(text(box.acknowledge(last()[1]!)!.frame)).toBe('b');
    expect(pending(box)).toEqual(['c']);
    expect(device.keys('out/')).toHaveLength(1);
  });

  it('a second one ends nothing and harms nothing', async () => {
    const box = await page();
    await sayAll(box, 'a', 'b');
    box.up('e');
    const [a] = last();
    expect(box.acknowledge(a!)).toBeDefined();
    expect(box.acknowledge(a!)).toBeUndefined();
    expect(pending(box)).toEqual(['b']);
    expect(wire).toHaveLength(1);
  });

  it('a lost one is found by sending the same frame under the same n', async () => {
    const box = await page();
    box.up('e');
    await say(box, 'a');
    box.down();
    await say(box, 'b');
    box.up('e');
    expect(wire[1]![0]).toEqual(wire[0]![0]);
    expect(texts()).toEqual(['a', 'b']);
  });

  it('none in 10 s gives the connection up', async () => {
    const box = await page();
    box.up('e');
    await say(box, 'a');
    await clock.run(9_900);
    expect(silent).toBe(0);
    await clock.run(200);
    expect(silent).toBe(1);
  });

  it('welcome may say that some are stored already', async () => {
    const box = await page();
    await sayAll(box, 'a', 'b', 'c');
    box.accepted(box.origin(), 2);
    box.up('e');
    expect(texts()).toEqual(['c']);
    expect(numbers()).toEqual([3]);
  });
});

describe('refusals', () => {
  it.each(['unavailable', 'internal', 'rate_limited'] as const)('%s: the same frames again, later', async (code) => {
    const box = await page();
    await sayAll(box, 'a', 'b');
    box.up('e');
    const [a, b] = last();
    refuse(box, a!, code, { retry: 7 });
    await clock.run(8_000);
    expect(wire).toHaveLength(1); // b has no answer yet
    refuse(box, b!, 'gap', { expect: 1 });
    await clock.run(6_900);
    expect(wire).toHaveLength(1);
    await clock.run(200);
    expect(wire[1]).toEqual(wire[0]);
    expect(refused).toEqual([]);
  });

  it('backs off further each time it is told to come again', async () => {
    const box = await page();
    box.up('e');
    await say(box, 'a');
    const waits: number[] = [];
    for (let i = 1; i <= 8; i++) {
      const from = clock.now();
      refuse(box, last()[0]!, 'unavailable');
      await clock.until(() => wire.length > i);
      waits.push(clock.now() - from);
    }
    expect(waits[0]).toBeLessThanOrEqual(1_000);
    expect(waits[4]).toBeGreaterThan(4_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
  });

  it('gap: from where the server stands', async () => {
    const box = await page();
    await sayAll(box, 'a', 'b', 'c');
    box.up('e');
    refuse(box, last()[2]!, 'gap', { expect: 2 }); // so a is stored, its ack is lost
    expect(pending(box)).toEqual(['b', 'c']);
    refuse(box, last()[1]!, 'unavailable');
    await clock.until(() => wire.length === 2);
    expect(numbers()).toEqual([2, 3]);
    expect(last()[0]!.origin).toBe(wire[0]![0]!.origin);
  });

  it('gap below what is left: a fresh origin, from 1', async () => {
    const box = await page();
    box.up('e');
    await say(box, 'a');
    box.acknowledge(last()[0]!);
    await say(box, 'b');
    refuse(box, last()[0]!, 'gap', { expect: 1 });
    await clock.until(() => wire.length === 3);
    expect(last()[0]).toMatchObject({ n: 1, body: { text: 'b' } });
    expect(last()[0]!.origin).not.toBe(wire[0]![0]!.origin);
    expect(box.origin()).toBe(last()[0]!.origin);
  });

  it('definite in the middle: what came before is awaited, what stands behind is numbered anew', async () => {
    const box = await page();
    await sayAll(box, 'a', 'b', 'c', 'd');
    box.up('e');
    const [a, b, c, d] = last();
    refuse(box, a!, 'unavailable');
    refuse(box, b!, 'too_large');
    refuse(box, c!, 'gap', { expect: 1 });
    refuse(box, d!, 'gap', { expect: 1 });
    expect(refused).toEqual([]); // a may yet be stored, or not
    await clock.until(() => wire.length === 2);
    expect(last()).toEqual([a]); // b is not sent again
    box.acknowledge(a!);
    await clock.until(() => wire.length === 3);
    expect(refused).toEqual([['b', 'no: too_large']]);
    expect(texts()).toEqual(['c', 'd']);
    expect(numbers()).toEqual([1, 2]);
    expect(last()[0]!.origin).not.toBe(a!.origin);
    expect(failures(box).map((e) => e.failed)).toEqual(['too_large']);
  });

  it('definite, then the connection dies: nothing behind it is ever sent under the old numbers', async () => {
    const box = await page();
    await sayAll(box, 'a', 'b');
    box.up('e');
    const [a] = last();
    refuse(box, a!, 'conflict');
    box.down();
    box.up('e');
    await clock.until(() => wire.length === 2);
    expect(refused).toEqual([['a', 'no: conflict']]);
    expect(last()).toMatchObject([{ n: 1, body: { text: 'b' } }]);
    expect(last()[0]!.origin).not.toBe(a!.origin);
  });

  it('two definite ones: the second gets another chance, for its answer was to a number that counts no more', async () => {
    const box = await page();
    await sayAll(box, 'a', 'b');
    box.up('e');
    const [a, b] = last();
    refuse(box, a!, 'too_large');
    refuse(box, b!, 'conflict');
    await clock.until(() => wire.length === 2);
    expect(last()).toMatchObject([{ n: 1, body: { text: 'b' } }]);
    expect(refused).toEqual([['a', 'no: too_large']]);
  });

  it('a tap sends it once more, at the end; or it is forgotten', async () => {
    const box = await page();
    box.up('e');
    await say(box, 'a');
    refuse(box, last()[0]!, 'invalid');
    await say(box, 'b');
    await clock.until(() => wire.length === 2);
    box.acknowledge(last()[0]!);
    box.retry(failures(box)[0]!.key);
    await clock.until(() => wire.length === 3);
    expect(last()).toMatchObject([{ n: 2, body: { text: 'a' } }]);
    refuse(box, last()[0]!, 'invalid');
    box.discard(failures(box)[0]!.key);
    await settle();
    expect(box.entries()).toEqual([]);
    expect(device.keys('out/')).toEqual([]);
  });

  it('what nobody said is not kept for a tap', async () => {
    const box = await page();
    box.up('e');
    await box.send({ type: 'take', session: 1 }, 'c1');
    refuse(box, last()[0]!, 'full');
    expect(box.entries('c1')).toEqual([]);
    await settle();
    expect(device.keys('out/')).toEqual([]);
  });

  it('one conversation in trouble does not hold up another', async () => {
    const box = await page();
    box.up('e');
    await say(box, 'a', 'c1');
    refuse(box, last()[0]!, 'unavailable', { retry: 60 });
    await say(box, 'b', 'c2');
    expect(last()).toMatchObject([{ conversation: 'c2' }]);
  });
});

describe('origins', () => {
  it('more accepted than was ever sent: given up', async () => {
    const box = await page();
    await say(box, 'a');
    const before = box.origin();
    box.accepted(before, 5);
    box.up('e');
    await clock.until(() => wire.length === 1);
    expect(last()).toMatchObject([{ n: 1, body: { text: 'a' } }]);
    expect(last()[0]!.origin).not.toBe(before);
  });

  it('replaced by somebody else: what comes next gets a fresh one, what waits keeps its number', async () => {
    const box = await page();
    await say(box, 'a');
    const before = box.origin();
    box.renew();
    expect(box.origin()).not.toBe(before);
    await say(box, 'b');
    box.up('e');
    expect(last()).toMatchObject([{ origin: before, n: 1 }]);
    box.acknowledge(last()[0]!);
    expect(last()).toMatchObject([{ origin: box.origin(), n: 1, body: { text: 'b' } }]);
  });

  it('a new epoch: given up in every conversation, but what is known to be stored stays stored', async () => {
    const box = await page();
    box.up('e1');
    await say(box, 'a', 'c1');
    await say(box, 'b', 'c1');
    await say(box, 'c', 'c2');
    const before = box.origin();
    box.down();
    box.accepted(before, 1, 'c1');
    box.up('e2');
    await clock.until(() => wire.length === 2);
    box.acknowledge(last()[0]!, 'c1');
    await clock.until(() => wire.length === 3);
    expect(wire.slice(1).map((batch) => [texts(batch), numbers(batch)])).toEqual([
      [['b'], [1]],
      [['c'], [1]],
    ]);
    for (const [frame] of wire.slice(1)) expect(frame!.origin).not.toBe(before);
  });
});

describe('pages', () => {
  it('a reload finds what was unsent, under the same origin, and goes on counting', async () => {
    const box = await page();
    box.up('e');
    await say(box, 'a');
    box.acknowledge(last()[0]!);
    await sayAll(box, 'b', 'c');
    box.close();

    const again = await page();
    expect(again.origin()).toBe(box.origin());
    expect(pending(again)).toEqual(['b', 'c']);
    again.up('e');
    expect(numbers()).toEqual([2, 3]);
    again.acknowledge(last()[1]!);
    await say(again, 'd');
    expect(numbers()).toEqual([4]);
  });

  it('two at once have an origin each, and do not touch what the other has', async () => {
    const one = await page();
    await say(one, 'a');
    const two = await page();
    expect(two.origin()).not.toBe(one.origin());
    expect(pending(two)).toEqual([]);
    await two.adopt();
    expect(pending(two)).toEqual([]);
  });

  it('what closed pages left is sent by a living one, under the numbers it had', async () => {
    const one = await page();
    one.up('e');
    await say(one, 'a');
    const [a] = last();
    const two = await page();
    await say(two, 'b');
    one.close();
    await two.adopt();
    two.up('e');
    // Its own goes first here, for it was there first; of each origin the order holds.
    expect(texts()).toEqual(['b']);
    two.acknowledge(last()[0]!);
    expect(last()).toEqual([a]);
    two.acknowledge(a!);
    await settle();
    expect(device.keys('out/')).toEqual([]);
    expect(device.keys('tab/')).toHaveLength(1);
  });

  it('dies while writing: all of it or nothing', async () => {
    const box = await page();
    await say(box, 'a');
    device.stuck = true;
    void say(box, 'b');
    device.crash();
    device.stuck = false;
    const again = await page();
    again.up('e');
    expect(texts()).toEqual(['a']);
    again.acknowledge(last()[0]!);
    await say(again, 'c');
    expect(numbers()).toEqual([2]);
  });

  it('what was refused is still there, to be tapped', async () => {
    const box = await page();
    box.up('e');
    await sayAll(box, 'a', 'b');
    refuse(box, last()[0]!, 'too_large');
    await settle();
    box.close();
    const again = await page();
    expect(again.entries().map((e) => [text(e.frame), e.failed])).toEqual([
      ['a', 'too_large'],
      ['b', undefined],
    ]);
  });

  it('a clock that goes back does not turn the order around', async () => {
    const box = await page();
    await say(box, 'a');
    box.close();
    clock = { ...clock, now: () => 5 };
    const again = await page();
    await say(again, 'b');
    again.close();
    const third = await page();
    expect(pending(third)).toEqual(['a', 'b']);
  });
});
