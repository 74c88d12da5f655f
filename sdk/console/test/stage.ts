/** What the browser tests share: one browser, for each test a fresh desk and page, and the ways to find things. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { launch, type Opened, open } from './browser.ts';
import { FakeDesk } from './fake.ts';

let browser: Browser;
let opened: Opened;

/** The desk and the page of the test that runs. */
export let desk: FakeDesk;
export let page: Page;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

beforeEach(() => {
  desk = new FakeDesk(() => Date.now());
  desk.account({ id: 'lina', display: 'Li Na', role: 'admin' });
  desk.account({ id: 'bob', display: 'Bob' });
  for (const id of ['lina', 'bob']) Object.assign(desk.agents.get(id) ?? {}, { status: 'online' });
});
afterEach(async () => {
  // Whatever a test looked at, the browser had nothing to complain about: no error, no breach of the policy.
  expect(opened.complaints).toEqual([]);
  await opened.close();
});

/** Opens the console: signed in as `agent`, or at the form. */
export async function enter(options: BrowserContextOptions & { agent?: string; hash?: string } = { agent: 'lina' }) {
  opened = await open(browser, desk, options);
  page = opened.page;
}

/** A conversation that Li Na holds. */
export function held(id: string, ...texts: string[]): void {
  desk.visitor(id, { name: `Ann ${id}` });
  for (const text of texts) desk.visitorSays(id, text);
  desk.assign(id, 'lina', {
    tier: 'shard',
    key: 'refund',
    members: 2,
    shard: 1,
    able: 1,
    candidates: [{ agent: { id: 'lina', name: 'Li Na' }, shard: true, load: 0.2 }],
    removed: [{ agent: { id: 'bob', name: 'Bob' }, bar: 'full' }],
  });
}

export const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
export const box = () => page.getByRole('textbox', { name: 'Message' });
export const log = () => page.getByRole('log');
export const row = (name: string | RegExp) => page.getByRole('navigation', { name: 'Conversations' }).getByRole('button', { name });

/** Waits until something is so; says what it saw last when it is not. */
export const eventually = <T>(look: () => Promise<T> | T) => expect.poll(look, { timeout: 10_000 });
