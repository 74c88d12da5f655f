import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Shop } from './browser.ts';
import { later } from './stage.ts';
import {
  bubbles,
  chat,
  DESKTOP,
  greet,
  input,
  LI_NA,
  launcher,
  log,
  PHONE,
  pick,
  ROOM,
  say,
  shown,
  soon,
  stage,
} from './widget.ts';

/** What a chat can begin without: the form before it, what comes with a message, what follows it, and the menu. */
const { answer, start } = stage();

const FORM = {
  text: 'A word before we begin',
  fields: [
    { id: 'name', label: 'Your name', type: 'text' as const, required: true },
    { id: 'topic', label: 'Topic', type: 'select' as const, options: ['Order', 'Tea'] },
    { id: 'more', label: 'More', type: 'textarea' as const },
  ],
};
const form = (page: Page) => page.getByRole('button', { name: 'Start chat' });
const said = (s: Shop, kind: string) => s.desk.room(ROOM).log.flatMap(({ body }) => (body.kind === kind ? [body] : []));

describe('before the first message', () => {
  it('the site’s form comes first, and is filled in the next time', async () => {
    const s = await start(DESKTOP, { form: FORM, quick: ['Delivery'] });
    s.desk.greeting = 'Hello';
    const page = await s.open();
    await launcher(page).click();
    await form(page).click();
    await shown(page.locator('input:invalid'));
    await soon(() => input(page).isVisible()).toBe(false);
    await soon(() => page.getByRole('button', { name: 'Delivery' }).count()).toBe(0);
    await page.getByLabel('Your name').fill(' Ada ');
    await page.getByLabel('Topic').selectOption('Tea');
    await form(page).click();
    const fields = [
      { id: 'name', label: 'Your name', value: 'Ada' },
      { id: 'topic', label: 'Topic', value: 'Tea' },
    ];
    await soon(() => said(s, 'form')).toEqual([{ kind: 'form', fields }]);
    await soon(() => bubbles(page)).toEqual(['Hello', 'Your name: Ada\nTopic: Tea']);
    await say(page, 'Which is the lightest?');
    await soon(() => s.desk.said(ROOM)).toEqual(['Which is the lightest?']);
    await pick(page, 'End this chat', 2);
    await form(page).waitFor();
    await soon(() => page.getByLabel('Your name').inputValue()).toBe('Ada');
  });

  it('quick replies and the privacy notice leave with the first message', async () => {
    const privacy = { text: 'We keep this for 30 days.', url: 'https://shop.example/privacy' };
    const s = await start(DESKTOP, { quick: ['Delivery', 'Returns'], privacy });
    s.desk.greeting = 'Hello';
    const page = await s.open();
    await chat(page);
    const link = page.getByRole('link', { name: 'Privacy notice' });
    expect([await link.getAttribute('href'), await link.getAttribute('rel')]).toEqual([privacy.url, 'noopener']);
    await page.getByRole('button', { name: 'Returns' }).click();
    await soon(() => s.desk.said(ROOM)).toEqual(['Returns']);
    await link.waitFor({ state: 'hidden' });
    await soon(() => page.getByRole('button', { name: 'Delivery' }).count()).toBe(0);
  });

  it('nobody is there: it says so, when somebody is, and takes a message', async () => {
    const opens = new Date(Date.now() + 86_400_000).toISOString();
    const days = [1, 2, 3, 4, 5].map((day) => ({ day, from: '09:00', until: '18:00' }));
    const s = await start({ ...DESKTOP, timezoneId: 'Europe/Berlin' }, { open: false, opens, hours: days, zone: 'Asia/Shanghai' });
    const page = await s.open();
    await chat(page);
    await shown(page.getByRole('status').getByText(/We are away now\. Leave a message.*We are back \w+day/));
    await page.getByRole('button', { name: 'More' }).click();
    await soon(() => page.locator('.menu div').textContent()).toBe('Opening hoursMon–Fri09:00–18:00Asia/Shanghai');
    await page.keyboard.press('Escape');
    await soon(() => input(page).isVisible()).toBe(true);
    await say(page, 'Call me back');
    await soon(() => s.desk.said(ROOM)).toEqual(['Call me back']);
  });

  it('an invitation is shown once, where the site wants it, and leads into the chat', async () => {
    const invite = [
      { id: 'never', text: 'Not here', path: '/checkout/*' },
      { id: 'tea', text: 'Looking for a gift?', after: 0.5, path: '/demo*' },
    ];
    const s = await start(DESKTOP, { invite });
    const page = await s.open();
    const card = page.getByRole('button', { name: 'Looking for a gift?' });
    await shown(card);
    await card.click();
    await shown(input(page));
    await soon(() => card.count()).toBe(0);
    const again = await s.open();
    await soon(() => s.desk.guests.size).toBeGreaterThan(0);
    await again.clock.install();
    await again.clock.runFor(5_000);
    await soon(() => again.getByText(/gift|Not here/).count()).toBe(0);
  });
});

