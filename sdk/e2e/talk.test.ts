import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { launch } from './browser.ts';
import { type Server, startServer } from './server.ts';

/**
 * A visitor on the demo page and an agent in the console talk through the real server, which dies now and then. What is
 * judged is what the two see.
 */
let browser: Browser;
let server: Server;
let contexts: BrowserContext[] = [];
let complaints: string[] = [];

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
beforeEach(async () => {
  server = await startServer();
});
afterEach(async () => {
  for (const context of contexts) await context.close();
  contexts = [];
  await server.stop();
  expect(complaints).toEqual([]);
  complaints = [];
});

const PATIENCE = 30_000;
const GREETING = 'Hello! How can we help you?';
const soon = (f: () => unknown) => expect.poll(f, { timeout: PATIENCE, interval: 100 });

const newContext = async (phone: boolean): Promise<BrowserContext> => {
  const size = phone
    ? { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
    : { viewport: { width: 1280, height: 800 } };
  const context = await browser.newContext({ locale: 'en-US', ...size });
  context.setDefaultTimeout(PATIENCE);
  // While the server is down the browser reports what it can not reach; everything else is a fault.
  const expected = /WebSocket connection|net::ERR_|Failed to fetch|Failed to load resource/;
  context.on('weberror', (e) => complaints.push(`${e.error()}`));
  context.on('console', (m) => m.type() === 'error' && !expected.test(m.text()) && complaints.push(m.text()));
  contexts.push(context);
  return context;
};

// ---- the visitor --------------------------------------------------------------------------------------------------------

const visit = async (context: BrowserContext): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(`${server.url}/demo/?lang=en`);
  await openChat(page);
  return page;
};
const openChat = async (page: Page) => {
  await page.getByRole('button', { name: /Open chat/ }).click();
  await page.getByRole('textbox', { name: 'Type a message…' }).waitFor();
};
const write = async (page: Page, text: string) => {
  await page.getByRole('textbox', { name: 'Type a message…' }).fill(text);
  await page.getByRole('textbox', { name: 'Type a message…' }).press('Enter');
};
/** What was said, without the site's greeting above it, which is in nobody's log. */
const visitorSees = async (page: Page) => {
  const all = await page.getByRole('log').locator('.b').allTextContents();
  return all.filter((text) => text !== GREETING);
};

// ---- the agent ----------------------------------------------------------------------------------------------------------

const signIn = async (): Promise<Page> => {
  const page = await (await newContext(false)).newPage();
  await page.goto(`${server.url}/console/`);
  await page.getByLabel('Name').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(server.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Online', exact: true }).click();
  await page.getByRole('button', { name: 'Online', exact: true, pressed: true }).waitFor();
  return page;
};
const openFirst = async (page: Page) => {
  await page.getByRole('list', { name: 'Mine' }).getByRole('button').first().click();
  await page.getByRole('log').waitFor();
};
const reply = async (page: Page, text: string) => {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.getByRole('textbox', { name: 'Message' }).press('Enter');
};
const agentSees = (page: Page) => page.getByRole('log').locator('.bubble').allTextContents();

// ---- the stories --------------------------------------------------------------------------------------------------------

it('they talk, in two tabs too, and after a reload', async () => {
  const agent = await signIn();
  const context = await newContext(true);
  const visitor = await visit(context);
  await write(visitor, 'Is the oolong roasted?');
  await openFirst(agent);
  await soon(() => agentSees(agent)).toEqual(['Is the oolong roasted?']);
  await reply(agent, 'Lightly, yes.');
  const talk = ['Is the oolong roasted?', 'Lightly, yes.'];
  await soon(() => visitorSees(visitor)).toEqual(talk);

  const second = await visit(context);
  await soon(() => visitorSees(second)).toEqual(talk);
  await write(second, 'Thank you!');
  talk.push('Thank you!');
  await soon(() => visitorSees(visitor)).toEqual(talk);
  await soon(() => agentSees(agent)).toEqual(talk);

  await visitor.reload();
  await openChat(visitor);
  await soon(() => visitorSees(visitor)).toEqual(talk);
  await agent.reload();
  await agent
    .getByRole('log')
    .or(agent.getByRole('list', { name: 'Mine' }))
    .first()
    .waitFor();
  if (!(await agent.getByRole('log').isVisible())) await openFirst(agent);
  await soon(() => agentSees(agent)).toEqual(talk);
});

it('the agent closes, the visitor rates and writes again', async () => {
  const agent = await signIn();
  const visitor = await visit(await newContext(true));
  await write(visitor, 'one');
  await openFirst(agent);
  await reply(agent, 'two');
  await soon(() => visitorSees(visitor)).toEqual(['one', 'two']);
  await agent.getByRole('button', { name: 'Close', exact: true }).click();
  await visitor.getByText('This chat is closed').first().waitFor();
  await visitor.getByRole('button', { name: '4 of 5' }).click();
  await visitor.getByText('You rated this chat 4 of 5').first().waitFor();
  await agent.getByText('Rated 4 of 5').waitFor();
  await write(visitor, 'three');
  await soon(() => visitorSees(visitor)).toEqual(['one', 'two', 'three']);
  await soon(() => agentSees(agent)).toEqual(['one', 'two', 'three']);
});

it('the server is killed while both write: nothing is lost, doubled or out of order', async () => {
  const agent = await signIn();
  const visitor = await visit(await newContext(true));
  await write(visitor, 'v0');
  await openFirst(agent);
  await reply(agent, 'a0');
  await soon(() => visitorSees(visitor)).toEqual(['v0', 'a0']);

  const said = { v: ['v0'], a: ['a0'] };
  const burst = async (n: number) => {
    for (let i = 0; i < n; i++) {
      const [v, a] = [`v${said.v.length}`, `a${said.a.length}`];
      said.v.push(v);
      said.a.push(a);
      await write(visitor, v);
      await reply(agent, a);
    }
  };
  const stored = (page: Page) => page.getByRole('log').locator('.stored, .read').count();
  for (let round = 0; round < 3; round++) {
    // Some of these are acknowledged, some under way, some written while nobody is there: it dies as soon as `round` more
    // of the visitor's are stored.
    const before = said.v.length;
    const writing = burst(4);
    await soon(() => stored(visitor)).toBeGreaterThanOrEqual(before + round);
    await server.kill();
    await writing;
    // Once the page goes too, with what it has not sent: the next one finds it.
    if (round === 1) await visitor.goto('about:blank');
    await server.start();
    if (round === 1) {
      await visitor.goto(`${server.url}/demo/?lang=en`);
      await openChat(visitor);
    }
    const all = said.v.length + said.a.length;
    await soon(async () => (await visitorSees(visitor)).length).toBe(all);
    await soon(async () => (await agentSees(agent)).length).toBe(all);
  }

  const seen = await visitorSees(visitor);
  await soon(() => agentSees(agent)).toEqual(seen);
  expect(seen.filter((t) => t.startsWith('v'))).toEqual(said.v);
  expect(seen.filter((t) => t.startsWith('a'))).toEqual(said.a);
  await soon(() => visitor.getByRole('log').locator('.pending, .failed').count()).toBe(0);
}, 180_000);
