import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Server, startServer } from './server.ts';
import { configure } from './settings.ts';
import { bubbles, input, launcher, log, say, shown, soon, stage } from './widget.ts';

/** The panel and the real server: what the site asks for, and a picture on its way to the agent's log and back out of it. */
const { visit } = stage();
let server: Server;
beforeAll(async () => {
  server = await startServer();
  await configure(server, (site) => {
    site.form = { text: {}, fields: [{ id: 'name', label: { en: 'Your name' }, type: 'text', required: true }] };
  });
});
afterAll(() => server.stop());

/** Paints a picture: the server looks into what it is given, and makes it anew. */
const picture = async (page: Page) => {
  const url = await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: 40, height: 30 });
    canvas.getContext('2d')!.fillRect(5, 5, 20, 10);
    return canvas.toDataURL('image/png');
  });
  return { name: 'leaf.png', mimeType: 'image/png', buffer: Buffer.from(url.split(',')[1]!, 'base64') };
};

it('a form, a picture, one that lies, and the recall of what was sent', async () => {
  const page = await visit(`${server.url}/demo/?lang=en`);
  await launcher(page).click();
  await page.getByLabel('Your name').fill('Ada');
  await page.getByRole('button', { name: 'Start chat' }).click();
  await soon(async () => (await bubbles(page)).at(-1)).toBe('Your name: Ada');
  await shown(log(page).locator('.stored'));

  const files = page.locator('input[type=file]');
  await files.setInputFiles(await picture(page));
  await say(page, 'This leaf');
  const image = log(page).getByAltText('leaf.png');
  await soon(() => image.evaluate((img) => [(img as HTMLImageElement).naturalWidth, img.getAttribute('width')])).toEqual([
    40,
    '40',
  ]);
  const src = await image.getAttribute('src');
  expect(src).toMatch(new RegExp(`^${server.url}/v1/files/\\w+/`));

  await files.setInputFiles({ name: 'fake.png', mimeType: 'image/png', buffer: Buffer.from('MZ this is no picture') });
  await shown(page.getByRole('alert').getByText('This kind of file is not accepted'));
  await page.getByRole('button', { name: 'Remove fake.png' }).click();

  await soon(() => page.getByRole('button', { name: 'Edit or recall' }).count()).toBe(3);
  await page.getByRole('button', { name: 'Edit or recall' }).nth(1).click();
  await page.getByRole('button', { name: 'Recall', exact: true }).click();
  await shown(log(page).getByText('A message was recalled'));
  await soon(async () => (await fetch(src!)).status).toBe(404);
  await soon(() => input(page).isVisible()).toBe(true);
});
