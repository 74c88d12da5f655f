import { expect, it } from 'vitest';
import { createClock } from '../testing/clock.ts';
import { type Tab, Tabs } from '../testing/tabs.ts';

/**
 * Tabs that open, close, freeze and thaw while they talk over a bad network. Whoever leads, and however often that changes:
 * each message is stored once, each page's in its order, and every page ends up with the desk's log.
 */
const seeds = process.env.KEFU_SEED
  ? [Number(process.env.KEFU_SEED)]
  : Array.from({ length: Number(process.env.KEFU_SEEDS ?? 30) }, (_, i) => i + 1);
let takeovers = 0;
let firm = 0; // messages whose order is sure

it.each(seeds)('seed %i: exactly once, in order, in every tab', async (seed) => {
  const b = new Tabs(seed);
  const dice = createClock(seed * 6007).random;
  const one = <T>(of: T[]): T => of[Math.floor(dice() * of.length)]!;
  const story: { text: string; tab: Tab; sure: boolean; loose: boolean }[] = [];
  let n = 0;

  const say = () => {
    const tab = one(b.all);
    if (tab.frozen) return;
    const said = { text: `m${n++}`, tab, sure: false, loose: false };
    story.push(said);
    void b.views
      .get(tab)!
      .send({ type: 'send', body: { kind: 'text', text: said.text } })
      .then(() => {
        said.sure = true;
      });
  };
  const acts = [
    () => b.all.length < 4 && b.tab(),
    () => b.all.length > 1 && b.close(one(b.all)),
    () => {
      one(b.all).frozen = true;
    },
    () => one(b.all).thaw(),
    () => one(b.all).thaw(),
    () => {
      const tab = one(b.all);
      tab.hidden = !tab.hidden;
      if (!tab.hidden && !tab.frozen) b.views.get(tab)!.wake();
    },
    () => b.net.cut(),
    () => {
      b.net.mode = one(['ok', 'ok', 'refuse', 'hang']);
    },
    () => {
      b.net.mute = dice() < 0.3;
    },
  ];

  b.tab();
  for (let round = 0; round < 120; round++) {
    if (dice() < 0.5) say();
    else one(acts)();
    // What a frozen leader has heard and not sent stays behind until it thaws, and so comes later than what was said since.
    const stuck = b.all.some((tab) => tab.frozen && b.views.get(tab)!.rings);
    for (const s of story) if (stuck && !(b.desk.rooms.has(b.room) && b.desk.said(b.room).includes(s.text))) s.loose = true;
    await b.clock.run(dice() * one([3, 300, 4_000]));
  }
  for (const tab of b.all) {
    tab.hidden = false;
    tab.thaw();
    b.views.get(tab)!.wake();
  }
  const views = [...b.views.values()];
  b.net.mute = false;
  b.net.mode = 'ok';
  await b.clock.run(10_000);
  const texts = (v: (typeof views)[number]) => v.log.events.flatMap((e) => (e.body.kind === 'text' ? [e.body.text] : []));
  const [first] = views as [(typeof views)[number]];
  await b.clock.until(
    () => views.every((v) => v.log.last === b.desk.room(b.room).log.length && !v.entries.length) && !b.device.keys('out/').length,
    300_000,
  );
  takeovers += b.cores - 1;
  firm += story.filter((s) => !s.loose).length;

  const stored = b.desk.said(b.room);
  expect(new Set(stored).size, 'nothing is doubled').toBe(stored.length);
  // What a page has said that was closed in the same moment may be gone with it; nothing else.
  const alive = story.filter((s) => s.sure || b.all.includes(s.tab)).map((s) => s.text);
  expect(alive.filter((text) => !stored.includes(text))).toEqual([]);
  for (const tab of new Set(story.map((s) => s.tab))) {
    const mine = story.filter((s) => s.tab === tab && !s.loose && stored.includes(s.text)).map((s) => s.text);
    expect(stored.filter((text) => mine.includes(text))).toEqual(mine);
  }
  for (const view of views) expect(texts(view)).toEqual(stored.slice(-texts(view).length));
  expect(first.log.events.length).toBeGreaterThan(0);
  expect(views.filter((v) => v.rings)).toHaveLength(1);
  if (seed !== seeds.at(-1)) return;
  expect(takeovers).toBeGreaterThan(seeds.length);
  expect(firm).toBeGreaterThan(20 * seeds.length);
});
