import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { admin, unique } from './admin.ts';
import { soon } from './stage.ts';

/** Set up in a real browser, with the real server: what is typed is what the API then says. */
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const desk = admin();
const { ask } = desk;
let page: Page;

/** Signed in as admin, at a part of Set up. */
async function enter(part: string, options: BrowserContextOptions = {}): Promise<void> {
  page = await desk.enter(part, options);
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

/** Every page there is beside the inbox, by its address. */
const parts = [
  ...['start', 'sites', 'agents', 'groups', 'replies', 'blocks', 'channels', 'webhooks', 'general', 'reports', 'history'],
  ...['audit', 'security', 'receptionist/answers', 'receptionist/knowledge', 'receptionist/try', 'receptionist/questions'],
  'receptionist/figures',
].map((p) => `setup/${p}`);
const pages = [...parts, 'floor', 'visitors'];
const go = (to: string) =>
  page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${to}`);

describe('Set up', () => {
  it('leads from the first sign-in to a talk on a page of one’s own', async () => {
    await enter('start');
    const step = (name: string) => page.getByRole('listitem').filter({ hasText: name });
    const done = () => page.locator('.done-step strong').allTextContents();
    await step('Name your site').getByRole('link').click();
    await page.getByLabel('Name of the site').fill('Tea Lane');
    await page.getByRole('group', { name: 'Greeting' }).getByLabel('English').fill('Welcome to Tea Lane!');
    const origins = page.getByLabel('Addresses of your pages');
    await origins.fill('shop.example');
    await button('Review and save').click();
    await page
      .getByText(/an origin such as https:\/\/shop.example is expected/)
      .first()
      .waitFor();
    await soon(() => origins.evaluate((e) => e === document.activeElement)).toBe(true);
    await origins.fill(desk.server.url);
    await button('Review and save').click();
    await button('Save').click();
    await page.getByText('Saved.').waitFor();
    await go('setup/start');
    await soon(done).toContain('Name your site, and say hello');

    await step('Put the widget on your pages').getByRole('link').click();
    await page.getByLabel('Colour').fill('#aa3355');
    const snippet = page.locator('.setup-code');
    await soon(() => snippet.textContent()).toContain('"color": "#aa3355"');
    const shop = await page.context().newPage();
    const html = `<!doctype html><html lang="en"><title>Tea Lane</title><h1>Tea</h1>${await snippet.textContent()}</html>`;
    await shop.route('**/shop.html', (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await shop.goto(`${desk.server.url}/shop.html`);
    await shop.getByRole('button', { name: 'Open chat' }).click();
    await shop.getByText('Welcome to Tea Lane!').first().waitFor();
    const question = unique('Is anybody there?');
    await shop.getByRole('textbox').fill(question);
    await shop.getByRole('textbox').press('Enter');

    await page.bringToFront();
    await page.getByRole('group', { name: 'Your status' }).getByRole('button', { name: 'Online' }).click();
    await go('');
    await page.locator('.row-open', { hasText: question }).click();
    await page.locator('#composer-text').fill('The kettle is on.');
    await page.locator('#composer-text').press('Enter');
    await shop.bringToFront();
    await shop.getByRole('log').getByText('The kettle is on.').waitFor();
    await shop.close();

    await page.bringToFront();
    await go('setup/start');
    await step('Write down what you say').getByRole('link').click();
    await button('Add a reply').click();
    await page.getByLabel('Title').fill('Hello');
    await page.getByLabel('Text').fill('Hello {{visitor.name}}!');
    await button('Add').click();
    await page.getByText('Saved.').waitFor();
    await go('setup/start');
    await soon(done).toEqual(
      expect.arrayContaining([
        'Name your site, and say hello',
        'Put the widget on your pages',
        'Write down what you say every day',
      ]),
    );
    await page.getByRole('group', { name: 'Your status' }).getByRole('button', { name: 'Offline' }).click();
  });

  it('makes an agent in the groups that are ticked, says beside the field what is wrong, and shows the password once', async () => {
    await ask('POST', '/groups', { id: 'refunds', name: 'Refunds' });
    await enter('agents');
    await button('Add an agent').click();
    const form = page.getByRole('form', { name: 'Add an agent' });
    const name = form.getByLabel('Name to sign in with');
    await expect.poll(() => name.evaluate((e) => e === document.activeElement)).toBe(true);
    await name.fill('li na');
    await form.getByLabel('Password').fill('short');
    await button('Add').click();
    await page.getByText('1 to 64 characters without spaces are expected').first().waitFor();
    await soon(() => name.getAttribute('aria-invalid')).toBe('true');
    const lina = unique('lina');
    await name.fill(lina);
    await button('Add').click();
    await form.locator('.field', { hasText: 'Password' }).getByText('a password has 8 to 128 characters').waitFor();
    await soon(() => form.getByLabel('Password').evaluate((e) => e === document.activeElement)).toBe(true);
    await form.getByLabel('Password').fill('a long password');
    await form.getByLabel('What visitors see').fill('Li Na');
    await form.getByLabel('Refunds').check();
    await form.getByLabel('Service').uncheck();
    await button('Add').click();
    const told = page.getByRole('dialog', { name: `The account ${lina} is ready` });
    await soon(() => told.locator('pre').textContent()).toBe(
      `${desk.server.url}/console/\nName to sign in with: ${lina}\nPassword: a long password`,
    );
    await page.keyboard.press('Escape');
    await page.getByText('Saved.').waitFor();
    const { agents } = await ask<{ agents: { name: string; display: string; groups: string[] }[] }>('GET', '/agents');
    expect(agents.find((a) => a.name === lina)).toMatchObject({ display: 'Li Na', groups: ['refunds'] });
  });

  it('makes up a password for a new agent that signs in with it', async () => {
    await enter('agents');
    await button('Add an agent').click();
    const chen = unique('chen');
    await page.getByLabel('Name to sign in with').fill(chen);
    await button('Add').click();
    const told = await page.getByRole('dialog').locator('pre').textContent();
    const password = /Password: (.+)$/.exec(told ?? '')?.[1] ?? '';
    expect(password).toMatch(/^[a-z0-9]{5}(-[a-z0-9]{5}){3}$/);
    const login = await fetch(`${desk.server.url}/v1/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: chen, password }),
    });
    expect(login.status).toBe(200);
  });

  it('makes a webhook for the sites and events that are ticked', async () => {
    await enter('blocks');
    await page.getByText('Nobody is blocked.').waitFor();
    await go('setup/webhooks');
    await button('Add a webhook').click();
    const form = page.getByRole('form', { name: 'Add a webhook' });
    await form.getByLabel('Address').fill('https://hooks.example/kefu');
    await form.getByLabel('Closed').check();
    await form.getByLabel('Rated').check();
    await form.getByRole('group', { name: 'Only these sites' }).getByRole('checkbox').first().check();
    await button('Add').click();
    const secret = page.getByRole('dialog', { name: 'The secret of the webhook' });
    await secret.locator('pre', { hasText: /^whsec_/ }).waitFor();
    await button('I have kept it').click();
    await page.getByText('Closed, Rated').first().waitFor();
    const { webhooks } = await ask<{ webhooks: object[] }>('GET', '/webhooks');
    expect(webhooks.at(-1)).toMatchObject({ kinds: ['closed', 'rated'], sites: ['default'] });
  });

  it('keeps what is not saved while one looks at another page, and drops it when told to', async () => {
    await enter('sites');
    const name = page.getByLabel('Name of the site');
    const saved = await name.inputValue();
    await name.fill('Half written');
    await page.getByText('Not saved yet.').waitFor();
    await go('setup/agents');
    await button('Add an agent').waitFor();
    await go('setup/sites');
    await soon(() => name.inputValue()).toBe('Half written');
    await button('Discard my changes').click();
    await soon(() => name.inputValue()).toBe(saved);
    await soon(() => page.getByText('Not saved yet.').count()).toBe(0);
    await go('setup/agents');
    await button('Add an agent').waitFor();
    await go('setup/sites');
    await soon(() => name.inputValue()).toBe(saved);
  });

  it('opening hours take the time zone of whoever sets them; a size is in megabytes', async () => {
    await enter('sites/hours', { timezoneId: 'Asia/Shanghai' });
    await button('Monday to Friday, 9 to 18').click();
    await soon(() => page.getByLabel('Time zone').inputValue()).toBe('Asia/Shanghai');
    await page.getByText('Files', { exact: true }).click();
    await page.getByLabel('Megabytes a file').fill('1.5');
    await button('Review and save').click();
    await button('Save').click();
    await page.getByText('Saved.').waitFor();
    const { sites } = await ask<{ sites: object[] }>('GET', '/settings');
    const spans = ['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => ({ day, from: '09:00', until: '18:00' }));
    expect(sites[0]).toMatchObject({ hours: { zone: 'Asia/Shanghai', spans }, uploads: { size: 1.5 * 2 ** 20 } });
  });

  it('a duration is a number and a unit, or none at all; what is wrong is said at its field', async () => {
    await enter('sites');
    const dialog = page.getByRole('dialog');
    await page.getByText('In the conversation', { exact: true }).click();
    const edit = page.getByLabel('Messages can be changed for', { exact: true });
    await soon(() => edit.inputValue()).toBe('2');
    await edit.fill('');
    await button('Review and save').click();
    await page.locator('.setup-fault', { hasText: 'A number is needed here.' }).waitFor();
    await soon(() => edit.getAttribute('aria-invalid')).toBe('true');
    // Off is a choice of its own; and who comes back to a unit begins with one.
    const unit = page.getByLabel('Unit: Messages can be changed for');
    await unit.selectOption('not at all');
    await page.getByRole('combobox', { name: 'Messages can be changed for' }).waitFor();
    await soon(() => page.getByRole('spinbutton', { name: 'Messages can be changed for' }).count()).toBe(0);
    await button('Review and save').click();
    await dialog.getByRole('row', { name: /Messages can be changed for.* 2 minutes not at all/ }).waitFor();
    await button('Save').click();
    await page.getByText('Saved.').waitFor();
    await page.getByLabel('Messages can be changed for').selectOption('hours');
    await soon(() => edit.inputValue()).toBe('1');
    await edit.fill('1.5');
    await button('Review and save').click();
    await dialog.getByText('90 minutes').waitFor();
    await button('Save').click();
    await page.getByText('Saved.').waitFor();
    expect((await ask<{ sites: { edit: string }[] }>('GET', '/settings')).sites[0]?.edit).toBe('1h30m');
  });

  it('says what is wrong in the language of the page, in words of the form', async () => {
    await enter('sites', { locale: 'zh-CN' });
    await page.getByText('会话中', { exact: true }).click();
    const edit = page.getByLabel('消息可修改、撤回的时间', { exact: true });
    await edit.fill('99');
    await page.getByLabel('单位: 消息可修改、撤回的时间').selectOption('小时');
    await button('查看改动并保存').click();
    const foot = page.locator('.setup-faults');
    await foot.getByText('站点 default · 消息可修改、撤回的时间: 应为 0 至 1天，而不是 99小时').waitFor();
    await soon(() => edit.evaluate((e) => e === document.activeElement)).toBe(true);
  });

  it('the list of pages stays on a desktop, and on a phone goes to the chosen one', async () => {
    await enter('sites');
    const inView = () =>
      page.evaluate(() => {
        const all = ['.setup-nav a[aria-current]', '.rec-parts a[aria-current]'].flatMap((s) => document.querySelector(s) ?? []);
        return all.map((a) => {
          const { left, right, top } = a.getBoundingClientRect();
          return left >= 0 && right <= innerWidth && top >= 0 && top < innerHeight;
        });
      });
    await page.locator('.setup-foot').waitFor();
    await page.locator('.page').evaluate((e) => e.scrollTo(0, e.scrollHeight));
    await soon(() => page.locator('.page').evaluate((e) => e.scrollTop > 200)).toBe(true);
    await soon(inView).toEqual([true]);
    await page.setViewportSize({ width: 390, height: 844 });
    await go('setup/security');
    await page.getByLabel('Your present password').waitFor();
    await soon(inView).toEqual([true]);
    await go('setup/receptionist/figures');
    await page.locator('.rec-parts').waitFor();
    await soon(inView).toEqual([true, true]);
  });

  it('turns a second factor on, and asks for it', async () => {
    await ask('POST', '/agents', { name: 'totp', password: 'a long password', role: 'agent' });
    await enter('security');
    await page.getByLabel('Your present password').fill('wrong');
    await button('Set it up').click();
    await page.getByText('this is not the present password').first().waitFor();
    await page.getByLabel('Your present password').fill(desk.server.password);
    await button('Set it up').click();
    await page.locator('.setup-qr').waitFor();
    await soon(async () => (await page.locator('code').textContent())?.length).toBe(32);
    const code = page.getByLabel('Code', { exact: true });
    await soon(() => code.evaluate((e: HTMLInputElement) => [e === document.activeElement, e.inputMode])).toEqual([
      true,
      'numeric',
    ]);
    await code.fill('000000');
    await button('Turn it on').click();
    await page.getByText('this is not what the authenticator shows now').first().waitFor();
  });

  const phone = { width: 390, height: 844 };
  const desktop = { width: 1440, height: 1000 };
  const looks = (['light', 'dark'] as const).flatMap((colorScheme) => [
    { colorScheme, viewport: desktop, locale: 'en-US' },
    { colorScheme, viewport: phone, locale: 'zh-CN' },
  ]);
  it.each(looks)('axe finds nothing on any page, $colorScheme $viewport.width', async (look) => {
    await enter('start', look);
    for (const part of pages) {
      await go(part);
      const [first, second] = part.split('/');
      await page.locator(`.nav a[aria-current][href="#/${first}"]`).waitFor();
      if (second) await page.locator(`.setup-nav a[aria-current][href="#/setup/${second}"]`).waitFor();
      if (second === 'receptionist') await page.locator(`.rec-parts a[aria-current][href="#/${part}"]`).waitFor();
      await page.locator('.page h1, .page h2').first().waitFor();
      await soon(() => page.locator('.page .hint', { hasText: /^(Loading…|加载中…)$/ }).count()).toBe(0);
      await page.evaluate(() => {
        for (const one of document.querySelectorAll('details')) one.open = true;
      });
      const add = page.locator('.setup-body > section > .button.primary').first();
      if (await add.count()) await add.click();
      if (process.env.KEFU_SHOTS)
        await page.screenshot({
          path: `${process.env.KEFU_SHOTS}/${part.replaceAll('/', '-')}-${look.colorScheme}-${look.viewport.width}.png`,
        });
      await soon(async () => ({ part, found: await violations() })).toEqual({ part, found: [] });
      const wide = await page.evaluate(() =>
        [document.documentElement, ...document.querySelectorAll('.page, .setup-body')]
          .filter((e) => e.scrollWidth > e.clientWidth)
          .map((e) => e.className),
      );
      expect({ part, wide }).toEqual({ part, wide: [] });
    }
  });
});