describe('what comes with a message', () => {
  const PIXEL = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const png = { name: 'leaf.png', mimeType: 'image/png', buffer: PIXEL };
  const uploads = { size: 1_048_576, types: ['image/png', 'application/pdf'] };
  const image = { url: '/v1/files/k/leaf.png', name: 'leaf.png', size: 70, mime: 'image/png', width: 1, height: 1 };
  const serve = (s: Shop, f: (fields: string) => { status: number; body: object }) =>
    s.context.route('**/v1/uploads', (route) => {
      const { status, body } = f(route.request().postDataBuffer()!.toString('latin1'));
      return route.fulfill({ status, json: body });
    });
  const choose = (page: Page, ...files: (typeof png)[]) => page.locator('input[type=file]').setInputFiles(files);

  it('files are uploaded when they are chosen, and leave with the words', async () => {
    const s = await start(DESKTOP, { uploads });
    const fields: string[] = [];
    await serve(s, (all) => {
      fields.push(...[...all.matchAll(/name="(\w+)"/g)].map(([, name]) => name!));
      return { status: 201, body: image };
    });
    await s.context.route('**/v1/files/**', (route) => route.fulfill({ contentType: 'image/png', body: PIXEL }));
    const page = await s.open();
    await greet(page);
    await choose(page, png);
    await input(page).fill('This leaf');
    await input(page).press('Enter');
    await shown(log(page).getByAltText('leaf.png'));
    expect(fields).toEqual(['token', 'name', 'file']);
    await soon(() => said(s, 'image')).toEqual([{ kind: 'image', ...image }]);
    await soon(() => s.desk.said(ROOM)).toEqual(['hi', 'This leaf']);
    await soon(() => page.getByRole('button', { name: 'Remove leaf.png' }).count()).toBe(0);
  });

  it('where the desk wants it elsewhere the file goes there', async () => {
    const s = await start(DESKTOP, { uploads: { ...uploads, post: true } });
    const order: string[] = [];
    await serve(s, (all) => {
      order.push(/name="size"\r\n\r\n70/.test(all) && !/filename/.test(all) ? 'asked' : 'wrong');
      return { status: 201, body: { ...image, post: { url: 'https://shop.example/bucket', fields: { key: 'k' } } } };
    });
    await s.context.route('**/bucket', (route) => {
      order.push(
        /name="key"[\s\S]*name="file"; filename="leaf.png"/.test(`${route.request().postDataBuffer()}`) ? 'stored' : 'wrong',
      );
      return route.fulfill({ status: 204 });
    });
    const page = await s.open();
    await greet(page);
    await choose(page, png);
    await soon(() => order).toEqual(['asked', 'stored']);
    await page.getByRole('button', { name: 'Send' }).click();
    await soon(() => said(s, 'image').length).toBe(1);
  });

  it('what can not be uploaded says why, and what may go well is tried again', async () => {
    const s = await start(DESKTOP, { uploads });
    const answers = [503, 413, 201];
    await serve(s, () => ({ status: answers.shift()!, body: { ...image, code: 'unavailable' } }));
    const page = await s.open();
    await greet(page);
    await choose(page, { ...png, name: 'run.exe', mimeType: 'application/x-msdownload' });
    await shown(page.getByText('This kind of file is not accepted'));
    await choose(page, { ...png, name: 'big.png', buffer: Buffer.alloc(1_048_577) });
    await shown(page.getByText('Larger than 1 MB'));
    await page.getByRole('button', { name: 'Remove run.exe' }).click();
    await page.getByRole('button', { name: 'Remove big.png' }).click();
    await choose(page, png);
    await page.getByRole('alert').getByRole('button', { name: 'Retry' }).click();
    await shown(page.getByText('Larger than 1 MB'));
    await input(page).press('Enter');
    expect(said(s, 'image')).toEqual([]);
    await page.getByRole('button', { name: 'Remove leaf.png' }).click();
    await choose(page, png);
    await soon(() => page.getByRole('progressbar').count()).toBe(0);
    await input(page).press('Enter');
    await soon(() => said(s, 'image').length).toBe(1);
    s.complaints.length = 0; // the browser reports 503 and 413 itself
  });

  it('files may be pasted and dropped', async () => {
    const s = await start(DESKTOP, { uploads });
    await serve(s, () => ({ status: 201, body: image }));
    const page = await s.open();
    await greet(page);
    await shown(page.getByRole('button', { name: 'Attach files' }));
    await page.evaluate(() => {
      const root = document.querySelector('html > div')!.shadowRoot!;
      const files = (name: string) => {
        const data = new DataTransfer();
        data.items.add(new File(['x'], name, { type: 'image/png' }));
        return data;
      };
      const paste = new ClipboardEvent('paste', { clipboardData: files('pasted.png'), bubbles: true, cancelable: true });
      root.querySelector('textarea')!.dispatchEvent(paste);
      root.querySelector('.log')!.dispatchEvent(new DragEvent('drop', { dataTransfer: files('dropped.png'), bubbles: true }));
    });
    await shown(page.getByRole('button', { name: 'Remove pasted.png' }));
    await shown(page.getByRole('button', { name: 'Remove dropped.png' }));
  });

  it('one’s own words may be edited and recalled, for as long as the site allows', async () => {
    const s = await start(DESKTOP, { edit: 120 });
    const page = await s.open();
    await greet(page, 'one');
    await say(page, 'tow');
    await soon(() => log(page).locator('.stored').count()).toBe(2);
    await input(page).fill('a draft');
    await page.getByRole('button', { name: 'Edit or recall' }).nth(1).click();
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await soon(() => input(page).inputValue()).toBe('tow');
    await say(page, 'two');
    await soon(() => bubbles(page)).toEqual(['one', 'two']);
    await soon(() => input(page).inputValue()).toBe('a draft');
    await page.getByRole('button', { name: 'Edit or recall' }).first().click();
    s.desk.fault = () => ({ code: 'forbidden' });
    await page.getByRole('button', { name: 'Recall', exact: true }).click();
    await shown(page.getByText('It is too late to change that message.'));
    s.desk.fault = () => undefined;
    await page.getByRole('button', { name: 'Edit or recall' }).first().click();
    await page.getByRole('button', { name: 'Recall', exact: true }).click();
    await shown(log(page).getByText('A message was recalled'));
    await soon(() => bubbles(page)).toEqual(['two']);
  });
});

