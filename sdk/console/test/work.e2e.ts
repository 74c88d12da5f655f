/**
 * What agents, supervisors and admins do beside answering, against the real server: the floor, a word behind the visitor's back,
 * taking over, visitors who are only looking, tags, snoozing, blocking a network, erasing somebody, and the second factor.
 */
import { createHmac } from 'node:crypto';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import {
  admin,
  agent,
  box,
  call,
  functions,
  holderOf,
  log,
  logOf,
  open,
  row,
  said,
  server,
  short,
  soon,
  street,
  text,
  visitor,
  wang,
} from './real.ts';

const go = (p: Page, to: string) => p.evaluate((hash) => location.assign(hash), `#/${to}`);
const press = (p: Page, name: string | RegExp) => p.getByRole('button', { name, exact: typeof name === 'string' }).click();
const phaseOf = async (id: string) => (await call<{ phase: string }>('GET', `conversations/${id}`)).phase;
const details = async (p: Page) => {
  await box(p)
    .or(p.getByRole('button', { name: /^Re?open$|^Take/ }))
    .first()
    .waitFor();
  const pane = p.getByRole('region', { name: 'Details' });
  if (!(await pane.count())) await press(p, 'Details');
  await pane.waitFor();
  return pane;
};

it('the floor shows who waits, why, and who holds what; a supervisor whispers, and takes over', async () => {
  const a = await admin();
  await a.getByRole('group', { name: 'Your status' }).getByRole('button', { name: 'Away' }).click();
  const v = await visitor();
  await v.say(text('is anybody there?'));
  await soon(() => phaseOf(v.conversation)).toBe('waiting');
  await go(a, 'floor');
  const card = a.locator('[data-group=default]');
  await soon(() => card.textContent()).toContain('Waiting1');
  await card.getByText('Why nobody has the first').click();
  await card.getByText('Admin').first().waitFor();
  await card.getByText(/away/).first().waitFor();
  const b = await wang();
  await soon(() => holderOf(v.conversation)).toBe('Wang Fang');
  await soon(() => a.getByRole('row', { name: /Wang Fang/ }).textContent()).toMatch(/online\s*1 \/ 20/);
  await soon(() => card.textContent()).toContain('Waiting0');

  await open(a, v.conversation);
  await log(a).getByText('is anybody there?').waitFor();
  await a.keyboard.press('Alt+P');
  await box(a).fill('offer her the express parcel');
  await box(a).press('Enter');
  await open(b, v.conversation);
  await log(b).getByText('offer her the express parcel').waitFor();
  await press(a, 'Take over');
  await soon(() => holderOf(v.conversation)).toBe('Admin');
  await a.keyboard.press('Alt+L');
  await box(a).fill('This is the head of the desk.');
  await box(a).press('Enter');
  await soon(() => v.hears()).toEqual(['This is the head of the desk.']);
  await log(b).getByText('This is the head of the desk.').waitFor();
  await soon(() => row(b, short(v.id)).count()).toBe(0); // it is no longer among hers
  await press(a, 'Close');
  await soon(() => phaseOf(v.conversation)).toBe('closed');
});

// The host of functions has no list of who is on the pages, and does not say that it has.
it.skipIf(functions)('who only looks is seen, invited, and comes to whoever invited them', async () => {
  const a = await admin();
  const b = await wang();
  const v = await visitor({ page: { url: `${server.url}/cart`, title: 'The cart', referrer: '' } });
  await go(a, 'visitors');
  const card = a.locator(`[data-visitor="${v.id}"]`);
  await card.getByText('The cart').waitFor();
  await card.getByRole('textbox').fill('Shall I help you with the cart?');
  await card.getByRole('button', { name: 'Invite' }).click();
  await card.getByText('Invited').waitFor();
  await soon(() => v.hears()).toEqual(['invited: Shall I help you with the cart?']);
  await v.say(text('yes, please'));
  await soon(() => holderOf(v.conversation)).toBe('Admin');
  await soon(() => a.locator(`[data-visitor="${v.id}"]`).count()).toBe(0);
  await go(b, '');
  await open(a, v.conversation);
  await press(a, 'Close');
  await soon(() => phaseOf(v.conversation)).toBe('closed');
});

