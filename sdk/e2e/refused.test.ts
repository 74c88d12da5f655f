import { createHmac } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { launch } from './browser.ts';
import { configure } from './settings.ts';
import { fresh, later, noted, openStage, type Stage, say, sees, soon, state } from './stage.ts';
import { input, launcher, log } from './widget.ts';

/** What is wrong with the page, the site or the device: the widget and onError say so, and nothing that was written is lost. */
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

const notice = (page: Page, text: RegExp) => page.getByRole('status').getByText(text).waitFor();
const write = async (page: Page, text: string) => {
  await input(page).fill(text);
  await input(page).press('Enter');
};

it('an origin that is refused: denied and said why; what was written goes out once it is allowed', async () => {
  await configure(stage.server, (site) => {
    site.origins = ['https://shop.example'];
  });
  const page = await stage.visit(await fresh(browser, open), { init: { lang: 'en' } });
  await soon(() => state(page)).toBe('denied');
  await soon(() => noted(page, ({ errors }) => errors)).toEqual(['forbidden']);
  await launcher(page).click();
  await notice(page, /disconnected/);
  await write(page, 'one');
  await log(page).locator('.pending').waitFor();
  await configure(stage.server, (site) => {
    site.origins = [];
  });
  await page.getByRole('button', { name: 'Reconnect' }).click();
  await soon(() => stage.stored()).toEqual(['one']);
  await log(page).locator('.stored').waitFor();
});

/** A user's token as a shop's server signs it. */
const sign = (secret: string, exp: number) => {
  const part = (o: object) => Buffer.from(JSON.stringify(o)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'ada', aud: 'default', exp })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};

it('a user’s token that has expired: another is asked for once; of no use either, it is denied, and nothing is lost', async () => {
  const secret = 'a secret of the site, of 32 bytes';
  await configure(stage.server, (site) => {
    site.users = { required: true, secrets: [secret] };
  });
  const hour = 3600;
  const now = Math.floor(Date.now() / 1000);
  const [old, good] = [sign(secret, now - hour), sign(secret, now + hour)];
  const start = (page: Page, brings: string) =>
    page.evaluate(`{
      notes.asked = 0;
      begin({
        endpoint: '${stage.faults.url.replace('http', 'ws')}/ws',
        lang: 'en',
        user: { token: '${old}' },
        getToken: async () => (notes.asked++, '${brings}'),
      });
    }`);
  const context = await fresh(browser, open);
  const page = await stage.visit(context);
  await start(page, old);
  await launcher(page).click();
  await soon(() => state(page)).toBe('denied');
  await soon(() => noted(page, ({ errors }) => errors)).toEqual(['unauthorized']);
  await soon(() => page.evaluate('notes.asked')).toBe(1);
  await notice(page, /disconnected/);
  await write(page, 'one');
  await log(page).locator('.pending').waitFor();
  await page.close();

  const next = await stage.visit(context);
  await start(next, good);
  await soon(() => stage.stored()).toEqual(['one']);
  await soon(() => next.evaluate('notes.asked')).toBe(1);
  await soon(() => state(next)).toBe('ws');
});

it('an endpoint where no desk is: offline, and said so; what was written waits on the device', async () => {
  const context = await fresh(browser, open);
  const page = await stage.visit(context);
  await page.evaluate("begin({ endpoint: location.origin.replace('http', 'ws') + '/ws', lang: 'en' })");
  await launcher(page).click();
  await notice(page, /No connection/);
  await write(page, 'one');
  await log(page).locator('.pending').waitFor();
  expect(['offline', 'connecting']).toContain(await state(page));
  await page.close();
  const next = await stage.visit(context, { init: { ui: false } }); // the shop has mended its page
  await soon(() => sees(next)).toEqual(['one']);
  await soon(() => stage.stored()).toEqual(['one']);
});

it('a disk that is full: said once, and the chat goes on', async () => {
  const context = await fresh(browser, open);
  const page = await stage.visit(context);
  const session = await context.newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize: 1 });
  await stage.begin(page, { ui: false });
  for (const text of ['one', 'two', 'three']) await say(page, text);
  await soon(() => sees(page)).toEqual(['one', 'two', 'three']);
  await soon(() => stage.stored()).toEqual(['one', 'two', 'three']);
  await soon(() => noted(page, ({ errors }) => errors)).toEqual(['storage']);
});

it('a page is frozen, and thaws with a dead connection: found within seconds, and nothing was missed', async () => {
  const context = await fresh(browser, open);
  const page = await stage.visit(context, { init: { ui: false, worker: false } });
  await soon(() => state(page)).toBe('ws');
  await say(page, 'one');
  await soon(() => stage.stored()).toEqual(['one']);
  // Headless pages are never hidden, so never frozen: a debugger holds this one.
  const session = await context.newCDPSession(page);
  await session.send('Debugger.enable');
  await session.send('Debugger.pause');
  const stuck = later(page.evaluate("document.dispatchEvent(new Event('resume'))"));
  stage.faults.silence(); // the network forgets the connection, and tells nobody
  await stage.answer('two');
  await session.send('Debugger.resume');
  await session.send('Debugger.disable');
  await stuck;
  await soon(() => stage.faults.opened, 10_000).toBe(2);
  await soon(() => sees(page)).toEqual(['one', 'two']);
  await say(page, 'three');
  await soon(() => stage.stored()).toEqual(['one', 'two', 'three']);
});
