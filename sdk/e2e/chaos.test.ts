import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { seeded } from '../testing/clock.ts';
import { launch } from './browser.ts';
import { fresh, openStage, type Stage, say, sees, soon } from './stage.ts';

/**
 * Everything at once, in a real browser on the real server: a network that refuses, hangs, mutes, flaps, cuts and drops
 * answers, tabs that come and go, a leader that dies. Exactly once and in order, on both sides. KEFU_TEST_LONG=1 makes it a
 * thousand messages and more; KEFU_URL lets another host have them.
 */
const LONG = !!process.env.KEFU_TEST_LONG;
const [rounds, each] = LONG ? [12, 90] : [2, 30];
const seed = Number(process.env.KEFU_SEED ?? 7);

let browser: Browser;
let stage: Stage | undefined;
let open: BrowserContext[] = [];
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
afterEach(async () => {
  for (const context of open) await context.close();
  open = [];
  await stage?.end();
});

it(`${rounds} rounds of ${each} messages: once, in order, on both sides`, { timeout: rounds * 120_000 }, async () => {
  stage = await openStage();
  const { faults } = stage;
  const dice = seeded(seed);
  const one = <T>(of: readonly T[]): T => of[Math.floor(dice() * of.length)]!;
  const context = await fresh(browser, open);
  const said = new Map<Page, string[]>();
  const told: string[][] = []; // by page, closed ones too
  let pages: Page[] = [];
  const answers: string[] = [];
  let n = 0;

  const come = async () => {
    const page = await stage!.visit(context, { init: { ui: false } });
    const texts: string[] = [];
    told.push(texts);
    said.set(page, texts);
    pages.push(page);
  };
  /** What a closing page has said is stored by then: `say` waits for it. */
  const go = async () => {
    if (pages.length < 2) return;
    const page = one(pages);
    pages = pages.filter((p) => p !== page);
    await page.close();
  };
  const acts: (() => unknown)[] = [
    () => faults.cut(),
    () => faults.cut(),
    () => {
      faults.sockets = one(['ok', 'ok', 'refuse', 'hang', 'flap'] as const);
    },
    () => {
      faults.polls = one(['ok', 'ok', 'busy', 'lose', 'hang'] as const);
    },
    () => {
      faults.mute = dice() < 0.4;
    },
    () => one(pages).evaluate(() => window.dispatchEvent(new Event('online'))),
    () => pages.length < 3 && come(),
    go,
  ];
  const heal = () => {
    faults.sockets = faults.polls = 'ok';
    faults.mute = false;
    faults.cut();
    return Promise.all(pages.map((page) => page.evaluate(() => window.dispatchEvent(new Event('online')))));
  };

  await come();
  await say(pages[0]!, 'hello');
  told[0]!.push('hello');
  await soon(() => stage!.stored()).toEqual(['hello']);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < each; i++) {
      const page = one(pages);
      if (dice() < 0.6) {
        const text = `v${n++}`;
        said.get(page)!.push(text);
        await say(page, text);
      } else {
        answers.push(`a${n++}`);
        await stage.answer(answers.at(-1)!);
      }
      if (dice() < 0.15) await one(acts)();
    }
    await heal();
    const all = told.flat().length + answers.length;
    await soon(async () => (await stage!.stored()).length, 90_000).toBe(all);
    const log = await stage.stored();
    expect(new Set(log).size).toBe(all);
    expect(log.filter((t) => t.startsWith('a'))).toEqual(answers);
    for (const texts of told) expect(log.filter((t) => texts.includes(t))).toEqual(texts);
    for (const page of pages) await soon(async () => isTail(await sees(page), log), 60_000).toBe(true);
  }
  const total = told.flat().length + answers.length;
  console.log(`${total} messages in ${rounds} rounds, ${told.length} pages, ${faults.opened} sockets, ${faults.polled} polls`);
  expect(total).toBe(rounds * each + 1);
  expect(faults.opened).toBeGreaterThan(rounds);
});

/** A page that came later has the end of the log only. */
const isTail = (seen: string[], log: string[]) => seen.length > 0 && seen.join() === log.slice(-seen.length).join();