describe('what comes back', () => {
  it('the assistant’s answer as it is written, and the way past it', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await greet(page);
    s.desk.change(ROOM, { phase: 'bot' });
    const piece = (run: number, at: number, text: string) => {
      for (const guest of s.desk.guests) s.desk.show(guest, ROOM, { type: 'delta', conversation: ROOM, answers: 2, run, at, text });
    };
    piece(1, 0, 'We 茶');
    piece(1, 4, ' deliver');
    await shown(log(page).locator('.live').getByText('We 茶 deliver'));
    piece(2, 0, 'Delivery');
    piece(1, 12, ' late');
    piece(2, 99, ' after a hole');
    await soon(async () => (await bubbles(page)).at(-1)).toBe('Delivery');
    s.desk.append(ROOM, { kind: 'bot' }, { kind: 'text', text: 'Delivery takes two days.' });
    await soon(() => bubbles(page)).toEqual(['hi', 'Delivery takes two days.']);
    await page.getByRole('button', { name: 'Talk to a person' }).click();
    await soon(() => s.desk.frames.some((f) => f.type === 'human')).toBe(true);
    await page.getByRole('button', { name: 'Talk to a person' }).waitFor({ state: 'hidden' });
  });

  it('a line stands before what is new; only that is read out, and one’s own words are not', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await greet(page);
    answer(s, 'seen');
    await soon(() => s.desk.room(ROOM).head.read?.visitor).toBe(3);
    await page.keyboard.press('Escape');
    answer(s, 'new');
    await shown(page.getByRole('button', { name: /1 unread/ }));
    await chat(page);
    const around = () => log(page).locator('.l:has-text("New messages") + .m .b').allTextContents();
    await soon(around).toEqual(['new']);
    const news = page.locator('[aria-live=polite]');
    await soon(() => news.textContent()).toMatch(/Li Na: new$/);
    await soon(() => log(page).getAttribute('aria-live')).toBe('off');
    await say(page, 'mine');
    answer(s, 'newer');
    await soon(() => news.textContent()).toBe('Li Na: newer');
  });

  it('scrolled up, what comes in moves nothing, and is a tap away', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await greet(page);
    for (let i = 0; i < 40; i++) answer(s, `line ${i}`);
    await shown(log(page).getByText('line 39', { exact: true }));
    await log(page).evaluate((el) => el.scrollTo(0, 200));
    const down = page.getByRole('button', { name: 'To the newest message' });
    await shown(down);
    answer(s, 'below');
    await soon(() => down.textContent()).toBe('1');
    await soon(() => log(page).evaluate((el) => el.scrollTop)).toBe(200);
    await down.click();
    await down.waitFor({ state: 'hidden' });
    await soon(() => s.desk.room(ROOM).head.read?.visitor).toBe(43);
  });

  it('a hidden page rings once a gesture was made, and its title blinks until it is seen', async () => {
    const s = await start(DESKTOP);
    await s.context.addInitScript(() => {
      const { OscillatorNode } = window;
      Object.assign(window, { rang: 0 });
      window.OscillatorNode = class extends OscillatorNode {
        override start(at?: number) {
          Reflect.set(window, 'rang', Reflect.get(window, 'rang') + 1);
          super.start(at);
        }
      };
    });
    const page = await s.open();
    await greet(page);
    await soon(() => page.locator('.h button').count()).toBe(2);
    const hide = (hidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await hide(true);
    answer(s, 'one');
    await soon(() => page.title()).toBe('New message');
    await soon(() => page.evaluate(() => Reflect.get(window, 'rang'))).toBe(2);
    await hide(false);
    await soon(() => page.title()).toBe('Halfhill Tea');
    await pick(page, 'Sound');
    await hide(true);
    answer(s, 'two');
    await soon(() => page.title()).toBe('New message');
    await hide(false);
    await soon(() => bubbles(page)).toEqual(['hi', 'one', 'two']);
    await soon(() => page.evaluate(() => Reflect.get(window, 'rang'))).toBe(2);
  });
});

