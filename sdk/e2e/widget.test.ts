import { describe, expect, it } from 'vitest';
import { bubbles, chat, DESKTOP, greet, input, LI_NA, launcher, log, ROOM, say, shown, soon, stage } from './widget.ts';

const { answer, start } = stage();

describe('talking', () => {
  it('a message goes from pending to stored to read, an answer comes back', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    await say(page, 'Is the oolong roasted?');
    await shown(log(page).locator('.m.v.stored'));
    s.desk.assign(ROOM, LI_NA);
    await shown(log(page).getByText('Li Na joined the chat'));
    answer(s, 'Lightly, yes.');
    await soon(() => bubbles(page)).toEqual(['Is the oolong roasted?', 'Lightly, yes.']);
    s.desk.connect({ send: () => {}, close: () => {} }).receive(
      JSON.stringify([
        { type: 'hello', v: 1, origin: 'agentagent', token: 'agent-1' },
        { type: 'read', conversation: ROOM, seq: 2 },
      ]),
    );
    await shown(log(page).locator('.m.v.read'));
  });

  it('text stays text', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    const nasty = '<img src=x onerror=alert(1)><b>bold</b> javascript:alert(1) https://tea.example/a?b=1&c=2';
    await say(page, nasty);
    answer(s, nasty);
    await soon(() => bubbles(page)).toEqual([nasty, nasty]);
    await soon(() => log(page).locator('img, b').count()).toBe(0);
    const links = log(page).locator('.b a');
    await soon(() => links.evaluateAll((all) => all.map((a) => [a.getAttribute('href'), a.getAttribute('rel')]))).toEqual(
      Array(2).fill(['https://tea.example/a?b=1&c=2', 'noopener noreferrer nofollow']),
    );
  });

  it('says who speaks: to the eye above the bubble, to the ear before it', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await greet(page);
    answer(s, 'hello');
    await shown(log(page).getByText('hello', { exact: true }));
    const names = () =>
      log(page)
        .locator('.w')
        .evaluateAll((all) =>
          all.map((e) => [e.textContent, e.clientWidth > 1, e.querySelector('i')?.getBoundingClientRect().width === 0]),
        );
    await soon(names).toEqual([
      ['You: ', false, false],
      [`${LI_NA.name}: `, true, true],
    ]);
  });

  it('shows pictures and files, and never a link that could run', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    await say(page, 'hi');
    await shown(log(page).locator('.stored'));
    const by = { kind: 'agent' as const, ...LI_NA };
    const body = { size: 20_480, mime: 'image/svg+xml' };
    s.desk.append(ROOM, by, { ...body, kind: 'image', url: '/demo/icon.svg', name: 'leaf', width: 64, height: 64 });
    s.desk.append(ROOM, by, { ...body, kind: 'file', url: '/v1/uploads/price.pdf', name: 'price.pdf' });
    s.desk.append(ROOM, by, { ...body, kind: 'file', url: 'javascript:alert(1)', name: 'bad.pdf' });
    await shown(log(page).getByAltText('leaf'));
    const hrefs = () =>
      log(page)
        .locator('.b a')
        .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href));
    await soon(hrefs).toEqual(['https://shop.example/demo/icon.svg', 'https://shop.example/v1/uploads/price.pdf']);
    await shown(log(page).getByText('bad.pdf'));
  });

  it('a quick reply is sent by a tap, once', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    await say(page, 'hi');
    await shown(log(page).locator('.stored'));
    s.desk.append(ROOM, { kind: 'bot' }, { kind: 'options', text: 'Which one?', options: ['Green', 'Black'] });
    await page.getByRole('button', { name: 'Black', exact: true }).click();
    await soon(() => s.desk.said(ROOM)).toEqual(['hi', 'Black']);
    await soon(() => page.getByRole('button', { name: 'Green', exact: true }).count()).toBe(0);
  });

  it('shows the place in the queue, typing, and the end with a rating', async () => {
    const s = await start(DESKTOP, { rating: true });
    const page = await s.open();
    await chat(page);
    await say(page, 'hi');
    await shown(log(page).locator('.stored'));
    s.desk.change(ROOM, { phase: 'waiting', queue: { position: 3, eta: 130 } });
    await shown(log(page).getByText('You are number 3 in the queue · about 2 min'));
    s.desk.assign(ROOM, LI_NA);
    for (const guest of s.desk.guests)
      s.desk.show(guest, ROOM, { type: 'typing', conversation: ROOM, by: { kind: 'agent', ...LI_NA } });
    await shown(page.getByRole('img', { name: 'Li Na is typing' }));
    answer(s, 'There you are.');
    await soon(() => page.getByRole('img', { name: 'Li Na is typing' }).count()).toBe(0);
    s.desk.append(ROOM, { kind: 'system' }, { kind: 'closed', reason: 'request', by: { kind: 'agent', ...LI_NA } });
    s.desk.change(ROOM, { phase: 'closed', agent: undefined });
    await page.getByRole('button', { name: '4 of 5' }).click();
    await shown(log(page).getByText('You rated this chat 4 of 5'));
    await soon(() => page.getByRole('button', { name: '4 of 5' }).count()).toBe(0);
  });

  it('sends with Enter, but not the Enter that ends a composition', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    await input(page).fill('ni hao');
    await input(page).evaluate((el) => {
      el.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true }));
      el.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true }));
    });
    await input(page).press('Shift+Enter');
    await page.keyboard.type('again');
    await soon(() => input(page).inputValue()).toBe('ni hao\nagain');
    await input(page).press('Enter');
    await soon(() => s.desk.said(ROOM)).toEqual(['ni hao\nagain']);
  });

  it('tells that somebody types, at most every three seconds', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    await soon(() => s.desk.guests.size).toBe(1);
    await input(page).pressSequentially('one two three four');
    await soon(() => s.desk.frames.filter((f) => f.type === 'typing').length).toBe(1);
  });
});

