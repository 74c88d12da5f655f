import { afterAll, beforeAll, it } from 'vitest';
import { type Server, startServer } from './server.ts';
import { bubbles, input, log, say, shown, soon, stage } from './widget.ts';

/** Who is on the pages, and is invited by an agent: the real server between a shop's page and the API of the console. */
const { visit } = stage();
let server: Server;
let token = '';
beforeAll(async () => {
  server = await startServer();
  ({ token } = await ask<{ token: string }>('POST', 'login', { name: 'admin', password: server.password }));
});
afterAll(() => server.stop());

async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const got = await fetch(`${server.url}/v1/${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!got.ok) throw new Error(`${method} ${path}: ${got.status} ${await got.text()}`);
  return (got.status === 204 ? undefined : await got.json()) as T;
}
interface Live {
  id: string;
  site: string;
  page: { url: string };
}
const here = async () => (await ask<{ visitors: Live[] }>('GET', 'visitors?online=true')).visitors;

it('is seen going from page to page, invited beside the launcher, and answers in the chat', async () => {
  const page = await visit(`${server.url}/demo/?lang=en`);
  await soon(async () => (await here()).map((v) => v.page.url)).toEqual([`${server.url}/demo/?lang=en`]);
  await page.evaluate(() => history.pushState({}, '', '/demo/?lang=en&cart=1'));
  await soon(async () => (await here())[0]?.page.url).toBe(`${server.url}/demo/?lang=en&cart=1`);

  await page.evaluate(() => {
    location.hash = '#/cart/2'; // as routers of H5 pages do
  });
  await soon(async () => (await here())[0]?.page.url).toBe(`${server.url}/demo/?lang=en&cart=1#/cart/2`);

  const { id, site } = (await here())[0]!;
  const words = 'Shall I help with <b>the tea</b>?';
  await ask('POST', `visitors/${id}/invite`, { site, text: words });
  const invitation = page.getByRole('status').getByRole('button', { name: words });
  await shown(invitation);
  await soon(() => invitation.locator('b').textContent()).not.toBe('');
  await invitation.click();
  await input(page).waitFor();
  await soon(async () => (await bubbles(page)).at(-1)).toContain(words);
  await soon(() => invitation.count()).toBe(0);

  await say(page, 'Yes, please');
  await shown(log(page).locator('.stored, .read').first());
  await soon(() => bubbles(page).then((all) => all.filter((b) => b.includes(words)))).toEqual([]);
  await soon(here).toEqual([]);
});
