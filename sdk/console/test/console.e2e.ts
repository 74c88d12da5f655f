import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch, type Opened, open } from './browser.ts';
import { FakeDesk } from './fake.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
let desk: FakeDesk;
let opened: Opened;
let page: Page;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

beforeEach(() => {
  desk = new FakeDesk(() => Date.now());
  desk.account({ id: 'lina', display: 'Li Na', role: 'admin' });
  desk.account({ id: 'bob', display: 'Bob' });
  for (const id of ['lina', 'bob']) Object.assign(desk.agents.get(id) ?? {}, { status: 'online' });
});
afterEach(async () => {
  // Whatever a test looked at, the browser had nothing to complain about: no error, no breach of the policy.
  expect(opened.complaints).toEqual([]);
  await opened.close();
});

async function enter(options: BrowserContextOptions & { agent?: string; hash?: string } = { agent: 'lina' }) {
  opened = await open(browser, desk, options);
  page = opened.page;
}

/** A conversation that Li Na holds. */
function held(id: string, ...texts: string[]): void {
  desk.visitor(id, { name: `Ann ${id}` });
  for (const text of texts) desk.visitorSays(id, text);
  desk.assign(id, 'lina', {
    tier: 'shard',
    key: 'refund',
    members: 2,
    shard: 1,
    able: 1,
    candidates: [{ agent: { id: 'lina', name: 'Li Na' }, shard: true, load: 0.2 }],
    removed: [{ agent: { id: 'bob', name: 'Bob' }, bar: 'full' }],
  });
}

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
const box = () => page.getByRole('textbox', { name: 'Message' });
const log = () => page.getByRole('log');
const row = (name: string | RegExp) => page.getByRole('navigation').getByRole('button', { name });

/** Waits until something is so; says what it saw last when it is not. */
const eventually = <T>(look: () => Promise<T> | T) => expect.poll(look, { timeout: 10_000 });