describe('trouble', () => {
  it('without a network messages wait, and leave in order when it is back', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    await say(page, 'one');
    await shown(log(page).locator('.stored'));
    s.down(true);
    await shown(page.getByRole('status').getByText('No connection'));
    await say(page, 'two');
    await say(page, 'three');
    await soon(() => log(page).locator('.pending').count()).toBe(2);
    s.down(false);
    await soon(() => s.desk.said(ROOM)).toEqual(['one', 'two', 'three']);
    await soon(() => log(page).locator('.stored').count()).toBe(3);
    await soon(() => bubbles(page)).toEqual(['one', 'two', 'three']);
  });

  it('what was not sent survives the page, and is sent once by the next', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    await say(page, 'one');
    await shown(log(page).locator('.stored'));
    s.down(true);
    await say(page, 'two');
    await shown(log(page).locator('.pending'));
    await page.reload();
    s.down(false);
    await chat(page);
    await soon(() => bubbles(page)).toEqual(['one', 'two']);
    await soon(() => log(page).locator('.stored').count()).toBe(2);
    await soon(() => s.desk.said(ROOM)).toEqual(['one', 'two']);
  });

  it('what one tab left is sent by another that lives', async () => {
    const s = await start(DESKTOP);
    const one = await s.open();
    await chat(one);
    await say(one, 'one');
    await shown(log(one).locator('.stored'));
    s.down(true);
    await say(one, 'two');
    await shown(log(one).locator('.pending'));
    const two = await s.open();
    await one.close();
    s.down(false);
    await chat(two);
    await soon(() => bubbles(two)).toEqual(['one', 'two']);
    await soon(() => s.desk.said(ROOM)).toEqual(['one', 'two']);
  });

  it('two tabs at once: each sees what the other says', async () => {
    const s = await start(DESKTOP);
    const [one, two] = [await s.open(), await s.open()];
    await chat(one);
    await chat(two);
    await say(one, 'from one');
    await soon(() => bubbles(two)).toEqual(['from one']);
    await say(two, 'from two');
    await soon(() => bubbles(one)).toEqual(['from one', 'from two']);
    await soon(() => s.desk.rooms.size).toBe(1);
  });

  it('a refused message can be tapped once more', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    s.desk.fault = (f) => ('body' in f && f.body.kind === 'text' && f.body.text === 'bad' ? { code: 'too_large' } : undefined);
    await say(page, 'bad');
    await shown(log(page).locator('.failed'));
    await say(page, 'good');
    await shown(log(page).locator('.stored'));
    s.desk.fault = () => undefined;
    await page.getByRole('button', { name: 'Not sent. Tap to retry' }).click();
    await soon(() => s.desk.said(ROOM)).toEqual(['good', 'bad']);
    await soon(() => bubbles(page)).toEqual(['good', 'bad']);
  });

  it('comes back from the back/forward cache with everything', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    await say(page, 'one');
    await shown(log(page).locator('.stored'));
    await page.goto('https://shop.example/kefu.js');
    answer(s, 'two');
    await page.goBack({ waitUntil: 'commit' });
    if (!(await input(page).isVisible())) await chat(page);
    await soon(() => bubbles(page)).toEqual(['one', 'two']);
    await say(page, 'three');
    await soon(() => s.desk.said(ROOM)).toEqual(['one', 'two', 'three']);
  });

  it('the panel can not be loaded: the next tap tries again', async () => {
    const s = await start(DESKTOP);
    await s.context.route('**/kefu-panel.mjs', (route) => route.abort(), { times: 1 });
    const page = await s.open();
    await launcher(page).dispatchEvent('click');
    await soon(() => launcher(page).getAttribute('aria-busy')).toBe(null);
    s.complaints.length = 0;
    await chat(page);
  });
});

