import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { launch } from './browser.ts';
import { type Server, startServer } from './server.ts';

/** Set up in a real browser, with the real server: what is typed is what the API then says. */
export interface Admin {
  readonly server: Server;
  /** A page that is signed in, as admin unless said, at a part of Set up. It is closed after the test. */
  enter(part: string, options?: BrowserContextOptions, as?: { name: string; password: string }): Promise<Page>;
  /** A request of the API, as admin. */
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
}

/** A name that an attempt before this one has not taken: all share a server. */
export const unique = (name: string): string => `${name}-${Date.now().toString(36)}`;

/** Which of the two is chosen of a field that two have changed, and what it is. */
export const chosen = async (within: Locator, field: string): Promise<string> => {
  const side = within.getByRole('group', { name: field, exact: true }).locator('.chosen');
  return `${await side.locator('.hint').textContent()}: ${await side.locator('.setup-value').textContent()}`;
};

type Settings = Readonly<Record<string, unknown>>;

/** A server and a browser for all tests of a file. Each attempt of each test begins with the settings of an empty desk. */
export function admin(): Admin {
  let browser: Browser;
  let server: Server;
  const pages: Page[] = [];
  const complaints: string[] = [];
  let signed: Promise<string>;
  let empty: Settings;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), startServer()]);
    signed = sign();
    empty = await ask<Settings>('GET', '/settings');
  }, 60_000);
  beforeEach(async () => {
    const { version, groups } = await ask<Settings>('GET', '/settings'); // groups stay: there may be agents in them
    if (version !== empty.version) await ask('PUT', '/settings', { ...empty, version, groups });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    expect(complaints.splice(0)).toEqual([]);
  });

  const json = { 'Content-Type': 'application/json' };
  const sign = async () => {
    const body = JSON.stringify({ name: 'admin', password: server.password });
    const login = await fetch(`${server.url}/v1/login`, { method: 'POST', headers: json, body });
    return ((await login.json()) as { token: string }).token;
  };
  const ask = async <T>(method: string, path: string, body?: unknown) => {
    const headers = { Authorization: `Bearer ${await signed}`, ...json };
    const answer = await fetch(`${server.url}/v1${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  };
  return {
    ask,
    get server() {
      return server;
    },
    async enter(part, options = {}, as = { name: 'admin', password: server.password }) {
      const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 1000 }, ...options });
      const page = await context.newPage();
      pages.push(page);
      page.on('pageerror', (e) => complaints.push(String(e)));
      page.on('console', (m) => m.type() === 'error' && !/Failed to load resource/.test(m.text()) && complaints.push(m.text()));
      await page.goto(`${server.url}/console/#/setup/${part}`);
      await page.locator('#login-name').fill(as.name);
      await page.locator('#login-password').fill(as.password);
      await page.locator('button[type=submit]').click();
      await page.locator('.setup h2').first().waitFor();
      return page;
    },
  };
}