describe('after a session', () => {
  const close = (s: Shop) => {
    s.desk.assign(ROOM, LI_NA);
    s.desk.append(ROOM, { kind: 'system' }, { kind: 'closed', reason: 'request', by: { kind: 'agent', ...LI_NA } });
    s.desk.change(ROOM, { phase: 'closed', agent: undefined });
  };
  const stars = (page: Page) => page.getByRole('button', { name: '4 of 5' });

  it('a score with words; it counts once', async () => {
    const s = await start(DESKTOP, { rating: true });
    const page = await s.open();
    await greet(page);
    close(s);
    await stars(page).click();
    await page.getByRole('textbox', { name: 'Comment' }).fill('Very kind');
    await page.getByRole('button', { name: 'Comment' }).click();
    await soon(() => s.desk.frames.filter((f) => f.type === 'rate')).toMatchObject([
      { score: 4 },
      { score: 4, comment: 'Very kind' },
    ]);
    await soon(() => log(page).getByText('You rated this chat 4 of 5').count()).toBe(1);
    await soon(() => stars(page).count()).toBe(0);
  });

  it('skipped, it is not asked for again; nor where the site wants none', async () => {
    const s = await start(DESKTOP, { rating: true });
    const page = await s.open();
    await greet(page);
    close(s);
    await shown(stars(page));
    await page.getByRole('button', { name: 'Skip' }).click();
    await stars(page).waitFor({ state: 'detached' });
    await page.reload();
    await chat(page);
    await shown(page.getByRole('button', { name: 'More' }));
    await shown(log(page).getByText('This chat is closed'));
    await soon(() => stars(page).count()).toBe(0);
  });

  it('the chat can be saved whole, and the device forgets all on demand', async () => {
    const s = await start(PHONE);
    const page = await s.open();
    await greet(page);
    for (let i = 0; i < 60; i++) answer(s, `line ${i}`);
    await soon(() => s.desk.room(ROOM).head.read?.visitor).toBe(62);
    await page.reload();
    await chat(page);
    const saved = later(page.waitForEvent('download'));
    await pick(page, 'Save this chat');
    const text = readFileSync(await (await saved).path(), 'utf8');
    expect(text).toMatch(/2026|20\d\d\n\n.*You: hi\n.*Li Na: line 0\n/);
    expect(text.match(/Li Na: line/g)).toHaveLength(60);
    await input(page).fill('half a thought');
    await pick(page, 'Clear this device', 2);
    await soon(() => bubbles(page)).toEqual([]);
    await soon(() => input(page).inputValue()).toBe('');
    await soon(() => s.desk.guests.size).toBe(1);
    await page.reload();
    await chat(page);
    await soon(() => input(page).inputValue()).toBe('');
    await say(page, 'somebody else');
    await soon(() => [...s.desk.rooms.keys()].some((id) => id !== ROOM && s.desk.said(id)[0] === 'somebody else')).toBe(true);
  });
});