describe('the page', () => {
  it('counts what is unread, and the agent learns what was read', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    await say(page, 'hi');
    await shown(log(page).locator('.stored'));
    await page.keyboard.press('Escape');
    answer(s, 'one');
    answer(s, 'two');
    await shown(page.getByRole('button', { name: 'Open chat, 2 unread messages' }));
    await page.reload();
    await shown(page.getByRole('button', { name: 'Open chat, 2 unread messages' }));
    await chat(page);
    await soon(() => s.desk.room(ROOM).head.read?.visitor).toBe(4);
    await page.keyboard.press('Escape');
    await shown(page.getByRole('button', { name: 'Open chat', exact: true }));
  });

  it('loads history when scrolled up, without losing the place', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    await say(page, 'hi');
    await shown(log(page).locator('.stored'));
    for (let i = 0; i < 120; i++) answer(s, `line ${i}`);
    await soon(() => s.desk.room(ROOM).head.read?.visitor).toBe(122);
    await page.reload();
    await chat(page);
    await soon(async () => (await bubbles(page)).at(-1)).toBe('line 119');
    await soon(async () => (await bubbles(page)).length).toBe(50);
    await log(page).evaluate((el) => {
      el.scrollTop = 0;
    });
    await soon(async () => (await bubbles(page)).length).toBe(100);
    await soon(() => log(page).evaluate((el) => el.scrollTop)).toBeGreaterThan(500);
    await log(page).evaluate((el) => {
      el.scrollTop = 0;
    });
    await soon(async () => (await bubbles(page))[0]).toBe('hi');
  });

  it('keeps a draft, and a second init is the first', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    await input(page).fill('half a thou');
    await soon(() => page.evaluate(() => indexedDB.databases().then((all) => all.length))).toBe(1);
    await page.reload();
    await chat(page);
    await soon(() => input(page).inputValue()).toBe('half a thou');
    const same = await page.evaluate(() => {
      const o = { endpoint: 'wss://shop.example/ws' };
      const [one, two] = [window.Kefu!.init(o), window.Kefu!.init(o)];
      return one === two;
    });
    expect(same).toBe(true);
  });

  it('destroy leaves nothing behind, init starts again, and a bad endpoint is told', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await chat(page);
    await page.evaluate(() => window.Kefu!.init({ endpoint: 'wss://shop.example/ws' }).destroy());
    await soon(() => launcher(page).count()).toBe(0);
    await soon(() => s.desk.guests.size).toBe(0);
    expect(
      await page.evaluate(() => {
        try {
          window.Kefu!.init({ endpoint: 'https://shop.example' });
        } catch (e) {
          return `${e}`;
        }
      }),
    ).toContain('endpoint must be a ws: or wss: URL');
    await page.evaluate(() => void window.Kefu!.init({ endpoint: 'wss://shop.example/ws', lang: 'zh' }).open());
    await shown(page.getByRole('textbox', { name: '输入消息' }));
  });

  it('onMessage may keep a message from being drawn', async () => {
    const s = await start(DESKTOP);
    const page = await s.open();
    await page.evaluate(() => {
      window.Kefu!.init({ endpoint: 'wss://shop.example/ws' }).destroy();
      const onMessage = (m: { body: { text?: string } }) => m.body.text !== 'secret';
      window.Kefu!.init({ endpoint: 'wss://shop.example/ws', onMessage: onMessage as never });
    });
    await chat(page);
    await say(page, 'hi');
    await shown(log(page).locator('.stored'));
    // The first one may have left between hello and welcome: a visitor of its own, who never spoke.
    const [room] = [...s.desk.rooms.keys()].filter((id) => s.desk.said(id).length);
    answer(s, 'secret', room);
    answer(s, 'shown', room);
    await soon(() => bubbles(page)).toEqual(['hi', 'shown']);
  });
});