it('a visitor waits, is taken, answered by a canned reply, handed over with a note, and done with', async () => {
  const title = `Parking ${Date.now().toString(36)}`;
  await call('POST', 'replies', { title, text: 'Hello {{visitor.name}}, behind the shop.', shortcut: 'park', shared: true }).catch(
    () => undefined, // an attempt before this one made it
  );
  const v = await visitor();
  await v.say(text('where do I park?'));
  const b = await agent('wang', 'a long one 7', undefined, 'Away');
  await b.getByRole('tab', { name: /^Waiting/ }).click();
  await row(b, short(v.id)).first().click(); // beside it is a button that takes it unread
  await log(b).getByText('where do I park?').waitFor();
  await press(b, 'Take');
  await soon(() => holderOf(v.conversation)).toBe('Wang Fang');
  await box(b).pressSequentially('/park');
  await b.getByRole('listbox', { name: 'Canned replies' }).getByRole('option').first().waitFor();
  await box(b).press('Enter');
  await soon(() => box(b).inputValue()).toMatch(/^Hello .*, behind the shop\.$/);
  await box(b).press('Enter');
  await soon(async () => (await v.hears()).at(-1)).toMatch(/behind the shop\.$/);
  await b.keyboard.press('Alt+P');
  await box(b).fill('drives a lorry');
  await box(b).press('Enter');
  await log(b).getByText('drives a lorry').waitFor();
  await b.keyboard.press('Alt+L');

  const a = await admin();
  await press(b, 'Transfer');
  const dialog = b.getByRole('dialog');
  await dialog.getByRole('radio', { name: /^Admin/ }).check();
  await dialog.getByLabel(/Note for whoever takes it/).fill('you know the yard');
  await dialog.getByRole('button', { name: 'Transfer' }).click();
  await soon(() => holderOf(v.conversation)).toBe('Admin');
  await row(a, short(v.id)).click();
  for (const seen of ['drives a lorry', 'you know the yard']) await log(a).getByText(seen).waitFor();
  await press(a, 'Close');
  await soon(() => phaseOf(v.conversation)).toBe('closed');
  expect((await v.hears()).join(' ')).not.toMatch(/lorry|yard/); // that is between colleagues
});

it('a conversation is tagged, found by its tag, put off, and back with the next word', async () => {
  const b = await wang();
  const v = await visitor();
  await v.say(text('is the blue one back?'));
  await soon(() => holderOf(v.conversation)).toBe('Wang Fang');
  await open(b, v.conversation);
  const pane = await details(b);
  await pane.getByRole('textbox', { name: 'Add a tag' }).fill(' Blue-One ');
  await pane.getByRole('textbox', { name: 'Add a tag' }).press('Enter');
  await pane.getByRole('button', { name: 'Remove the tag blue-one' }).waitFor();
  await row(b, short(v.id)).getByText('blue-one').waitFor();

  await press(b, 'Snooze until…');
  await press(b, 'In an hour');
  await soon(() => phaseOf(v.conversation)).toBe('snoozed');
  await b.getByRole('tab', { name: /^All/ }).click();
  await b.getByRole('searchbox').fill('blue-one');
  await row(b, short(v.id)).waitFor();
  await b.getByRole('searchbox').fill('');
  await v.say(text('I can not wait'));
  await soon(() => holderOf(v.conversation)).toBe('Wang Fang');
  await open(b, v.conversation);
  await pane.getByRole('button', { name: 'Remove the tag blue-one' }).click();
  await soon(async () => (await call<{ tags?: string[] }>('GET', `conversations/${v.conversation}`)).tags ?? []).toEqual([]);
  await press(b, 'Close');
  await soon(() => phaseOf(v.conversation)).toBe('closed');
});

it('what was said is found, with how far it was looked; whoever may not read it finds nothing', async () => {
  const a = await admin();
  const v = await visitor();
  await v.say(text('the Zanzibar parcel is late'));
  await soon(() => holderOf(v.conversation)).toBe('Admin');
  await v.say(text('and nobody answers'));
  await a.getByRole('tab', { name: /^All/ }).click();
  await a.getByRole('searchbox').fill('zanzibar');
  await press(a, 'Search what was said');
  const found = a.getByRole('region', { name: 'In what was said' });
  await found.getByText('the Zanzibar parcel is late').waitFor();
  await found.getByText(/Looked through all/).waitFor();
  await found.getByRole('link', { name: /Zanzibar/ }).click();
  await log(a).getByText('the Zanzibar parcel is late').waitFor();
  await a.getByRole('combobox', { name: 'Whose' }).selectOption({ label: 'Wang Fang' });
  await soon(() => found.getByRole('link').count()).toBe(0);
  await press(a, 'Search what was said');
  await found.getByText(/Nobody said that|0 conversation/).waitFor();
  await press(a, 'Close');
  await soon(() => phaseOf(v.conversation)).toBe('closed');
});

