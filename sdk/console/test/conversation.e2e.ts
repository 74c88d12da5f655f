import { beforeEach, describe, expect, it } from 'vitest';
import { box, button, desk, enter, eventually, held, log, page, row } from './stage.ts';

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
    await eventually(() => desk.got).toContainEqual({ type: 'read', conversation: 'c2', seq: 5 });
    desk.push({ type: 'typing', conversation: 'c2', by: { kind: 'visitor' }, text: 'I wonder' });
    await log().getByText('I wonder').waitFor();
    desk.visitorSays('c2', 'I wondered');
    await log().getByText('I wondered').waitFor();
    await eventually(() => log().getByText('I wonder', { exact: true }).count()).toBe(0);
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
    await eventually(() => box().inputValue()).toBe('half a reply');
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
    await eventually(() => desk.talk('c1').log.at(-1)?.body).toMatchObject({
      kind: 'transferred',
      note: 'a VIP',
      to: { agent: { id: 'bob' } },
    });
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
    await eventually(() => log().locator('img, b').count()).toBe(0);
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
    await eventually(() => box().inputValue()).toBe('ni hao\n');
    expect(desk.got.filter((f) => f.type === 'send')).toEqual([]);
    await box().press('Enter');
    await eventually(() => desk.talk('c1').log.at(-1)?.body).toEqual({ kind: 'text', text: 'ni hao' });
    await eventually(() => box().inputValue()).toBe('');
  });

  it('sends all that was typed, and to whom it was meant, however fast the keys come', async () => {
    await box().fill('hel');
    await box().evaluate((e) => {
      const type = (text: string) => {
        (e as HTMLTextAreaElement).value += text;
        e.dispatchEvent(new InputEvent('input', { bubbles: true }));
      };
      const press = (init: KeyboardEventInit) =>
        e.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }));
      type('l');
      type('o');
      press({ key: 'Enter' });
      type('half a reply');
      press({ key: 'p', code: 'KeyP', altKey: true });
      type('a note');
    });
    await eventually(() => desk.talk('c1').log.at(-1)?.body).toEqual({ kind: 'text', text: 'hello' });
    await eventually(() => box().inputValue()).toBe('a note');
    await page.keyboard.press('Alt+L');
    await eventually(() => box().inputValue()).toBe('half a reply');
  });

  it('goes to whom was chosen within the frame in which it was sent', async () => {
    await button('Transfer').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: /Bob/ }).waitFor();
    await dialog.evaluate((e) => {
      const note = e.querySelector('textarea')!;
      note.value = 'she waits for a refund';
      note.dispatchEvent(new InputEvent('input')); // heard by the field alone: its drawing waits for the frame
      e.querySelector<HTMLInputElement>('input[type=radio][value="agent:bob"]')!.click();
      e.querySelector<HTMLButtonElement>('button[type=submit]')!.click();
    });
    await eventually(() => desk.talk('c1').log.at(-1)?.body).toMatchObject({
      kind: 'transferred',
      to: { agent: { id: 'bob' } },
      note: 'she waits for a refund',
    });
  });

  it('what a list is set to is not put back by what waits to be drawn', async () => {
    await page.getByRole('tab', { name: 'All' }).click();
    await page.locator('#all-filter').evaluate((e) => {
      const search = document.querySelector<HTMLInputElement>('#list-search')!;
      search.value = 'a';
      search.dispatchEvent(new InputEvent('input'));
      (e as HTMLSelectElement).value = 'closed';
      for (const name of ['input', 'change']) e.dispatchEvent(new Event(name, { bubbles: true }));
    });
    await eventually(() => page.locator('#all-filter').inputValue()).toBe('closed');
    await page.getByText('Nothing found').waitFor();
    expect(await page.getByRole('searchbox').inputValue()).toBe('a');
  });

  it('takes a suggestion and a translation by their keys, and stays at the end when something there grows', async () => {
    desk.assist = ['default'];
    for (let i = 0; i < 20; i++) desk.visitorSays('c1', `line ${i}`);
    await page.reload();
    await log().getByText('line 19').waitFor();
    const answers = (what: string, text: string) =>
      desk.fail.set(`POST /v1/conversations/c1/${what}`, { status: 200, body: { text } });
    answers('suggestion', 'It was sent today.');
    answers('translation', 'a long one\n'.repeat(12));
    await button('Suggest a reply').waitFor();
    await page.keyboard.press('Alt+G');
    await eventually(() => box().inputValue()).toBe('It was sent today.');
    await page.keyboard.press('Alt+I');
    await log().getByText('a long one').waitFor();
    await eventually(() => log().evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight)).toBeLessThan(2);
  });

  it('keeps a draft over a reload', async () => {
    await box().fill('half a sentence');
    await page.reload();
    await eventually(() => box().inputValue()).toBe('half a sentence');
  });

  it('grows with its text, counts near the limit, and sends nothing beyond it', async () => {
    const before = (await box().boundingBox())?.height ?? 0;
    await box().fill('a\nb\nc\nd');
    await eventually(async () => (await box().boundingBox())?.height).toBeGreaterThan(before + 40);
    await box().fill('😀'.repeat(3_900));
    await page.getByText('100 characters left').waitFor();
    await box().fill('x'.repeat(4_001));
    await page.getByText('1 character too many').waitFor();
    await eventually(() => button('Send').isDisabled()).toBe(true);
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
    await eventually(() =>
      first.evaluate((e) => Math.abs(e.getBoundingClientRect().top - (e.closest('.log')?.getBoundingClientRect().top ?? 0))),
    ).toBeLessThan(900);
    desk.visitorSays('c1', 'fresh');
    await button('1 new message').click();
    await eventually(() => log().evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2)).toBe(true);
    await eventually(() => button(/new message|latest/).count()).toBe(0);
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
