import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { admin, chosen, unique } from './admin.ts';
import { soon } from './stage.ts';

/** Two who change the same thing at the same time: both versions are shown, and nothing that was typed is lost. */
const desk = admin();
const { ask } = desk;
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
/** Where both versions are shown of an entry of a list. */
const clash = (page: Page) => page.getByRole('alert').filter({ hasText: 'Somebody else has changed this meanwhile' });

/** Another admin, at the same part of Set up. */
async function colleague(part: string): Promise<Page> {
  const who = { name: unique('bea'), password: 'a long password' };
  await ask('POST', '/agents', { ...who, role: 'admin' });
  return desk.enter(part, {}, who);
}

/** What the list of the API has under that id. */
const entry = async (list: string, id: string) =>
  (await ask<Record<string, { id: string }[]>>('GET', `/${list}`))[list]?.find((x) => x.id === id);

describe('two who change the same', () => {
  it('site: what is chosen is saved after a look at the difference', async () => {
    const page = await desk.enter('sites');
    await page.getByLabel('Name of the site').fill('Tea');
    const other = await ask<{ sites: { name: string; preview: boolean }[] }>('GET', '/settings');
    if (other.sites[0]) other.sites[0].preview = true;
    await ask('PUT', '/settings', other);
    await button(page, 'Review and save').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Somebody else has changed this meanwhile').waitFor();
    await soon(() => chosen(dialog, 'Site default · Agents see what a visitor is typing')).toBe('Theirs: yes');
    await soon(() => chosen(dialog, 'Site default · Name of the site')).toBe('Yours: Tea');
    await dialog.getByRole('button', { name: 'Review and save' }).click();
    await dialog.getByText('sites[default].name').waitFor();
    expect(await dialog.getByText('sites[default].preview').count()).toBe(0); // that is theirs, and saved
    await button(page, 'Save').click();
    await page.getByText('Saved.').waitFor();
    const now = await ask<{ sites: { name: string; preview: boolean }[] }>('GET', '/settings');
    expect(now.sites[0]).toMatchObject({ name: 'Tea', preview: true });
  });

  it('reply: mine goes on top of theirs', async () => {
    const title = unique('Parking');
    const made = await ask<{ id: string; version: number }>('POST', '/replies', { title, text: 'Behind the shop.', shared: true });
    const page = await desk.enter('replies');
    await button(page, `Change: ${title}`).click();
    await page.getByLabel('Text').fill('Behind the shop, two hours.');
    await ask('PATCH', `/replies/${made.id}`, { shortcut: unique('p'), version: made.version });
    await button(page, 'Save').click();
    const both = page.getByRole('alert').filter({ hasText: 'Somebody else has changed this' });
    await soon(() => chosen(both, 'Shortcut')).toMatch(/^Theirs: p-/);
    await soon(() => chosen(both, 'Text')).toBe('Yours: Behind the shop, two hours.');
    await button(page, 'Go on editing').click();
    await soon(() => page.getByLabel('Shortcut').inputValue()).toMatch(/^p-/);
    await soon(() => page.getByLabel('Text').inputValue()).toBe('Behind the shop, two hours.');
    await button(page, 'Save').click();
    await page.getByText('Saved.').waitFor();
    const { replies } = await ask<{ replies: { id: string }[] }>('GET', '/replies');
    const now = replies.find((r) => r.id === made.id);
    expect(now).toMatchObject({ text: 'Behind the shop, two hours.', shortcut: expect.stringMatching(/^p-/) });
  });

  it('agent: of each field that differs either is taken', async () => {
    const name = unique('bo');
    const { id } = await ask<{ id: string }>('POST', '/agents', { name, display: 'Bo', password: 'a long password' });
    const [ann, bea] = [await desk.enter('agents'), await colleague('agents')];
    for (const page of [ann, bea]) await page.locator('li', { hasText: name }).getByRole('button', { name: 'Change: Bo' }).click();
    await bea.getByLabel('Conversations at a time').fill('9');
    await bea.getByLabel('What visitors see').fill('Bo of Beas');
    await button(bea, 'Save').click();
    await bea.getByText('Saved.').waitFor();

    await ann.getByLabel('What visitors see').fill('Bo of Anns');
    await ann.getByLabel('Weight').fill('2');
    await ann.getByLabel('New password').fill('another long password');
    await button(ann, 'Save').click();
    const both = clash(ann);
    await soon(() => chosen(both, 'What visitors see')).toBe('Yours: Bo of Anns');
    await both.getByText('Before: Bo').waitFor();
    await soon(() => chosen(both, 'Conversations at a time')).toBe('Theirs: 9');
    await soon(() => chosen(both, 'Weight')).toBe('Yours: 2');
    await soon(() => chosen(both, 'New password')).toBe('Yours: ••••');
    expect(await both.getByRole('group').count()).toBe(4);
    // By keyboard: one is in the first choice, whose other side is an arrow away.
    await soon(() => ann.evaluate(() => document.activeElement?.closest('.setup-both')?.querySelector('legend')?.textContent)).toBe(
      'What visitors see',
    );
    await ann.keyboard.press('ArrowUp');
    await soon(() => chosen(both, 'What visitors see')).toBe('Theirs: Bo of Beas');
    await button(ann, 'Save what is chosen').click();
    await ann.getByText('Saved.').waitFor();
    expect(await entry('agents', id)).toMatchObject({ display: 'Bo of Beas', capacity: 9, weight: 2 });
    const login = await fetch(`${desk.server.url}/v1/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name, password: 'another long password' }),
    });
    expect(login.status).toBe(200);
  });

  it('agent: what nobody changed in the form is in nobody’s way', async () => {
    const name = unique('cy');
    const { id } = await ask<{ id: string }>('POST', '/agents', { name, password: 'a long password' });
    const ann = await desk.enter('agents');
    await button(ann, `Change: ${name}`).click();
    // They sign out everywhere, which is a change of the account too.
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ name, password: 'a long password' });
    const login = await fetch(`${desk.server.url}/v1/login`, { method: 'POST', headers, body });
    const { token } = (await login.json()) as { token: string };
    await fetch(`${desk.server.url}/v1/logout`, { method: 'POST', headers: { Authorization: `Bearer ${token}` } });
    await ann.getByLabel('Conversations at a time').fill('7');
    await button(ann, 'Save').click();
    await ann.getByText('Saved.').waitFor();
    expect(await entry('agents', id)).toMatchObject({ capacity: 7 });
  });

  it('group: mine is put on top of theirs and looked at, or dropped', async () => {
    const name = unique('Returns');
    const { id } = await ask<{ id: string }>('POST', '/groups', { name });
    const [ann, bea] = [await desk.enter('groups'), await colleague('groups')];
    for (const page of [ann, bea]) await button(page, `Change: ${name}`).click();
    await bea.getByLabel('Name', { exact: true }).fill(`${name} of Beas`);
    await button(bea, 'Save').click();
    await bea.getByText('Saved.').waitFor();

    await ann.getByLabel('Timeouts of its own').check();
    await ann.getByLabel('Agent silent: the visitor waits again after', { exact: true }).fill('5');
    await button(ann, 'Save').click();
    await soon(() => chosen(clash(ann), 'Name')).toBe(`Theirs: ${name} of Beas`);
    await soon(() => chosen(clash(ann), 'Timeouts of its own')).toBe('Yours: yes');
    await soon(() => chosen(clash(ann), 'Agent silent: the visitor waits again after')).toBe('Yours: 5 minutes');
    await button(ann, 'Go on editing').click();
    await soon(() => ann.getByLabel('Name', { exact: true }).inputValue()).toBe(`${name} of Beas`);
    await button(ann, 'Save').click();
    await ann.getByText('Saved.').waitFor();
    expect(await entry('groups', id)).toMatchObject({ name: `${name} of Beas`, timeouts: { agent: '5m', visitor: '30m' } });

    await bea
      .locator('li', { hasText: id })
      .getByRole('button', { name: /^Change/ })
      .click();
    await bea.getByLabel('Name', { exact: true }).fill(`${name} again`);
    await button(bea, 'Save').click();
    await button(bea, 'Drop mine and take theirs').click();
    await soon(() => bea.getByLabel('Name', { exact: true }).inputValue()).toBe(`${name} of Beas`);
    await soon(() => bea.getByLabel('Agent silent: the visitor waits again after', { exact: true }).inputValue()).toBe('5');
  });
});
