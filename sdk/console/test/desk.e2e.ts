import { describe, expect, it } from 'vitest';
import { box, button, desk, enter, eventually, held, log, page, row } from './stage.ts';

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
    await eventually(() => page.getByLabel('Name').inputValue()).toBe('lina');
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
    await eventually(() => page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).not.toContain('token-');
  });

  it('can show the password', async () => {
    await enter({});
    await page.getByLabel('Password', { exact: true }).fill('secret');
    await button('Show the password').click();
    await eventually(() => page.getByLabel('Password', { exact: true }).getAttribute('type')).toBe('text');
    await eventually(() => page.getByLabel('Password', { exact: true }).inputValue()).toBe('secret');
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
    await eventually(() => button('Close').isDisabled()).toBe(true);
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
    await eventually(() => desk.agents.get('lina')?.status).toBe('away');
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

  it('changes the password and stays signed in', async () => {
    await enter();
    await button('Menu').click();
    await button('Change password').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Present password').fill('wrong horse');
    await dialog.getByLabel('New password', { exact: true }).fill('battery staple');
    await dialog.getByLabel('New password once more').fill('battery stable');
    await dialog.getByRole('button', { name: 'Change password' }).click();
    await dialog.getByText('The two are not the same.').waitFor();
    await dialog.getByLabel('New password once more').fill('battery staple');
    await dialog.getByRole('button', { name: 'Change password' }).click();
    await dialog.getByText('This is not your present password.').waitFor();
    await dialog.getByLabel('Present password').fill('correct horse');
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
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('speaks both languages, and remembers which', async () => {
    await enter({ agent: 'lina', locale: 'zh-CN' });
    await page.getByRole('tab', { name: '我的' }).waitFor();
    await eventually(() => page.locator('html').getAttribute('lang')).toBe('zh-CN');
    await button('菜单').click();
    await page.getByLabel('语言').selectOption('en');
    await page.getByRole('tab', { name: 'Mine' }).waitFor();
    await page.reload();
    await page.getByRole('tab', { name: 'Mine' }).waitFor();
  });

  it('says in the page’s language what is wrong in a spreadsheet, and where', async () => {
    desk.fail.set('POST /v1/replies', {
      status: 400,
      body: {
        code: 'invalid',
        detail: 'title: …',
        errors: [{ location: 'body.title', message: '1 to 80 characters are expected' }],
      },
    });
    await enter({ agent: 'lina', hash: '#/setup/replies', locale: 'zh-CN' });
    const buffer = Buffer.from('title,shortcut,text,shared,group\r\n,ref,Hello,true,\r\n');
    await page.getByLabel('导入 CSV').setInputFiles({ name: '回复.csv', mimeType: 'text/csv', buffer });
    await page.getByText('第 2 行及之后未导入：标题: 应为 1 至 80 个字符').waitFor();
  });

  it('on a phone shows one pane at a time', async () => {
    held('c1', 'hello');
    await enter({ agent: 'lina', viewport: { width: 390, height: 844 } });
    await row(/Ann c1/).click();
    await log().getByText('hello').waitFor();
    await eventually(() => page.getByRole('navigation', { name: 'Conversations' }).isVisible()).toBe(false);
    await button('Back to the list').click();
    await row(/Ann c1/).waitFor();
    await page.goBack();
    await log().getByText('hello').waitFor();
    await eventually(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });
});
