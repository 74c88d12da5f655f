import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launch } from './browser.ts';
import { type Server, startServer } from './server.ts';
import { soon } from './stage.ts';

/** Set up in a real browser, with the real server: what is typed is what the API then says. */
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let browser: Browser;
let server: Server;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), startServer()]);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});
afterEach(async () => {
  await page?.context().close();
  expect(complaints.splice(0)).toEqual([]);
});

/** Signed in as admin, at a part of Set up. */
async function enter(part: string, options: BrowserContextOptions = {}): Promise<void> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 1000 }, ...options });
  page = await context.newPage();
  page.on('pageerror', (e) => complaints.push(String(e)));
  page.on('console', (m) => m.type() === 'error' && !/Failed to load resource/.test(m.text()) && complaints.push(m.text()));
  await page.goto(`${server.url}/console/#/setup/${part}`);
  await page.locator('#login-name').fill('admin');
  await page.locator('#login-password').fill(server.password);
  await page.locator('button[type=submit]').click();
  await page.locator('.setup h2').first().waitFor();
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const login = await fetch(`${server.url}/v1/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'admin', password: server.password }),
  });
  const { token } = (await login.json()) as { token: string };
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const answer = await fetch(`${server.url}/v1${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function violations(): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(what: unknown): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    // The preview is another page, with tests of its own.
    const found = await axe.run({ exclude: [['.setup-preview']] });
    return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`);
  });
}

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
const parts = [
  'sites',
  'agents',
  'groups',
  'replies',
  'blocks',
  'channels',
  'webhooks',
  'general',
  'reports',
  'history',
  'audit',
  'security',
];

describe('Set up', () => {
  it('makes an agent, and says beside the field what is wrong', async () => {
    await enter('agents');
    await button('Add').click();
    await page.getByLabel('Name', { exact: true }).fill('li na');
    await page.getByLabel('Password').fill('a long password');
    await button('Add').click();
    await page.getByText('1 to 64 characters without spaces are expected').first().waitFor();
    await soon(() => page.getByLabel('Name', { exact: true }).getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Name', { exact: true }).fill('lina');
    await page.getByLabel('What visitors see').fill('Li Na');
    await button('Add').click();
    await page.getByText('Saved.').waitFor();
    const { agents } = await ask<{ agents: { name: string; display: string }[] }>('GET', '/agents');
    expect(agents.map((a) => a.display)).toContain('Li Na');
  });

  it('changes a site after a look at the difference; a conflict shows both', async () => {
    await enter('sites');
    await page.getByLabel('Name of the site').fill('Tea');
    const other = await ask<{ sites: { name: string; preview: boolean }[] }>('GET', '/settings');
    if (other.sites[0]) other.sites[0].preview = true;
    await ask('PUT', '/settings', other);
    await button('Look at the changes').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('What they changed').waitFor();
    await dialog.getByText('sites[default].preview').waitFor();
    await dialog.getByText('sites[default].name').waitFor();
    await button('Put my changes on top of theirs').click();
    await button('Look at the changes').click();
    await dialog.getByText('sites[default].name').waitFor();
    await button('Save').click();
    await page.getByText('Saved.').waitFor();
    const now = await ask<{ sites: { name: string; preview: boolean }[] }>('GET', '/settings');
    expect(now.sites[0]).toMatchObject({ name: 'Tea', preview: true });
    // A wrong duration is said at its field.
    await page.getByLabel('Messages can be changed for').fill('soon');
    await button('Look at the changes').click();
    await page.locator('.setup-fault').first().waitFor();
    await soon(() => page.getByLabel('Messages can be changed for').getAttribute('aria-invalid')).toBe('true');
  });

  it('shows the widget as it will be, and the snippet', async () => {
    await enter('sites');
    await page.getByText('Look and snippet').click();
    await page.getByLabel('Corner').selectOption('start');
    await soon(() => page.locator('.setup-code').textContent()).toContain('"side": "start"');
    const frame = page.frameLocator('.setup-preview');
    await frame.locator('.teas').waitFor();
  });

  it('turns a second factor on, and asks for it', async () => {
    await ask('POST', '/agents', { name: 'totp', password: 'a long password', role: 'agent' });
    await enter('security');
    await page.getByLabel('Your present password').fill('wrong');
    await button('Set it up').click();
    await page.getByText('this is not the present password').first().waitFor();
    await page.getByLabel('Your present password').fill(server.password);
    await button('Set it up').click();
    await page.locator('.setup-qr').waitFor();
    await soon(async () => (await page.locator('code').textContent())?.length).toBe(32);
    await page.getByLabel('Code', { exact: true }).fill('000000');
    await button('Turn it on').click();
    await page.getByText('this is not what the authenticator shows now').first().waitFor();
  });

  for (const look of [
    { colorScheme: 'light', viewport: { width: 1440, height: 1000 }, locale: 'en-US' },
    { colorScheme: 'dark', viewport: { width: 390, height: 844 }, locale: 'zh-CN' },
  ] as const)
    it(`axe finds nothing, ${look.colorScheme} ${look.viewport.width}`, async () => {
      await ask('POST', '/replies', {
        title: 'Hello',
        text: 'Hello {{visitor.name}}',
        shortcut: `hi${look.viewport.width}`,
        shared: true,
      });
      await enter('sites', look);
      for (const part of parts) {
        await page.evaluate((p) => {
          location.hash = `#/setup/${p}`;
        }, part);
        await page.locator(`.setup-nav a[aria-current][href="#/setup/${part}"]`).waitFor();
        await expect.poll(() => page.locator('.setup-body .hint', { hasText: /^(Loading…|加载中…)$/ }).count()).toBe(0);
        await page.evaluate(() => {
          for (const part of document.querySelectorAll('details')) part.open = true;
        });
        const add = page.locator('.setup-body > section > .button.primary').first();
        if (await add.count()) await add.click();
        if (process.env.KEFU_SHOTS)
          await page.screenshot({ path: `${process.env.KEFU_SHOTS}/setup-${part}-${look.colorScheme}.png` });
        expect({ part, found: await violations() }).toEqual({ part, found: [] });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect({ part, wide }).toEqual({ part, wide: 0 });
      }
    });
});
