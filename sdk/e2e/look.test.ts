import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { admin } from './admin.ts';
import { soon } from './stage.ts';

/** How the widget of a site looks: what is kept of it, the snippet that is made of it, and the preview. */
const desk = admin();
const { ask } = desk;
let page: Page;
const button = (name: string) => page.getByRole('button', { name, exact: true });

describe('the look of the widget', () => {
  it('copies the snippet, and without a clipboard marks it', async () => {
    page = await desk.enter('sites/look', { permissions: ['clipboard-read', 'clipboard-write'] });
    const snippet = await page.locator('.setup-code').textContent();
    await button('Copy').click();
    await page.getByText('Copied.').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(snippet);
    const marked = () => page.evaluate(() => getSelection()?.toString());
    expect(await marked()).not.toBe(snippet);
    // Over plain HTTP there is none, and some browsers have one that refuses.
    for (const clipboard of ['undefined', '{ writeText: () => Promise.reject(new Error("no")) }']) {
      await page.evaluate(`Object.defineProperty(navigator, 'clipboard', { value: ${clipboard}, configurable: true })`);
      await page.evaluate(() => getSelection()?.removeAllRanges());
      await button('Copy').click();
      await page.getByText('Marked: now press Ctrl+C').waitFor();
      await soon(marked).toBe(snippet);
      await page.keyboard.press('ControlOrMeta+KeyC'); // does what is said
      await page.getByLabel('Colour').fill(clipboard === 'undefined' ? '#aa3355' : '#aa3356'); // another snippet, nothing said of it
      await soon(() => page.getByText('Marked: now press').count()).toBe(0);
      await page.getByLabel('Colour').fill('#0b63d9');
    }
  });

  it('keeps the look of the widget, of which the snippet is made', async () => {
    page = await desk.enter('sites/look');
    await page.getByLabel('Corner').selectOption('Left');
    await page.getByLabel('Colour').fill('#aa3355');
    const snippet = () => page.locator('.setup-code').textContent();
    await soon(snippet).toContain('"side": "start"');
    await page.getByText('copy them again after a change').waitFor();
    await button('Review and save').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('row', { name: /Corner.*Right Left/ }).waitFor();
    await dialog.getByRole('row', { name: /Colour.*#aa3355/ }).waitFor();
    await button('Save').click();
    await page.getByText('Saved.').waitFor();
    // Another admin, another day.
    page = await desk.enter('sites/look');
    await soon(snippet).toContain('"color": "#aa3355"');
    await soon(snippet).toContain('"side": "start"');
    await soon(() => page.getByLabel('Corner').inputValue()).toBe('start');
  });

  it('previews what is not saved, and calls nobody', async () => {
    const talks = async () => (await ask<{ conversations: object[] }>('GET', '/conversations')).conversations.length;
    const before = await talks();
    page = await desk.enter('sites');
    await page.getByRole('group', { name: 'Greeting' }).getByLabel('English').fill('Welcome to the draft!');
    await page.getByRole('group', { name: 'While nobody is there' }).getByLabel('English').fill('Back at nine.');
    await button('Add a quick reply').click();
    await page.getByRole('group', { name: 'Quick replies' }).getByLabel('English').fill('Where is my draft?');
    // Only pages elsewhere may use it: the preview is none of them.
    await page.getByLabel('Addresses of your pages').fill('https://shop.example');
    await page.getByText('Look, and the snippet for your pages').click();
    const widget = page.frameLocator('.setup-preview');
    /** A text in the widget, which is opened: it may be loaded anew at any moment, and is closed then. */
    const shows = (text: string) =>
      soon(async () => {
        const button = widget.locator('button[aria-label="Open chat"][aria-expanded=false]');
        await page.locator('.setup-preview').evaluate((e) => e.scrollIntoView({ block: 'center' })); // the button is fixed in it
        if (await button.isVisible()) await button.click({ timeout: 500 }).catch(() => undefined);
        return widget.getByText(text).isVisible();
      }).toBe(true);
    const log = widget.getByRole('log');
    await shows('Welcome to the draft!');
    await widget.getByRole('button', { name: 'Where is my draft?' }).click();
    await log.getByText('This is a preview: an answer looks like this.').waitFor();
    await page.getByLabel('As outside opening hours').check();
    await shows('Back at nine.');
    // What is typed afterwards is shown too.
    await page.getByRole('group', { name: 'While nobody is there' }).getByLabel('English').fill('Back at ten.');
    await shows('Back at ten.');
    expect(await talks()).toBe(before);
    await button('Discard my changes').click();
  });
});