it('a network that is blocked is sent away and kept out, until somebody lets it in', async () => {
  const a = await admin();
  const v = await visitor();
  await go(a, 'setup/blocks');
  await press(a, 'Block somebody');
  const form = a.getByRole('form');
  await form.getByLabel('Or a network').fill('300.1.2.3');
  await form.getByRole('button', { name: /^(Save|Add)$/ }).click();
  await form
    .getByText(/an address or a range is expected/)
    .first()
    .waitFor();
  await form.getByLabel('Or a network').fill('127.0.0.0/8');
  await form.getByLabel('Reason').fill('a flood');
  await form.getByRole('button', { name: /^(Save|Add)$/ }).click();
  await a.getByText('127.0.0.0/8').first().waitFor();
  // At once, or with their next word: API Gateway closes without a reason.
  await soon(async () => {
    await v.say(text('let me in'));
    const last = (await v.hears()).at(-1);
    return /forbidden|4501|closed/.test(`${last}`) || `heard ${last}`;
  }).toBe(true);
  await expect(visitor()).rejects.toThrow();
  await press(a, 'Let in again');
  await a.getByRole('dialog').getByRole('button', { name: 'Let in again' }).click();
  await soon(async () => (await call<{ blocks: object[] }>('GET', 'blocks')).blocks.length).toBe(0);
  await soon(() =>
    visitor().then(
      () => 'in',
      () => 'out',
    ),
  ).toBe('in');
  await street.reload();
});

it('an admin erases a visitor, after a question; nobody else is offered to', async () => {
  const b = await wang();
  const v = await visitor();
  await v.say(text('forget me, my card is 4111'));
  await soon(() => holderOf(v.conversation)).toBe('Wang Fang');
  await open(b, v.conversation);
  await details(b);
  await soon(() => b.getByRole('button', { name: 'Erase…' }).count()).toBe(0);
  const a = await admin();
  await open(a, v.conversation);
  await details(a);
  await press(a, 'Erase…');
  const dialog = a.getByRole('dialog');
  await dialog.getByText('erased for good').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect(said(await logOf(v.conversation))).toEqual(['forget me, my card is 4111']);
  await press(a, 'Erase…');
  await dialog.getByRole('button', { name: 'Erase for good' }).click();
  await soon(() => a.evaluate(() => location.hash)).toBe('#/');
  await soon(async () => (await v.hears()).at(-1)).toBe('bye');
  await expect(phaseOf(v.conversation)).rejects.toThrow('404');
  await soon(() => row(b, short(v.id)).count()).toBe(0);
  await soon(() => a.getByText('4111').count()).toBe(0);
});

/** What an authenticator shows so many seconds from now: RFC 6238, SHA-1, six digits. */
function codeOf(secret: string, ahead = 0): string {
  const bits = [...secret.replace(/[\s=]/g, '').toUpperCase()].map((c) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'),
  );
  const key = Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((b) => Number.parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor((Date.now() / 1000 + ahead) / 30)));
  const sum = createHmac('sha1', key).update(counter).digest();
  return String((sum.readUInt32BE((sum.at(-1) ?? 0) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

it('a second factor is set up with an authenticator, and asked for from then on', async () => {
  const b = await wang();
  await go(b, 'setup/security');
  await b.getByLabel('Your present password').fill('a long one 7');
  await press(b, 'Set it up');
  const secret = (await b.locator('.setup-body code').first().textContent()) ?? '';
  await b.getByRole('img', { name: 'QR' }).waitFor();
  await b.getByLabel('Code').fill('000000');
  await press(b, 'Turn it on');
  await b.getByRole('form').getByRole('alert').first().waitFor();
  await b.getByLabel('Code').fill(codeOf(secret));
  await press(b, 'Turn it on');
  const recovery = ((await b.locator('pre.setup-code').textContent()) ?? '').split('\n');
  expect(recovery.length).toBeGreaterThan(5);
  await press(b, 'I have kept them');
  await b.getByText('recovery codes are left').waitFor();

  await press(b, 'Menu');
  await press(b, 'Sign out');
  const signIn = async (code?: string) => {
    await b.getByLabel('Name').fill('wang');
    await b.getByLabel('Password', { exact: true }).fill('a long one 7');
    if (code) await b.getByLabel('Code', { exact: true }).fill(code);
    await press(b, 'Sign in');
  };
  await signIn();
  await b.getByLabel('Code', { exact: true }).waitFor();
  await signIn('000000');
  await b.getByText('This code is wrong, or was used already.').waitFor();
  await signIn(codeOf(secret, 30)); // the one of now was used
  await b.getByRole('status').getByText('Connected').waitFor();
  await press(b, 'Menu');
  await press(b, 'Sign out');
  await signIn();
  await signIn(recovery[0]);
  await b.getByRole('status').getByText('Connected').waitFor();
  const { id } = (await call<{ agents: { id: string; name: string }[] }>('GET', 'agents')).agents.find((x) => x.name === 'wang')!;
  await call('DELETE', `agents/${id}/totp`);
});
