import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch } from './browser.ts';
import { fresh, noted, openStage, type Stage, say, sees, soon, state } from './stage.ts';

/** What a real browser, in a worker of another origin's making, does on networks as they are. */
let browser: Browser;
let stage: Stage;
let open: BrowserContext[] = [];
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
beforeEach(async () => {
  stage = await openStage();
});
afterEach(async () => {
  for (const context of open) await context.close();
  open = [];
  await stage.end();
});

const visit = async (context?: BrowserContext): Promise<Page> =>
  stage.visit(context ?? (await fresh(browser, open)), { init: { ui: false } });
/** Both sides have exactly these, in this order. */
const all = async (page: Page, texts: string[]) => {
  await soon(() => sees(page)).toEqual(texts);
  expect(await stage.stored()).toEqual(texts);
};
const wake = (page: Page) => page.evaluate(() => window.dispatchEvent(new Event('online')));

describe('WebSocket', () => {
  it.each([
    ['refuse', 'closed', 10_000],
    ['hang', 'timeout', 12_000],
    ['flap', 'closed', 12_000],
  ] as const)('%s: the page is told once that it polls, talks, and comes back when it can', async (fault, reason, limit) => {
    stage.faults.sockets = fault;
    const page = await visit();
    await soon(() => state(page), limit).toBe('longpoll');
    expect(await noted(page, ({ fell }) => fell)).toEqual([reason]);
    await say(page, 'one');
    await all(page, ['one']);
    await stage.answer('two');
    await all(page, ['one', 'two']);
    stage.faults.sockets = 'ok';
    await wake(page);
    await soon(() => state(page)).toBe('ws');
    await say(page, 'three');
    await all(page, ['one', 'two', 'three']);
    expect(await noted(page, ({ fell }) => fell)).toEqual([reason]);
  });

  it('that goes mute is replaced within seconds once the page is looked at', async () => {
    const page = await visit();
    await soon(() => state(page)).toBe('ws');
    await say(page, 'one');
    await all(page, ['one']);
    stage.faults.mute = true;
    await say(page, 'two');
    stage.faults.mute = false; // what was swallowed is gone; the connection stays a zombie
    const before = stage.faults.opened;
    stage.faults.mute = true;
    await wake(page);
    await soon(() => stage.faults.opened, 10_000).toBeGreaterThan(before);
    stage.faults.mute = false;
    await all(page, ['one', 'two']);
  });

  it('is cut ten times while both talk: once, in order', async () => {
    const page = await visit();
    await say(page, 'm0');
    await soon(() => stage.stored()).toEqual(['m0']);
    for (let i = 1; i <= 10; i++) {
      await say(page, `m${i}`);
      await stage.answer(`a${i}`);
      stage.faults.cut();
    }
    await soon(() => sees(page).then((seen) => seen.length)).toBe(21);
    const seen = await sees(page);
    expect(await stage.stored()).toEqual(seen);
    expect(seen.filter((t) => t.startsWith('m'))).toEqual(Array.from({ length: 11 }, (_, i) => `m${i}`));
    expect(await noted(page, ({ heard }) => heard)).toEqual(Array.from({ length: 10 }, (_, i) => `a${i + 1}`));
  });
});

it('polls whose answers are lost are made again, and nothing is stored twice', async () => {
  stage.faults.sockets = 'refuse';
  const page = await visit();
  await soon(() => state(page)).toBe('longpoll');
  stage.faults.polls = 'lose';
  for (const text of ['one', 'two', 'three']) await say(page, text);
  await soon(() => stage.stored()).toContain('one');
  stage.faults.polls = 'ok';
  await wake(page);
  await all(page, ['one', 'two', 'three']);
});

it('a page is killed offline with a full outbox: the next one sends it, once and in order', async () => {
  const context = await fresh(browser, open);
  const page = await visit(context);
  await soon(() => state(page)).toBe('ws');
  await say(page, 'm0');
  await all(page, ['m0']);
  stage.faults.sockets = 'hang';
  stage.faults.polls = 'hang';
  stage.faults.cut();
  const texts = Array.from({ length: 60 }, (_, i) => `m${i}`);
  for (const text of texts.slice(1)) await say(page, text);
  const session = await context.newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  void session.send('Page.crash').catch(() => {}); // has no answer
  await crashed;
  stage.faults.sockets = 'ok';
  stage.faults.polls = 'ok';
  const next = await visit(context);
  await soon(() => stage.stored()).toEqual(texts);
  await soon(async () => (await sees(next)).at(-1)).toBe('m59');
}, 90_000);

it('the browser is offline, and online again', async () => {
  const context = await fresh(browser, open);
  const page = await visit(context);
  await soon(() => state(page)).toBe('ws');
  await context.setOffline(true);
  stage.faults.cut();
  await soon(() => state(page)).toBe('offline');
  for (const text of ['one', 'two']) await say(page, text);
  await context.setOffline(false);
  await all(page, ['one', 'two']);
});
