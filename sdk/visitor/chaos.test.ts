import { afterAll, describe, expect, it } from 'vitest';
import { createClock } from '../testing/clock.ts';
import { Browser } from '../testing/device.ts';
import type { Client } from './client.ts';

/**
 * Everything at once: a bad network, WebSockets that are refused or hang, polls that fail or lose their answer, a desk
 * that refuses, lost acks, pages that die and come back, tabs that take over each other's outbox. Whatever happens, each message is stored once, each page's in its order, and every page ends up
 * with the desk's log. The seeds make a failure repeatable.
 */
const say = (page: Client, text: string) => page.send({ type: 'send', body: { kind: 'text', text } });
const seen = (page: Client) => page.log.events.flatMap((e) => (e.body.kind === 'text' ? [e.body.text] : []));

describe('chaos', () => {
  const seeds = process.env.KEFU_SEED
    ? [Number(process.env.KEFU_SEED)]
    : Array.from({ length: Number(process.env.KEFU_SEEDS ?? 40) }, (_, i) => i + 1);
  const carried = { polls: 0, sends: 0, returns: 0 };
  it.each(seeds)('seed %i: exactly once, in order, everywhere', async (seed) => {
    const b = new Browser(seed);
    const dice = createClock(seed * 7919).random; // of its own, so that the client's draws do not move the story
    const one = <T>(of: T[]): T => of[Math.floor(dice() * of.length)]!;
    const story: string[][] = []; // what each page said, in order
    const mine = new Map<Client, string[]>();
    const bad = new Set<string>(); // refused for good, as long as the trouble lasts
    let n = 0;

    const open = async () => {
      const page = await b.open();
      let via = '';
      page.on('state', (state) => {
        if (state.at !== 'open') return;
        if (via === 'longpoll' && state.via === 'ws') carried.returns++;
        via = state.via;
      });
      const said: string[] = [];
      story.push(said);
      mine.set(page, said);
    };
    const acts: (() => Promise<unknown> | unknown)[] = [
      () => b.net.cut(),
      () => b.net.cut(4000),
      () => (b.net.mode = one(['ok', 'ok', 'refuse', 'hang'])),
      () => (b.net.polls = one(['ok', 'ok', 'ok', 'refuse', 'hang', 'busy'])),
      () => (b.net.loseAnswer = dice() < 0.5 ? () => false : () => dice() < 0.3),
      () => (b.net.mute = dice() < 0.3),
      () => (b.net.lose = dice() < 0.5 ? () => false : (f) => (f.type === 'event' || f.type === 'events') && dice() < 0.3),
      () => (b.net.latency = one([5, 40, 400, 2_500])),
      () => (fuzzy = dice() < 0.5 ? 0 : 0.2),
      () => b.pages.length > 1 && b.shut(one(b.pages)),
      () => b.pages.length < 3 && open(),
      () => {
        // A crash of the browser: every page at once, without a word to storage or desk.
        for (const page of [...b.pages]) b.shut(page);
        b.device.crash();
        return open();
      },
      () => one(b.pages).wake(),
      () => b.desk.rooms.has(b.room) && b.desk.append(b.room, { kind: 'agent', id: 'a' }, { kind: 'text', text: `agent ${n++}` }),
    ];

    let fuzzy = 0; // how many frames the desk is too busy for
    b.desk.fault = (frame) => {
      if (bad.has((frame as { body: { text: string } }).body.text)) return { code: 'too_large' };
      return dice() < fuzzy ? { code: one(['unavailable', 'internal', 'rate_limited']) } : undefined;
    };

    await open();
    for (let round = 0; round < 150; round++) {
      const page = one(b.pages);
      if (dice() < 0.5) {
        const text = `m${n++}`;
        if (dice() < 0.08) bad.add(text);
        mine.get(page)!.push(text);
        const stored = say(page, text);
        if (dice() < 0.7) await stored;
      } else await one(acts)();
      await b.clock.run(dice() * one([10, 300, 6_000]));
    }
    await b.heal();

    carried.polls += b.net.desks.got.length;
    carried.sends += b.net.desks.got.filter((poll) => poll.frames.some((f) => f.type === 'send')).length;
    const stored = b.desk.said(b.room);
    const told = story.flat();
    expect([...stored].filter((t) => t.startsWith('m')).sort()).toEqual(told.sort());
    // A tap sends anew, at the end; everything else keeps its place.
    for (const said of story)
      expect(stored.filter((t) => said.includes(t) && !bad.has(t))).toEqual(said.filter((t) => !bad.has(t)));
    for (const page of b.pages) expect(seen(page)).toEqual(stored.slice(-seen(page).length));
  });

  afterAll(() => {
    // A story in which nobody ever polls would prove nothing about it.
    expect(Math.min(carried.polls, carried.sends, carried.returns), JSON.stringify(carried)).toBeGreaterThan(seeds.length / 4);
  });
});
