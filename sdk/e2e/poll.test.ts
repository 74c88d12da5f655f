import { mkdirSync } from 'node:fs';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launch, type Shop, shop, violations } from './browser.ts';
import { type Server, startServer } from './server.ts';
import { later } from './stage.ts';

/** What a visitor has of long-polling, and of messages that change: edited, recalled, held up, shown as they are written. */
let browser: Browser;
let server: Server | undefined;
let contexts: BrowserContext[] = [];
let complaints: string[] = [];

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
afterEach(async () => {
  for (const context of contexts) await context.close();
  contexts = [];
  await server?.stop();
  server = undefined;
  expect(complaints).toEqual([]);
  complaints = [];
});

const PATIENCE = 20_000;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const DESKTOP = { viewport: { width: 1280, height: 800 } };
const soon = (f: () => unknown) => expect.poll(f, { timeout: PATIENCE, interval: 100 });

const newContext = async (options: BrowserContextOptions): Promise<BrowserContext> => {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  context.setDefaultTimeout(PATIENCE);
  const expected = /WebSocket connection|net::ERR_|Failed to load resource/; // while the server is down
  context.on('weberror', (e) => complaints.push(`${e.error()}`));
  context.on('console', (m) => m.type() === 'error' && !expected.test(m.text()) && complaints.push(m.text()));
  contexts.push(context);
  return context;
};

const chat = async (page: Page) => {
  await page.getByRole('button', { name: /Open chat|打开客服/ }).click();
  await page.getByRole('textbox', { name: /Type a message|输入消息/ }).waitFor();
};
const write = async (page: Page, text: string) => {
  const box = page.getByRole('textbox', { name: /Type a message|输入消息|^Message$/ });
  await box.fill(text);
  await box.press('Enter');
};
const log = (page: Page) => page.getByRole('log');

describe('a network that lets no WebSocket through', () => {
  /** Until `healed` is set no WebSocket of this page ever opens, as behind a proxy that takes the request and says nothing. */
  const block = () => {
    Reflect.deleteProperty(window, 'Worker'); // a worker has its own
    const Real = window.WebSocket;
    const page = window as unknown as { healed?: boolean };
    const dead = { send() {}, close() {} };
    window.WebSocket = new Proxy(Real, { construct: (_, [url]: [string]) => (page.healed ? new Real(url) : dead) });
  };
  const heal = (page: Page) =>
    page.evaluate(() => {
      (window as unknown as { healed: boolean }).healed = true;
      window.dispatchEvent(new Event('online'));
    });

  const signIn = async (url: string, password: string): Promise<Page> => {
    const page = await (await newContext(DESKTOP)).newPage();
    await page.goto(`${url}/console/`);
    await page.getByLabel('Name').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Online', exact: true }).click();
    await page.getByRole('button', { name: 'Online', exact: true, pressed: true }).waitFor();
    return page;
  };
  const agentSees = (page: Page) => log(page).locator('.bubble').allTextContents();
  const visitorSees = async (page: Page) => (await log(page).locator('.b').allTextContents()).slice(1); // behind the greeting

  it('the widget polls, through a crash of the server too, and returns to WebSocket: nothing is lost or doubled', async () => {
    server = await startServer();
    const agent = await signIn(server.url, server.password);
    const context = await newContext(PHONE);
    await context.addInitScript(block);
    const visitor = await context.newPage();
    let polls = 0;
    let sockets = 0;
    let preflights = 0;
    visitor.on('request', (r) => {
      if (new URL(r.url()).pathname !== '/v1/poll') return;
      polls++;
      if (r.method() === 'OPTIONS') preflights++;
    });
    visitor.on('websocket', () => sockets++);
    await visitor.goto(`${server.url}/demo/?lang=en`);
    await chat(visitor);
    await write(visitor, 'one');
    await agent.getByRole('list', { name: 'Mine' }).getByRole('button').first().click();
    await soon(() => agentSees(agent)).toEqual(['one']);
    const talk = ['one'];
    const exchange = async (rounds: number) => {
      for (let i = 0; i < rounds; i++) {
        const [asked, answered] = [`ask ${talk.length}`, `answer ${talk.length}`];
        talk.push(asked, answered);
        await Promise.all([write(visitor, asked), write(agent, answered)]);
      }
    };
    const inStep = async () => {
      await soon(async () => (await visitorSees(visitor)).length).toBe(talk.length);
      await soon(() => agentSees(agent)).toEqual(await visitorSees(visitor));
      await soon(async () => (await visitorSees(visitor)).sort()).toEqual([...talk].sort());
    };
    await exchange(3);
    await inStep();
    expect(sockets).toBe(0);
    expect(polls).toBeGreaterThan(3);

    const crash = later(exchange(3));
    await server.kill();
    await crash;
    await server.start();
    await inStep();

    const held = later(visitor.waitForRequest(/\/v1\/poll$/));
    await write(agent, 'are you there?');
    talk.push('are you there?');
    await inStep();
    await held;

    const during = later(exchange(4));
    await heal(visitor);
    await during;
    await soon(() => sockets).toBe(1);
    await inStep();
    const before = polls;
    await exchange(2);
    await inStep();
    expect(polls).toBe(before);
    expect(preflights).toBe(0);
    await soon(() => log(visitor).locator('.pending, .failed').count()).toBe(0);
  }, 120_000);
});

const start = async (options: BrowserContextOptions): Promise<Shop> => {
  const s = await shop(browser, options);
  contexts.push(s.context);
  complaints = s.complaints;
  return s;
};

