import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch } from './browser.ts';
import { fresh, later, noted, openStage, type Stage, say, sees, soon, state } from './stage.ts';

/** Where the connection lives: which tab, worker or page, and what a page's policy has to say about it. More is in scenarios.ts. */
let browser: Browser;
let stage: Stage;
let open: BrowserContext[] = [];
beforeAll(async () => {
  // Playwright switches the cache of pages off that a visitor comes back to.
  browser = await launch(['--disable-back-forward-cache']);
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

const headless = { ui: false } as const;
const talks = async (page: Page, text: string) => {
  await say(page, text);
  await soon(() => sees(page)).toContain(text);
};

describe('tabs', () => {
  it('three have one connection; the leader is closed, and the others go on', async () => {
    const context = await fresh(browser, open);
    const pages: Page[] = [];
    for (let i = 0; i < 3; i++) pages.push(await stage.visit(context, { init: headless }));
    for (const page of pages) await soon(() => state(page)).toBe('ws');
    await soon(() => stage.faults.open).toBe(1);
    const told = pages.map((_, i) => `m${i}`);
    for (const [i, page] of pages.entries()) await talks(page, told[i]!);
    for (const page of pages) await soon(() => sees(page)).toEqual(told);
    const leads = (page: Page) => page.workers().length === 1;
    await soon(() => pages.filter(leads)).toHaveLength(1);
    const [leader, others] = [pages.find(leads)!, pages.filter((page) => !leads(page))];
    const late = later(say(others[0]!, 'm3'));
    await leader.close();
    await late;
    await stage.answer('still there?');
    await soon(async () => (await stage.stored()).sort()).toEqual([...told, 'm3', 'still there?']);
    const log = await stage.stored();
    for (const page of others) await soon(() => sees(page)).toEqual(log);
    for (const page of others) await soon(() => noted(page, ({ heard }) => heard)).toEqual(['still there?']);
    await soon(() => stage.faults.open).toBe(1);
  });

  it('the leader is frozen: a page that is looked at takes over, and both agree when it thaws', async () => {
    const context = await fresh(browser, open);
    const first = await stage.visit(context, { init: { ...headless, worker: false } });
    await talks(first, 'one');
    const second = await stage.visit(context, { init: { ...headless, worker: false } });
    await soon(() => state(second)).toBe('ws');
    // As good as frozen: nothing runs on it for as long as a debugger holds it.
    const session = await context.newCDPSession(first);
    await session.send('Debugger.enable');
    await session.send('Debugger.pause');
    const stuck = later(first.evaluate(() => 0));
    await talks(second, 'two');
    await session.send('Debugger.resume');
    await session.send('Debugger.disable');
    await stuck;
    await soon(() => sees(first)).toEqual(['one', 'two']);
    await talks(first, 'three');
    await soon(() => sees(second)).toEqual(['one', 'two', 'three']);
    await soon(() => stage.stored()).toEqual(['one', 'two', 'three']);
    await soon(() => stage.faults.open).toBe(1);
  });

  it('a page comes back from the back/forward cache, and has missed nothing', async () => {
    const context = await fresh(browser, open);
    const page = await stage.visit(context, { init: headless });
    await talks(page, 'one');
    await page.evaluate(() => {
      window.addEventListener('pageshow', (e) => {
        (window as never as { back: boolean }).back = e.persisted;
      });
    });
    const home = page.url();
    await page.goto(home.replace('/?', '/elsewhere?'));
    await stage.answer('two');
    await page.evaluate(() => history.back());
    await soon(() => page.evaluate('window.back').catch(() => undefined)).toBe(true);
    await soon(() => sees(page)).toEqual(['one', 'two']);
    await talks(page, 'three');
    await soon(() => stage.stored()).toEqual(['one', 'two', 'three']);
  });
});

describe('the worker', () => {
  it.each([
    ['nothing is said of it', '', 'auto', 1, []],
    [
      'workers of blobs are allowed',
      "default-src 'none'; script-src 'self' DESK; connect-src DESK; worker-src blob:",
      'auto',
      1,
      [],
    ],
    [
      'only files are allowed: the page, at the price of one complaint',
      "default-src 'none'; script-src 'self' DESK; connect-src DESK",
      'auto',
      0,
      ['worker-src'],
    ],
    ['only files are allowed, and the page says so', "default-src 'none'; script-src 'self' DESK; connect-src DESK", false, 0, []],
    [
      'only files are allowed, and the shop has a copy',
      "default-src 'none'; script-src 'self' DESK; connect-src DESK",
      '/kefu-core.mjs',
      1,
      [],
    ],
    [
      'trusted types, ours among them',
      "script-src 'self' DESK; worker-src blob:; require-trusted-types-for 'script'; trusted-types kefu",
      'auto',
      1,
      [],
    ],
    [
      'trusted types, and none of ours',
      "script-src 'self' DESK; worker-src blob:; require-trusted-types-for 'script'; trusted-types 'none'",
      'auto',
      0,
      ['trusted-types'],
    ],
  ] as const)('CSP: %s', async (_, csp, worker, workers, complaints) => {
    const page = await stage.visit(await fresh(browser, open), { csp, init: { ...headless, worker } });
    await talks(page, 'one');
    await soon(() => page.workers()).toHaveLength(workers);
    await soon(() => noted(page, ({ violations }) => violations)).toEqual(complaints);
    await soon(() => state(page)).toBe('ws');
  });

  it('that can not be loaded, as from where a bundler left nothing, costs no wait', async () => {
    const page = await stage.visit(await fresh(browser, open));
    await stage.begin(page, { ...headless, worker: `${stage.faults.url}/nothing.mjs` });
    await soon(() => state(page), 3_500).toBe('ws'); // one that says nothing at all is waited for for 4 s
    await soon(() => page.workers()).toHaveLength(0);
  });
});

it("lazy: 'new' connects nobody who only looks, and who has been here at once", async () => {
  const context = await fresh(browser, open);
  const init = { ...headless, lazy: 'new' } as const;
  const page = await stage.visit(context, { init });
  const loaded = () =>
    page.evaluate("performance.getEntriesByType('resource').map((e) => e.name).filter((name) => name.includes('kefu'))");
  await page.evaluate('new Promise((done) => requestIdleCallback(() => setTimeout(done, 1500)))');
  expect([await state(page), stage.faults.opened, await loaded()]).toEqual(['idle', 0, [`${stage.faults.url}/kefu.js`]]);
  await talks(page, 'one');
  await page.close();
  await stage.answer('two');
  const again = await stage.visit(context, { init });
  await soon(() => sees(again)).toEqual(['one', 'two']);
  await soon(() => noted(again, ({ chat }) => chat.unread)).toBe(1);
});

it('a module has the same, with and without something to see', async () => {
  const page = await stage.visit(await fresh(browser, open));
  const { url } = stage.faults;
  // As text, for the test runner would make imports of its own of these.
  const names = await page.evaluate(`import('${url}/kefu.mjs').then((kefu) => {
    notes.chat = kefu.createClient({ endpoint: '${url.replace('http', 'ws')}/ws' });
    return Object.keys(kefu).sort();
  })`);
  expect(names).toEqual(['createClient', 'init']);
  await talks(page, 'one');
  await soon(() => page.workers()).toHaveLength(1);
  await page.evaluate(`import('${url}/kefu.mjs').then((kefu) => {
    kefu.init({ endpoint: '${url.replace('http', 'ws')}/ws', lang: 'en' }).open();
  })`);
  await page.getByRole('log').getByText('one', { exact: true }).waitFor();
  await soon(() => stage.faults.open).toBe(1);
});

it('a webview of 2019 has the whole chat from one file', async () => {
  const age = () => {
    for (const name of ['Worker', 'BroadcastChannel', 'structuredClone', 'queueMicrotask', 'requestIdleCallback', 'CSSStyleSheet'])
      Reflect.deleteProperty(window, name);
    for (const name of ['at', 'flat', 'flatMap']) Reflect.deleteProperty(Array.prototype, name);
    Reflect.deleteProperty(Element.prototype, 'replaceChildren');
    Reflect.deleteProperty(String.prototype, 'replaceAll');
    Reflect.deleteProperty(Object, 'fromEntries');
    Reflect.deleteProperty(Navigator.prototype, 'locks');
  };
  const page = await stage.visit(await fresh(browser, open), { script: 'kefu.es2017.js', before: age, init: { lang: 'en' } });
  await page.getByRole('button', { name: 'Open chat' }).click();
  await page.getByRole('textbox', { name: 'Type a message' }).fill('hello');
  await page.getByRole('textbox', { name: 'Type a message' }).press('Enter');
  await soon(() => stage.stored()).toEqual(['hello']);
  await stage.answer('hi');
  await page.getByRole('log').getByText('hi', { exact: true }).waitFor();
});
