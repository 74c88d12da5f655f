import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Engine } from './engine.ts';
import { later, noted, openStage, type Stage, say, sees, soon, state, type Tab, type Visit, wake } from './stage.ts';

/**
 * What every browser does on networks as they are, with the SDK in a worker of another origin's making. network.test.ts has
 * Chromium do it, engines.e2e.ts the others.
 */
export function scenarios(start: () => Promise<Engine>) {
  let engine: Engine;
  let stage: Stage;
  beforeAll(async () => {
    engine = await start();
  });
  afterAll(() => engine?.end());
  beforeEach(async () => {
    stage = await openStage();
  });
  afterEach(async () => {
    await engine.clear();
    await stage.end();
  });

  const headless = { ui: false } as const;
  const visit = async (where: Visit = {}): Promise<Tab> => {
    const tab = await engine.open(stage.address(where));
    if (where.before) await tab.evaluate(`void (${where.before})()`);
    await stage.begin(tab, where.init ?? headless);
    return tab;
  };
  /** The page has loaded the connection for itself: it is in no worker. */
  const onPage = (tab: Tab) =>
    tab.evaluate("performance.getEntriesByType('resource').some(({ name }) => name.includes('kefu-core'))");
  /** Both sides have exactly these, in this order. */
  const all = async (tab: Tab, texts: string[]) => {
    await soon(() => sees(tab)).toEqual(texts);
    await soon(() => stage.stored()).toEqual(texts);
  };
  const talks = async (tab: Tab, text: string) => {
    await say(tab, text);
    await soon(() => sees(tab)).toContain(text);
  };

  describe('WebSocket', () => {
    it('carries what both say, in a worker, and a page that is blocked for 2 s keeps nothing from it', async () => {
      const tab = await visit();
      await soon(() => state(tab)).toBe('ws');
      await talks(tab, 'one');
      await stage.answer('two');
      await all(tab, ['one', 'two']);
      await soon(() => onPage(tab)).toBe(false);
      await soon(() => noted(tab, ({ heard, errors, fell }) => [heard, errors, fell])).toEqual([['two'], [], []]);
      await tab.evaluate(`void setTimeout(() => {
        notes.chat.send('three');
        const end = Date.now() + 2000;
        while (Date.now() < end);
        notes.free = Date.now();
      })`);
      await all(tab, ['one', 'two', 'three']);
      const freed = (await tab.evaluate('notes.free')) as number;
      if (engine.apart) await soon(() => stage.storedAt('three')).toBeLessThan(freed);
      expect(stage.faults.opened).toBe(1);
    });

    it.each([
      ['refuse', 'closed', 10_000],
      ['hang', 'timeout', 12_000],
      ['flap', 'closed', 12_000],
    ] as const)('%s: the page is told once that it polls, talks, and comes back when it can', async (fault, reason, limit) => {
      stage.faults.sockets = fault;
      const tab = await visit();
      await soon(() => state(tab), limit).toBe('longpoll');
      await soon(() => noted(tab, ({ fell }) => fell)).toEqual([reason]);
      await say(tab, 'one');
      await all(tab, ['one']);
      await stage.answer('two');
      await all(tab, ['one', 'two']);
      stage.faults.sockets = 'ok';
      await wake(tab);
      await soon(() => state(tab)).toBe('ws');
      await say(tab, 'three');
      await all(tab, ['one', 'two', 'three']);
      await soon(() => noted(tab, ({ fell }) => fell)).toEqual([reason]);
    });

    it('that goes mute is replaced within seconds once the page is looked at', async () => {
      const tab = await visit();
      await soon(() => state(tab)).toBe('ws');
      await say(tab, 'one');
      await all(tab, ['one']);
      stage.faults.silence();
      await say(tab, 'two');
      await wake(tab);
      await soon(() => stage.faults.opened, 10_000).toBe(2);
      await all(tab, ['one', 'two']);
    });

    it('is cut ten times while both talk: once, in order', async () => {
      const tab = await visit();
      await say(tab, 'm0');
      await soon(() => stage.stored()).toEqual(['m0']);
      for (let i = 1; i <= 10; i++) {
        await say(tab, `m${i}`);
        await stage.answer(`a${i}`);
        stage.faults.cut();
      }
      await soon(() => sees(tab).then((seen) => seen.length)).toBe(21);
      const seen = await sees(tab);
      await soon(() => stage.stored()).toEqual(seen);
      expect(seen.filter((t) => t.startsWith('m'))).toEqual(Array.from({ length: 11 }, (_, i) => `m${i}`));
      await soon(() => noted(tab, ({ heard }) => heard)).toEqual(Array.from({ length: 10 }, (_, i) => `a${i + 1}`));
    });
  });

  it('polls whose answers are lost are made again, and nothing is stored twice', async () => {
    stage.faults.sockets = 'refuse';
    const tab = await visit();
    await soon(() => state(tab)).toBe('longpoll');
    stage.faults.polls = 'lose';
    for (const text of ['one', 'two', 'three']) await say(tab, text);
    await soon(() => stage.stored()).toContain('one');
    stage.faults.polls = 'ok';
    await wake(tab);
    await all(tab, ['one', 'two', 'three']);
  });

  it('a page is killed offline with a full outbox: the next one sends it, once and in order', { timeout: 90_000 }, async () => {
    const tab = await visit();
    await soon(() => state(tab)).toBe('ws');
    await say(tab, 'm0');
    await all(tab, ['m0']);
    stage.faults.sockets = 'hang';
    stage.faults.polls = 'hang';
    stage.faults.cut();
    const texts = Array.from({ length: 60 }, (_, i) => `m${i}`);
    for (const text of texts.slice(1)) await say(tab, text);
    await engine.crash();
    stage.faults.sockets = 'ok';
    stage.faults.polls = 'ok';
    const next = await visit();
    await soon(() => stage.stored()).toEqual(texts);
    await soon(async () => (await sees(next)).at(-1)).toBe('m59');
  });

  it('the network is gone, and back', async () => {
    const tab = await visit();
    await soon(() => state(tab)).toBe('ws');
    stage.faults.down = true;
    stage.faults.cut();
    await soon(() => state(tab)).toBe('offline');
    for (const text of ['one', 'two']) await say(tab, text);
    stage.faults.down = false;
    await wake(tab);
    await all(tab, ['one', 'two']);
  });

  it('the browser is offline, and online again', async ({ skip }) => {
    if (!engine.offline) return skip(); // it has no such switch within reach
    const tab = await visit();
    await soon(() => state(tab)).toBe('ws');
    await engine.offline(true);
    stage.faults.cut();
    await soon(() => state(tab)).toBe('offline');
    for (const text of ['one', 'two']) await say(tab, text);
    await engine.offline(false);
    await all(tab, ['one', 'two']);
  });

  it('three tabs have one connection; the leader is closed, and the others go on', async () => {
    const tabs = [await visit(), await visit(), await visit()];
    for (const tab of tabs) await soon(() => state(tab)).toBe('ws');
    expect([stage.faults.open, stage.faults.opened]).toEqual([1, 1]);
    const told = tabs.map((_, i) => `m${i}`);
    for (const [i, tab] of tabs.entries()) await talks(tab, told[i]!);
    for (const tab of tabs) await soon(() => sees(tab)).toEqual(told);
    const [leader, ...others] = tabs; // the first has the lock
    const late = later(say(others[0]!, 'm3'));
    await leader!.close();
    await late;
    await stage.answer('still there?');
    await soon(async () => (await stage.stored()).sort()).toEqual([...told, 'm3', 'still there?']);
    const log = await stage.stored();
    for (const tab of others) await soon(() => sees(tab)).toEqual(log);
    for (const tab of others) await soon(() => noted(tab, ({ heard }) => heard)).toEqual(['still there?']);
    await soon(() => [stage.faults.open, stage.faults.opened]).toEqual([1, 2]);
  });

  it('storage is denied: the chat works, and says that it can not keep anything', async () => {
    const before = () =>
      Object.defineProperty(window, 'indexedDB', {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      });
    const tab = await visit({ before, init: { ...headless, worker: false } });
    await talks(tab, 'one');
    await soon(() => noted(tab, ({ errors }) => errors)).toEqual(['storage']);
  });

  const FILES = "default-src 'none'; script-src 'self' DESK; connect-src DESK";
  it.each([
    ['workers of blobs are allowed', `${FILES}; worker-src blob:`, 'auto', [], false],
    ['only files are allowed, and the page says so', FILES, false, [], true],
    ['only files are allowed, and the shop has a copy', FILES, '/kefu-core.mjs', [], undefined],
    ['only files are allowed: the page, at the price of one complaint', FILES, 'auto', ['worker-src'], true],
  ] as const)('a strict policy: %s', async (_, csp, worker, complaints, here) => {
    const tab = await visit({ csp, init: { ...headless, worker } });
    await talks(tab, 'one');
    await soon(() => state(tab)).toBe('ws');
    await soon(() => noted(tab, ({ violations }) => violations)).toEqual(complaints);
    if (here !== undefined) await soon(() => onPage(tab)).toBe(here);
  });

  it('the whole widget needs no more than the documented policy, and has its style', async () => {
    const csp = "default-src 'none'; script-src 'self' DESK; style-src 'self'; connect-src DESK; worker-src blob:; img-src DESK";
    const tab = await visit({ csp, init: { lang: 'en' } });
    const inside = (code: string) => tab.evaluate(`(root => ${code})(document.querySelector('html > div')?.shadowRoot)`);
    await tab.evaluate('notes.chat.open()');
    await soon(() => inside("!!root?.querySelector('textarea')")).toBe(true);
    await inside(`{
      const box = root.querySelector('textarea');
      box.value = 'hello';
      box.dispatchEvent(new Event('input', { bubbles: true }));
      box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    }`);
    await all(tab, ['hello']);
    await soon(() => inside("root.querySelector('[role=log] .v .b').textContent")).toBe('hello');
    await soon(() => inside("root.querySelector('[role=dialog]').getBoundingClientRect().height")).toBeGreaterThan(300);
    await soon(() => noted(tab, ({ violations, errors }) => [...violations, ...errors])).toEqual([]);
  });

  it('a page is left and come back to, and has missed nothing', async () => {
    const tab = await visit();
    await talks(tab, 'one');
    await tab.evaluate("void addEventListener('pageshow', (e) => { window.back = e.persisted; })");
    await tab.goto(stage.address({ path: '/elsewhere' }));
    await stage.answer('two');
    await tab.evaluate('void history.back()');
    // Under automation Firefox loads the page anew; then the shop starts the chat as it did before.
    await soon(() => tab.evaluate('location.pathname + document.readyState').catch(() => '')).toBe('/complete');
    if (!(await tab.evaluate("'back' in window"))) await stage.begin(tab, headless);
    await soon(() => sees(tab)).toEqual(['one', 'two']);
    await talks(tab, 'three');
    await soon(() => stage.stored()).toEqual(['one', 'two', 'three']);
  });
}