describe('a page that forbids WebSocket', () => {
  it.each([
    ['is told once that the chat is going to poll', undefined, true],
    ['may say no', false, false],
  ])('%s', async (_, answer, polls) => {
    const s = await start(DESKTOP);
    let asked = 0;
    await s.context.route('**/v1/poll', (route) => {
      asked++;
      return route.fulfill({ status: 503, body: '{"code":"unavailable","detail":"not now"}' });
    });
    const page = await s.open();
    const told = await page.evaluate(async (answer) => {
      let dialled = 0;
      window.WebSocket = new Proxy(WebSocket, {
        construct() {
          dialled++;
          throw new Error('SecurityError');
        },
      });
      const endpoint = 'wss://shop.example/ws';
      window.Kefu!.init({ endpoint }).destroy();
      const told: object[] = [];
      const fallback = (info: object) => {
        told.push(info);
        return answer;
      };
      window.Kefu!.init({ endpoint, fallback });
      while (dialled < 4) await new Promise((again) => setTimeout(again, 50));
      return told;
    }, answer);
    expect(told).toEqual([{ from: 'ws', to: 'longpoll', reason: 'forbidden' }]);
    if (polls) await soon(() => asked).toBeGreaterThan(1);
    else expect(asked).toBe(0);
    s.complaints.splice(0, s.complaints.length, ...s.complaints.filter((c) => !/503/.test(c)));
  });
});

describe('what changes', () => {
  const out = process.env.KEFU_SHOTS;
  const ROOM = 'c-1';
  const by = { kind: 'agent' as const, id: 'a-1', name: 'Li Na' };

  it.each([
    { name: 'phone-zh', at: PHONE, lang: 'zh-CN' },
    { name: 'desktop-en', at: DESKTOP, lang: 'en' },
  ])('$name: messages are edited, recalled and held up, and no rule of WCAG is broken', async ({ name, at, lang }) => {
    const s = await start(at);
    const zh = lang === 'zh-CN';
    const page = await s.open(`/demo/?lang=${lang}`);
    await chat(page);
    await write(page, zh ? '乌龙多少钱?' : 'How much is the oolong?');
    await soon(() => log(page).locator('.stored').count()).toBe(1);
    s.desk.assign(ROOM, by);
    const price = (n: number) => ({ kind: 'text' as const, text: zh ? `${n} 元 100 克` : `${n} for 100 g` });
    const wrong = s.desk.append(ROOM, by, price(1680));
    const slip = s.desk.append(ROOM, by, { kind: 'text', text: zh ? '发错了' : 'Wrong window' });
    await soon(() => log(page).locator('.b').count()).toBe(3);
    s.desk.append(ROOM, by, { kind: 'edited', seq: wrong.seq, body: price(168) });
    s.desk.append(ROOM, by, { kind: 'recalled', seq: slip.seq });
    await log(page).getByText(price(168).text).waitFor();
    await log(page)
      .getByText(zh ? /已编辑/ : /edited/)
      .waitFor();
    await log(page)
      .getByText(zh ? '一条消息已撤回' : 'A message was recalled')
      .waitFor();
    await soon(() => log(page).locator('.b').count()).toBe(2);

    s.desk.fault = () => ({ code: 'rate_limited', retry: 2 });
    await write(page, zh ? '好的,来两份' : 'Two, please');
    const calm = page.getByRole('status').getByText(zh ? /发送过快/ : /A little fast/);
    await calm.waitFor();
    await log(page).locator('.pending').waitFor();
    if (out) {
      mkdirSync(out, { recursive: true });
      await page.screenshot({ path: `${out}/${name}-changes.png` });
    }
    await soon(() => violations(page)).toEqual([]);
    s.desk.fault = () => undefined;
    await soon(() => log(page).locator('.pending').count()).toBe(0);
    await soon(() => calm.count()).toBe(0);

    // A page that comes later finds tombstones, and says no more than this one.
    s.desk.room(ROOM).log[slip.seq - 1]!.body = { kind: 'tombstone' };
    const later = await s.open(`/demo/?lang=${lang}`);
    await chat(later);
    await soon(() => log(later).locator('.b').allTextContents()).toEqual(await log(page).locator('.b').allTextContents());
    expect(
      await log(later)
        .getByText(zh ? '一条消息已撤回' : 'A message was recalled')
        .count(),
    ).toBe(1);
  });

  it('the agent sees what is being written, where the site allows that; drafts survive, and history comes in', async () => {
    const s = await start(DESKTOP);
    s.desk.site = { preview: true };
    const page = await s.open();
    await chat(page);
    await soon(() => s.desk.guests.size).toBe(1);
    const heard: (string | undefined)[] = [];
    s.desk
      .connect({ send: (f) => f.type === 'typing' && heard.push(f.text), close: () => {} })
      .receive(JSON.stringify({ type: 'hello', v: 1, origin: 'agentagent', token: 'agent-1' }));
    await page.getByRole('textbox', { name: /Type a message/ }).pressSequentially('Do you ship', { delay: 50 });
    await soon(() => heard.at(-1)).toBe('Do you ship');
    expect(heard.length).toBeLessThan(5);
    await page.reload();
    await chat(page);
    await soon(() => page.getByRole('textbox', { name: /Type a message/ }).inputValue()).toBe('Do you ship');
    await page.getByRole('textbox', { name: /Type a message/ }).press('Enter');
    await soon(() => s.desk.said(ROOM)).toEqual(['Do you ship']);
    for (let i = 0; i < 80; i++) s.desk.append(ROOM, by, { kind: 'text', text: `line ${i}` });
    // All is read; else the chat would open at the first line that is not, and what is before that come in by itself.
    await soon(() => s.desk.room(ROOM).head.read?.visitor).toBe(82);
    await page.reload();
    await chat(page);
    await soon(() => log(page).locator('.b').count()).toBe(50);
    await log(page).evaluate((el) => el.scrollTo({ top: 0 }));
    await soon(() => log(page).locator('.b').count()).toBe(81);
  });
});
