/**
 * What the tests against the real server share: one server and one browser for a file, visitors who are sockets in a page of the
 * server's, and agents who sign in as people do.
 */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { functions, type Server, startServer } from '../../e2e/server.ts';
import type { LogEvent } from '../../visitor/wire.ts';
import { launch } from './browser.ts';

let browser: Browser;

export { functions };
export let server: Server;
let token: string; // of the administrator
export let street: Page; // where the visitors are
let contexts: BrowserContext[] = [];
let complaints: string[] = [];

export const soon = <T>(look: () => Promise<T> | T) => expect.poll(look, { timeout: 30_000, interval: 100 });

export async function call<T>(method: string, path: string, body?: object, as = token): Promise<T> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${as}` };
  const got = await fetch(`${server.url}/v1/${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!got.ok) throw new Error(`${method} ${path}: ${got.status} ${await got.text()}`);
  return (got.status === 204 ? undefined : await got.json()) as T;
}

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), startServer()]);
  ({ token } = await call<{ token: string }>('POST', 'login', { name: 'admin', password: server.password }, ''));
  await call('POST', 'agents', {
    name: 'wang',
    display: 'Wang Fang',
    password: 'a long one 7',
    role: 'agent',
    groups: ['default'],
    capacity: 20,
  });
  const page = await browser.newPage();
  await page.goto(`${server.url}/demo/icon.svg`);
  street = page;
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});
afterEach(async () => {
  for (const context of contexts) for (const page of context.pages()) await leave(page).catch(() => undefined);
  for (const context of contexts) await context.close();
  contexts = [];
  expect(complaints).toEqual([]);
  complaints = [];
});

/** A visitor: a socket that says hello, and keeps what it hears. */
export async function visitor(
  hello: object = {},
): Promise<{ id: string; conversation: string; say(body: object): Promise<void>; hears(): Promise<string[]> }> {
  const key = `v${Math.random().toString(36).slice(2)}`;
  const met = await street.evaluate(
    ([url, name, more]) =>
      new Promise<{ id: string; conversation: string }>((done, fail) => {
        const all = window as unknown as Record<string, { say(body: object): void; heard: string[] }>;
        const socket = new WebSocket(url.replace(/^http/, 'ws') + '/ws');
        const origin = `${name}${'0'.repeat(12)}`;
        let n = 0;
        const heard: string[] = [];
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', v: 1, origin, ...(more as object) }));
        socket.onclose = () => {
          if (!/^(bye|forbidden|4\d+)$/.test(heard.at(-1) ?? '')) heard.push('closed'); // without a word
          fail(new Error('closed'));
        };
        socket.onmessage = ({ data }) => {
          for (const f of [JSON.parse(data)].flat()) {
            if (f.type === 'welcome') done({ id: f.visitor.id, conversation: f.conversation.id });
            if (f.type === 'event' && f.body.kind === 'text') heard.push(f.body.text);
            if (f.type === 'event' && f.body.kind === 'edited') heard.push(`edited: ${f.body.body.text}`);
            if (f.type === 'event' && f.body.kind === 'recalled') heard.push('recalled');
            if (f.type === 'invite') heard.push(`invited: ${f.text}`);
            if (f.type === 'bye' || f.type === 'error') heard.push(f.code === 4000 ? 'bye' : `${f.code}`);
          }
        };
        all[name] = { heard, say: (body) => socket.send(JSON.stringify({ type: 'send', origin, n: ++n, body })) };
      }),
    [server.url, key, hello] as const,
  );
  const here = <T>(f: (v: { say(body: object): void; heard: string[] }, body: object) => T, body: object = {}) =>
    street.evaluate(
      ([name, code, b]) => {
        const all = window as unknown as Record<string, { say(body: object): void; heard: string[] }>;
        const v = all[name]!;
        return (code === 'say' ? v.say(b) : v.heard) as never;
      },
      [key, f.length === 2 ? 'say' : 'heard', body] as const,
    ) as Promise<T>;
  return { ...met, say: (body) => here((v, b) => v.say(b), body), hears: () => here((v) => v.heard) };
}
export const text = (words: string) => ({ kind: 'text', text: words });
export const logOf = async (id: string) =>
  (await call<{ events: LogEvent[] }>('GET', `conversations/${id}/events?limit=200`)).events;
export const said = (events: LogEvent[]) => events.flatMap((e) => (e.body.kind === 'text' ? [e.body.text] : []));

const statusOf = (page: Page, status: string) =>
  page.getByRole('group', { name: 'Your status' }).getByRole('button', { name: status });

/**
 * Goes offline, from a page that has a status to choose, whatever it shows. Who only closes the page counts as online until their
 * lease ends, and is given the next test's visitors.
 */
async function leave(page: Page): Promise<void> {
  const off = statusOf(page, 'Offline');
  if (!(await off.count())) return;
  await off.evaluate((e: HTMLElement) => e.click());
  await expect.poll(() => off.getAttribute('aria-pressed'), { timeout: 5_000 }).toBe('true');
}

/** An agent who is signed in, online unless said, in a browser of their own. */
export async function agent(
  name: string,
  password: string,
  prepare?: (c: BrowserContext) => Promise<void>,
  status = 'Online',
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
  contexts.push(context);
  context.setDefaultTimeout(30_000);
  const expected = /WebSocket connection|net::ERR_|Failed to fetch|Failed to load resource/;
  context.on('weberror', (e) => complaints.push(`${e.error()}`));
  context.on('console', (m) => m.type() === 'error' && !expected.test(m.text()) && complaints.push(m.text()));
  await prepare?.(context);
  const page = await context.newPage();
  await page.goto(`${server.url}/console/`);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const chosen = statusOf(page, status);
  await chosen.click();
  await soon(() => chosen.getAttribute('aria-pressed')).toBe('true');
  return page;
}
export const admin = (prepare?: (c: BrowserContext) => Promise<void>) => agent('admin', server.password, prepare);
export const wang = (prepare?: (c: BrowserContext) => Promise<void>) => agent('wang', 'a long one 7', prepare);

export const log = (p: Page) => p.getByRole('log');
export const box = (p: Page) => p.getByRole('textbox', { name: 'Message' });
export const row = (p: Page, name: string | RegExp) =>
  p.getByRole('navigation', { name: 'Conversations' }).getByRole('button', { name });
export const short = (id: string) => `Visitor ${id.slice(-4).toUpperCase()}`;
export const open = (p: Page, id: string) => p.evaluate((c) => location.assign(`#/c/${c}`), id);
export const holderOf = async (id: string) => (await call<{ agent?: { name: string } }>('GET', `conversations/${id}`)).agent?.name;
