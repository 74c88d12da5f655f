import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { box, button, desk, enter, eventually, held, log, page, row } from './stage.ts';

/** Frames of the page from now on, ms each; `frames` gives them, the longest first, and ends it. */
function watchFrames(): Promise<void> {
  return page.evaluate(() => {
    const w = window as unknown as { frames: number[] | undefined };
    w.frames = [];
    let last = performance.now();
    const next = (now: number) => {
      w.frames?.push(now - last);
      last = now;
      if (w.frames) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
}
const frames = () =>
  page.evaluate(() => {
    const w = window as unknown as { frames: number[] | undefined };
    const all = w.frames ?? [];
    w.frames = undefined;
    return new Promise<number[]>((done) => requestAnimationFrame(() => done(all.sort((a, b) => b - a))));
  });

/** 5,000 conversations in the list of all, scrolled to the middle. */
async function enterMany(): Promise<Locator> {
  for (let i = 0; i < 5_000; i++) {
    desk.visitor(`w${i}`, { name: `Visitor no. ${i}` }, i % 3 ? {} : { tag: 'refund' });
    if (i >= 60) desk.happen(`w${i}`, { kind: 'closed', reason: 'silent', by: { kind: 'system' } }, { phase: 'closed' });
  }
  await enter();
  await page.getByRole('tab', { name: 'All' }).click();
  const list = page.locator('.list');
  await list.getByRole('listitem').first().waitFor();
  // All of it, by scrolling only.
  await eventually(async () => {
    await list.evaluate((e) => e.scrollTo({ top: e.scrollHeight }));
    return list.getByRole('listitem').last().getAttribute('aria-setsize');
  }).toBe('5000');
  await list.evaluate((e) => e.scrollTo({ top: e.scrollHeight / 2 }));
  return list;
}

const update = (id: string, text: string) => {
  desk.visitorSays(id, text);
  desk.head(id, '*');
};

/** Counts how often a time was made into words, which each row does twice when it is drawn. */
function countTimes(): Promise<void> {
  return page.evaluate(() => {
    const w = window as unknown as { times: number };
    w.times = 0;
    const { prototype } = Intl.DateTimeFormat;
    const { get } = Object.getOwnPropertyDescriptor(prototype, 'format') ?? {};
    Object.defineProperty(prototype, 'format', {
      get() {
        w.times++;
        return get?.call(this);
      },
    });
  });
}

const times = () => page.evaluate(() => (window as unknown as { times: number }).times);

describe('a list of 5,000', () => {
  it('has a screenful of rows in the document, and of what changes draws only what is seen', async () => {
    const list = await enterMany();
    const idsOf = () => list.locator('.row-open').evaluateAll((rows) => rows.map((e) => e.getAttribute('data-id')));
    const first = async () => Number(await list.getByRole('listitem').first().getAttribute('aria-posinset'));
    await eventually(first).toBeCloseTo(2_500, -3);
    const seen = await idsOf();
    const middle = seen[seen.length >> 1] ?? '';
    expect(seen.length).toBeLessThan(40);
    await countTimes();
    const from = Date.now();
    for (let s = 0; s < 20; s++) {
      for (let i = 0; i < 20; i++) {
        const id = `w${(s * 997 + i * 251) % 5_000}`;
        if (!seen.includes(id)) update(id, `message ${s}`);
      }
      await page.waitForTimeout(50); // a frame at least: what came is drawn, if it is
    }
    update(middle, 'the last one');
    await list.locator(`[data-id="${middle}"]`).getByText('the last one').waitFor();
    const drawn = await times();
    expect(drawn).toBeGreaterThan(0);
    // A clock goes on in each row, once a second.
    const seconds = (Date.now() - from) / 1000 + 2;
    expect(drawn).toBeLessThan(seen.length * 2 * seconds);
    await page.getByRole('searchbox').fill('no. 4321');
    await eventually(() => list.getByRole('listitem').count()).toBe(1);
    await row(/Visitor no. 4321/).waitFor();
  });

  /** `KEFU_BENCH=1 npx vitest run --config console/test/vitest.config.ts inbox -t 5,000` */
  it.runIf(process.env.KEFU_BENCH)('takes 200 updates a second while it is scrolled', async () => {
    const list = await enterMany();
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Performance.enable', { timeDomain: 'threadTicks' }); // of the page's own thread, whatever else the machine does
    const busy = async () => (await cdp.send('Performance.getMetrics')).metrics.find((m) => m.name === 'ThreadTime')?.value ?? 0;
    const run = async (feed: (s: number, i: number) => void) => {
      await watchFrames();
      const before = await busy();
      for (let s = 0; s < 100; s++) {
        for (let i = 0; i < 20; i++) feed(s, i);
        await list.evaluate((e, by) => e.scrollBy({ top: by }), s % 2 ? 700 : -500);
        await page.waitForTimeout(100);
      }
      const all = await frames();
      return {
        work: (((await busy()) - before) * 1000) / all.length,
        late: all.filter((ms) => ms > 50).length / all.length,
        longest: all.slice(0, 3).map(Math.round),
        frames: all.length,
      };
    };
    const idOf = (s: number, i: number) => `w${(s * 997 + i * 251) % 5_000}`;
    // The same page, the same scrolling, as many frames of the same size, which say nothing.
    const calm = await run((s, i) => desk.push({ type: 'nothing', conversation: desk.headOf(idOf(s, i)) } as never));
    const fed = await run((s, i) => update(idOf(s, i), `message ${s}`));
    const told = (name: string, { work, late, longest, frames: n }: typeof fed) =>
      `${name}: ${work.toFixed(1)} ms of work a frame, ${n} frames, the longest ${longest} ms, ${(late * 100).toFixed(1)} % over 50 ms`;
    console.log([told('without updates', calm), told('with updates', fed)].join('\n'));
    expect(fed.work - calm.work).toBeLessThan(4);
    expect(fed.late).toBeLessThan(calm.late + 0.02);
  });

  it('is searched: what is here at once, the rest by the server; and moved in by the arrows', async () => {
    held('c1', 'hello');
    held('c2', 'about my refund');
    await enter();
    await row(/Ann c1/).waitFor();
    await page.getByRole('searchbox').fill('refund');
    await eventually(() => row(/Ann/).count()).toBe(1);
    await row(/Ann c2/).waitFor();
    await page.getByRole('searchbox').fill('nobody of that name');
    await page.getByText('Nothing found').waitFor();
    await page.getByRole('searchbox').fill('');
    await row(/Ann c1/).focus();
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-id'));
    const first = await focused();
    await page.keyboard.press('ArrowDown');
    await eventually(focused).not.toBe(first);
    await page.keyboard.press('ArrowUp');
    await eventually(focused).toBe(first);
  });
});

describe('what is written', () => {
  it('draws no row of the list, letter by letter', async () => {
    for (let i = 0; i < 20; i++) held(`c${i}`, 'hello');
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await box().waitFor();
    await row(/Ann c19/).waitFor();
    await countTimes();
    const from = Date.now();
    await box().pressSequentially('forty letters, each of them a change now');
    await eventually(() => box().inputValue()).toBe('forty letters, each of them a change now');
    // Twenty rows twice, once a second; drawn with each letter it would be forty times.
    expect(await times()).toBeLessThan(20 * 2 * ((Date.now() - from) / 1000 + 2));
  });

  it('a slash offers canned replies, with what they need filled in', async () => {
    held('c1', 'hello');
    desk.replies = [
      { id: 'r1', title: 'Refund', text: 'Dear {{visitor.name}}, {{agent.name}} is on it.', shortcut: 'ref' },
      { id: 'r2', title: 'Greeting', text: 'Hello!', shortcut: 'hi' },
    ];
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await box().pressSequentially('/re');
    await page.getByRole('option', { name: /Refund/ }).waitFor();
    await box().press('Enter');
    await eventually(() => box().inputValue()).toBe('Dear Ann c1, Li Na is on it.');
    await box().press('Enter');
    await eventually(() => desk.talk('c1').log.at(-1)?.body).toEqual({ kind: 'text', text: 'Dear Ann c1, Li Na is on it.' });
    await box().pressSequentially('/');
    await page.getByRole('listbox', { name: 'Canned replies' }).waitFor();
    await box().press('Escape');
    await eventually(() => page.getByRole('listbox').count()).toBe(0);
  });

  it('is sent by Enter, or by Ctrl+Enter where that was chosen', async () => {
    held('c1', 'hello');
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await box().waitFor();
    await button('Menu').click();
    await page.getByLabel('Send with').selectOption('mod');
    await page.keyboard.press('Escape');
    await box().fill('one');
    await box().press('Enter');
    await eventually(() => box().inputValue()).toBe('one\n');
    await box().press('Control+Enter');
    await eventually(() => desk.talk('c1').log.at(-1)?.body).toEqual({ kind: 'text', text: 'one' });
  });

  it('the running answer of the assistant is read along, and can be taken over', async () => {
    desk.visitor('c1', { name: 'Ann' });
    desk.happen('c1', { kind: 'opened' }, { phase: 'bot' });
    await enter({ agent: 'lina', hash: '#/c/c1' });
    await page.getByText('The assistant is answering.').waitFor();
    desk.push({ type: 'delta', conversation: 'c1', answers: 1, run: 1, at: 0, text: 'Let me look' });
    await log().getByText('Let me look').waitFor();
    desk.push({ type: 'delta', conversation: 'c1', answers: 1, run: 1, at: 11, text: ' into it' });
    await log().getByText('Let me look into it').waitFor();
    await button('Take').click();
    await log().getByText('Assigned to you').waitFor();
    await eventually(() => log().getByText('Let me look into it').count()).toBe(0);
  });
});

describe('the keys', () => {
  it('open a palette that finds commands and conversations', async () => {
    held('c1', 'hello');
    held('c2', 'about my refund');
    await enter();
    await row(/Ann c1/).waitFor();
    await page.keyboard.press('Control+K');
    const field = page.getByRole('combobox', { name: 'A command, a name, a tag…' });
    await field.fill('refund');
    await page.getByRole('option', { name: /Ann c2/ }).waitFor();
    await field.press('Enter');
    await log().getByText('about my refund').waitFor();
    await page.keyboard.press('Control+K');
    await field.fill('appearance dark');
    await field.press('Enter');
    await eventually(() => page.locator('html').getAttribute('data-theme')).toBe('dark');
  });

  it('close one and open the next', async () => {
    held('c1', 'one');
    held('c2', 'two');
    await enter();
    await row(/Ann c1/).click();
    await log().getByText('one').waitFor();
    await page.keyboard.press('Control+Alt+E');
    await eventually(() => desk.talk('c1').head.phase).toBe('closed');
    await log().getByText('two').waitFor();
  });
});

describe('nothing is missed', () => {
  it('a sound that the browser holds back is told; title and icon count what waits', async () => {
    held('c1', 'hello');
    await enter();
    await row(/Ann c1/).waitFor();
    await page.evaluate(() => window.dispatchEvent(new Event('blur')));
    desk.visitor('c2', { name: 'Bo' });
    await button('Sound is blocked: press here').waitFor();
    await button('Sound is blocked: press here').click();
    await eventually(() => button('Sound is blocked: press here').count()).toBe(0);
    await eventually(() => page.title()).toBe('(2) Kefu console');
    const icon = () => page.locator('link[rel=icon]').getAttribute('href');
    await eventually(async () => decodeURIComponent((await icon()) ?? '')).toContain('>2</text>');
  });
});