async function violations(): Promise<string[]> {
  // The page's policy allows no script of ours in it; what a debugger evaluates is not under it.
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
    return (await axe.run()).violations;
  });
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`);
}

/** Buttons and fields that are smaller than a finger, and parts that are wider than their place. */
function small(): Promise<string[]> {
  return page.evaluate(() => {
    const wide = [...document.querySelectorAll('.app, .bar, .thread-head, .dialog')].filter((e) => e.scrollWidth > e.clientWidth);
    const fields = 'button, select, input:not([type=checkbox]):not([type=radio]):not([aria-hidden]), textarea';
    const tiny = [...document.querySelectorAll(fields)].filter((e) => {
      const { width, height } = e.getBoundingClientRect();
      return width > 0 && Math.min(width, height) < 43.5;
    });
    return [...wide, ...tiny].map(
      (e) => `${e.className} "${e.textContent}" ${e.scrollWidth}x${e.scrollHeight} in ${e.clientWidth}`,
    );
  });
}

describe('signing in', () => {
  const fill = async (name: string, password: string) => {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await button('Sign in').click();
  };

  it('says in words what is wrong, and keeps what was typed', async () => {
    await enter({});
    await button('Sign in').click();
    await page.getByRole('alert').getByText('Enter your name and your password.').waitFor();
    await fill('lina', 'wrong');
    await page.getByRole('alert').getByText('Name or password is wrong.').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('lina');
    desk.fail.set('POST /v1/login', { status: 429, body: { code: 'rate_limited', retry: 12 } });
    await fill('lina', 'wrong');
    await page.getByRole('alert').getByText('Wait 12 seconds').waitFor();
  });

  it('opens the desk, lasts over a reload, and ends', async () => {
    await enter({});
    await fill('lina', 'correct horse');
    await page.getByRole('status').getByText('Connected').waitFor();
    expect(page.url()).not.toContain('token');
    await page.reload();
    await page.getByRole('status').getByText('Connected').waitFor();
    await button('Menu').click();
    await button('Sign out').click();
    await button('Sign in').waitFor();
    expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).not.toContain('token-');
  });

  it('can show the password', async () => {
    await enter({});
    await page.getByLabel('Password', { exact: true }).fill('secret');
    await button('Show the password').click();
    expect(await page.getByLabel('Password', { exact: true }).getAttribute('type')).toBe('text');
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('secret');
  });
});

describe('a conversation', () => {
  it('is taken from the queue, answered, and closed', async () => {
    desk.visitor('c1', { name: 'Ann' }, { tag: 'refund' });
    desk.visitorSays('c1', 'where is my parcel?');
    await enter();
    await page.getByRole('tab', { name: /Waiting/ }).click();
    const list = page.getByRole('list', { name: 'Waiting' });
    await list.getByText('No. 1').waitFor();
    await list.getByRole('button', { name: 'Take the conversation with Ann' }).click();
    await log().getByText('where is my parcel?').waitFor();
    await log().getByText('Assigned to you').waitFor();
    await box().fill('on its way');
    await button('Send').click();
    await log().getByText('on its way').waitFor();
    await eventually(() => desk.talk('c1').log.at(-1)?.body).toEqual({ kind: 'text', text: 'on its way' });
    await log().getByRole('img', { name: 'Delivered to the server' }).waitFor();
    desk.push({ type: 'read', conversation: 'c1', by: { kind: 'visitor' }, seq: desk.talk('c1').head.seq });
    await log().getByRole('img', { name: 'Read by the visitor' }).waitFor();
    await button('Close').click();
    await log().getByText('Closed by you').waitFor();
    await button('Reopen').click();
    await eventually(() => desk.talk('c1').head.phase).toBe('held');
    await box().fill('one more thing');
    await box().press('Enter');
    await log().getByText('one more thing').waitFor();
  });

  it('shows typing with its text, marks what is read, and counts what is not', async () => {
    held('c1', 'hello');
    held('c2', 'hi', 'anybody?');
    await enter();
    await eventually(() => page.title()).toBe('(3) Kefu console');
    await row(/Ann c2/).click();
    await eventually(() => page.title()).toBe('(1) Kefu console');
    expect(desk.got).toContainEqual({ type: 'read', conversation: 'c2', seq: 5 });
    desk.push({ type: 'typing', conversation: 'c2', by: { kind: 'visitor' }, text: 'I wonder' });
    await log().getByText('I wonder').waitFor();
    desk.visitorSays('c2', 'I wondered');
    await log().getByText('I wondered').waitFor();
    expect(await log().getByText('I wonder', { exact: true }).count()).toBe(0);
    desk.visitor('c3', { name: 'New One' });
    await page.getByRole('status').getByText('New in the queue: New One').waitFor({ state: 'attached' });
  });

  it('tells why it was assigned', async () => {
    held('c1', 'hello');
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await button('Show why Li Na was chosen').click();
    await log().getByText('lowest load of those responsible for “refund”').waitFor();
    await log().getByRole('row', { name: 'Bob – no free seat' }).waitFor();
  });

  it('takes a note that the visitor does not see, and keeps it apart from the reply', async () => {
    held('c1', 'hello');
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await box().fill('half a reply');
    await page.keyboard.press('Alt+P');
    await box().fill('careful with this one');
    await button('Add note').click();
    await log().getByText('careful with this one').waitFor();
    await eventually(() => desk.talk('c1').log.at(-1)?.internal).toBe(true);
    await page.keyboard.press('Alt+L');
    expect(await box().inputValue()).toBe('half a reply');
  });

  it('is transferred with a note; what the server refuses is said in the dialog', async () => {
    held('c1', 'hello');
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await button('Transfer').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Transfer' }).click();
    await dialog.getByRole('alert').getByText('Choose an agent or a group.').waitFor();
    await dialog.getByRole('radio', { name: /Bob/ }).check();
    desk.refuse.set('transfer', { code: 'full' });
    await dialog.getByRole('button', { name: 'Transfer' }).click();
    await dialog.getByRole('alert').getByText('Bob has no free seat any more.').waitFor();
    await dialog.getByLabel(/Note for whoever takes it/).fill('a VIP');
    await dialog.getByRole('button', { name: 'Transfer' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(desk.talk('c1').log.at(-1)?.body).toMatchObject({ kind: 'transferred', note: 'a VIP', to: { agent: { id: 'bob' } } });
    await log().getByText('a VIP').waitFor();
    await page.getByText('Bob holds this conversation; you may still write in it.').waitFor();
  });

  it('that a colleague took first says so where it was clicked', async () => {
    desk.visitor('c1', { name: 'Ann' });
    await enter();
    await page.getByRole('tab', { name: /Waiting/ }).click();
    await row('Take the conversation with Ann').waitFor();
    desk.lose.add('conversation');
    desk.assign('c1', 'bob');
    desk.refuse.set('take', { code: 'conflict' });
    await row('Take the conversation with Ann').click();
    await page.getByRole('alert').getByText('Bob was faster and holds it now.').waitFor();
  });

  it('shows text as text, and links only to the web', async () => {
    held('c1', '<img src=x onerror=alert(1)> <b>bold</b>', 'see https://a.example/x. or javascript:alert(1)');
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await log().getByText('<img src=x onerror=alert(1)> <b>bold</b>').waitFor();
    expect(await log().locator('img, b').count()).toBe(0);
    const links = await log()
      .locator('a')
      .evaluateAll((all) => all.map((a) => [a.getAttribute('href'), a.getAttribute('rel')]));
    expect(links).toEqual([['https://a.example/x', 'noopener noreferrer nofollow']]);
  });
});

describe('the composer', () => {
  beforeEach(async () => {
    held('c1', 'hello');
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await box().waitFor();
  });

  it('does not send what an input method is still composing', async () => {
    await box().fill('ni hao');
    for (const how of [{ isComposing: true }, { keyCode: 229 }])
      await box().evaluate(
        (e, init) => e.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init })),
        how,
      );
    await box().press('Shift+Enter');
    expect(await box().inputValue()).toBe('ni hao\n');
    expect(desk.got.filter((f) => f.type === 'send')).toEqual([]);
    await box().press('Enter');
    await eventually(() => desk.talk('c1').log.at(-1)?.body).toEqual({ kind: 'text', text: 'ni hao' });
    expect(await box().inputValue()).toBe('');
  });

  it('keeps a draft over a reload', async () => {
    await box().fill('half a sentence');
    await page.reload();
    await eventually(() => box().inputValue()).toBe('half a sentence');
  });

  it('grows with its text, counts near the limit, and sends nothing beyond it', async () => {
    const before = (await box().boundingBox())?.height ?? 0;
    await box().fill('a\nb\nc\nd');
    expect((await box().boundingBox())?.height).toBeGreaterThan(before + 40);
    await box().fill('😀'.repeat(3_900));
    await page.getByText('100 characters left').waitFor();
    await box().fill('x'.repeat(4_001));
    await page.getByText('1 character too many').waitFor();
    expect(await button('Send').isDisabled()).toBe(true);
    await box().press('Enter');
    expect(desk.got.filter((f) => f.type === 'send')).toEqual([]);
  });
});

describe('the log', () => {
  it('pages back without losing the place, and has a pill to the end', async () => {
    held('c1');
    for (let i = 1; i <= 130; i++) desk.visitorSays('c1', `message number ${i}`);
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await log().getByText('message number 130', { exact: true }).waitFor();
    const first = log().getByText('message number 81', { exact: true });
    await log().evaluate((e) => {
      e.scrollTop = 100;
    });
    await log().getByText('message number 40', { exact: true }).waitFor({ state: 'attached' });
    expect(
      await first.evaluate((e) => Math.abs(e.getBoundingClientRect().top - (e.closest('.log')?.getBoundingClientRect().top ?? 0))),
    ).toBeLessThan(900);
    desk.visitorSays('c1', 'fresh');
    await button('1 new message').click();
    await eventually(() => log().evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2)).toBe(true);
    expect(await button(/new message|latest/).count()).toBe(0);
  });

  it('says when it could not be loaded, and loads again', async () => {
    held('c1', 'hello');
    const events = 'GET /v1/conversations/c1/events';
    desk.broken.add(events);
    desk.fail.set(events, { status: 503, body: {} });
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await page.getByText('The messages could not be loaded.').waitFor();
    await button('Try again').click();
    await page.getByText('The messages could not be loaded.').waitFor();
    desk.fail.clear();
    await button('Try again').click();
    await log().getByText('hello').waitFor();
  });
});

describe('the connection', () => {
  it('is always shown; what is written without one is kept and sent once', async () => {
    held('c1', 'hello');
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await page.getByRole('status').getByText('Connected').waitFor();
    desk.mute.add('hello');
    desk.cut();
    await page
      .getByRole('status')
      .getByText(/Reconnecting|Connecting/)
      .waitFor();
    await box().fill('written in the dark');
    await box().press('Enter');
    await log().getByText('Will be sent when the connection is back').waitFor();
    expect(await button('Close').isDisabled()).toBe(true);
    await page.reload();
    desk.mute.clear();
    await page.reload();
    await page.getByRole('status').getByText('Connected').waitFor();
    await eventually(
      () => desk.talk('c1').log.filter((e) => e.body.kind === 'text' && e.body.text === 'written in the dark').length,
    ).toBe(1);
    await log().getByText('written in the dark').waitFor();
  });

  it('that another page has taken can be taken back', async () => {
    await enter();
    await page.getByRole('status').getByText('Connected').waitFor();
    desk.cut(4503);
    await button('Use this one').click();
    await page.getByRole('status').getByText('Connected').waitFor();
  });

  it('that ends with the session asks to sign in again, and keeps the place', async () => {
    held('c1', 'hello');
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await box().fill('half a sentence');
    desk.cut(4004);
    await page.getByText('Your session has ended.').waitFor();
    await page.getByLabel('Name').fill('lina');
    await page.getByLabel('Password', { exact: true }).fill('correct horse');
    await button('Sign in').click();
    await eventually(() => box().inputValue()).toBe('half a sentence');
  });
});

describe('the desk', () => {
  it('changes status and capacity', async () => {
    await enter();
    await page.getByRole('group', { name: 'Your status' }).getByRole('button', { name: 'Away' }).click();
    await eventually(() => desk.agents.get('lina')?.status).toBe('away');
    await button('You hold 0 of 5 conversations').click();
    await button('One conversation more').click();
    await eventually(() => desk.agents.get('lina')?.capacity).toBe(6);
    await button('You hold 0 of 6 conversations').waitFor();
    expect(desk.agents.get('lina')?.status).toBe('away');
  });

  it('tells an agent who holds nothing what to do', async () => {
    Object.assign(desk.agents.get('lina') ?? {}, { status: 'offline' });
    desk.visitor('c1');
    await enter();
    await button('Go online').click();
    await page.getByText('1 visitor is waiting. Take the first one.').waitFor();
    await button('See who is waiting').click();
    await page.getByRole('list', { name: 'Waiting' }).waitFor();
  });

  it('makes a second agent, who can then be transferred to', async () => {
    held('c1', 'hello');
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await button('Menu').click();
    await button('Team').click();
    const dialog = page.getByRole('dialog', { name: 'Team' });
    await dialog.getByLabel('Name to sign in with').fill('bob');
    await dialog.getByLabel('Password').fill('long enough');
    await dialog.getByRole('button', { name: 'Create agent' }).click();
    await dialog.getByText('This name is taken.').waitFor();
    await dialog.getByLabel('Name to sign in with').fill('wang');
    await dialog.getByLabel('Name visitors see').fill('Wang Fang');
    await dialog.getByRole('button', { name: 'Create agent' }).click();
    await dialog.getByText('wang can sign in now.').waitFor();
    await dialog.getByText('Wang Fang').waitFor();
    expect(desk.accounts.get('a_wang')).toMatchObject({ role: 'agent', groups: ['default'], capacity: 5 });
  });

  it('changes the password and stays signed in', async () => {
    await enter();
    await button('Menu').click();
    await button('Change password').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('New password', { exact: true }).fill('battery staple');
    await dialog.getByLabel('New password once more').fill('battery stable');
    await dialog.getByRole('button', { name: 'Change password' }).click();
    await dialog.getByText('The two are not the same.').waitFor();
    await dialog.getByLabel('New password once more').fill('battery staple');
    await dialog.getByRole('button', { name: 'Change password' }).click();
    await dialog.getByText('Your password is changed.').waitFor();
    await eventually(() => desk.got.filter((f) => f.type === 'hello').length).toBe(2);
    await page.getByRole('status').getByText('Connected').waitFor();
  });

  it('is worked by keys', async () => {
    held('c1', 'one');
    held('c2', 'two');
    await enter();
    await row(/Ann c1/).waitFor();
    await page.keyboard.press('Alt+J');
    await log().getByText('one').waitFor();
    await page.keyboard.press('Alt+J');
    await log().getByText('two').waitFor();
    await page.keyboard.press('Alt+K');
    await log().getByText('one').waitFor();
    await page.keyboard.press('Alt+E');
    await eventually(() => desk.talk('c1').head.phase).toBe('closed');
    await button('Menu').click();
    await button('Change password').click();
    await page.getByRole('dialog', { name: 'Change your password' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('speaks both languages, and remembers which', async () => {
    await enter({ agent: 'lina', locale: 'zh-CN' });
    await page.getByRole('tab', { name: '我的' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    await button('菜单').click();
    await page.getByLabel('语言').selectOption('en');
    await page.getByRole('tab', { name: 'Mine' }).waitFor();
    await page.reload();
    await page.getByRole('tab', { name: 'Mine' }).waitFor();
  });

  it('on a phone shows one pane at a time', async () => {
    held('c1', 'hello');
    await enter({ agent: 'lina', viewport: { width: 390, height: 844 } });
    await row(/Ann c1/).click();
    await log().getByText('hello').waitFor();
    expect(await page.getByRole('navigation').isVisible()).toBe(false);
    await button('Back to the list').click();
    await row(/Ann c1/).waitFor();
    await page.goBack();
    await log().getByText('hello').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });
});

describe('for everybody', () => {
  const desktop = { width: 1440, height: 900 };
  const phone = { width: 390, height: 844 };
  const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
    [desktop, phone].map((viewport) => ({ colorScheme, viewport })),
  );

  it.each(looks)('axe and a ruler find nothing, $colorScheme $viewport.width', async (look) => {
    held('c1', 'hello', 'a long one '.repeat(40));
    desk.say('c1', { kind: 'agent', id: 'lina' }, 'a note', true);
    desk.say('c1', { kind: 'bot', id: 'bot' }, 'the assistant');
    desk.visitor('c2', { name: 'Bo' }, { tag: 'refund' });
    await enter({ ...look });
    await button('Sign in').waitFor();
    expect(await violations()).toEqual([]);
    await page.evaluate(() =>
      sessionStorage.setItem(
        'kefu.session',
        JSON.stringify({ token: 'token-lina', agent: { id: 'lina', name: 'lina', role: 'admin', groups: ['default'] } }),
      ),
    );
    await page.reload();
    await row(/Ann c1/).waitFor();
    expect([...(await violations()), ...(await small())]).toEqual([]);
    await page.getByRole('tab', { name: /Waiting/ }).click();
    await page.getByText('No. 1').waitFor();
    expect([...(await violations()), ...(await small())]).toEqual([]);
    await page.getByRole('tab', { name: /Mine/ }).click();
    await row(/Ann c1/).click();
    desk.refuse.set('send', { code: 'forbidden' });
    await box().fill('refused');
    await box().press('Enter');
    await button('Send again').waitFor();
    await button('Show why Li Na was chosen').click();
    await button('Details').click();
    expect([...(await violations()), ...(await small())]).toEqual([]);
    await button('Hide the details').click();
    await button('Transfer').click();
    await page.getByRole('dialog').waitFor();
    expect([...(await violations()), ...(await small())]).toEqual([]);
    await page.keyboard.press('Escape');
    if (look.viewport === phone) await button('Back to the list').click();
    for (const name of ['Team', 'Change password', 'Keyboard shortcuts']) {
      await button('Menu').click();
      expect([...(await violations()), ...(await small())]).toEqual([]);
      await button(name).click();
      await page.getByRole('dialog').waitFor();
      if (name === 'Team') await page.getByRole('list', { name: 'Agents' }).waitFor();
      expect([...(await violations()), ...(await small())]).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
  });
});
