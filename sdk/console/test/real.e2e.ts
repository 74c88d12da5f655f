/**
 * The console against the real server: two agents and several visitors at once, a server that dies in the middle, a network
 * without WebSocket, and visitors who mean harm. The visitors are sockets in a page of the server's; what is judged is what the
 * agents see, and what the log holds.
 */
import { describe, expect, it } from 'vitest';
import {
  admin,
  box,
  call,
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

describe('two agents and several visitors at once', () => {
  it('everybody is answered; a message is changed and taken back; files, notes and colleagues are seen', async () => {
    const [a, b] = [await admin(), await wang()];
    const visitors = await Promise.all([visitor(), visitor({ tag: 'refund' }), visitor(), visitor()]);
    await Promise.all(visitors.map((v, i) => v.say(text(`question ${i}`))));
    for (const [i, v] of visitors.entries()) {
      await soon(() => holderOf(v.conversation)).toBeTruthy();
      const page = (await holderOf(v.conversation)) === 'Wang Fang' ? b : a;
      await row(page, short(v.id)).click();
      await log(page).getByText(`question ${i}`, { exact: true }).waitFor();
      await box(page).fill(`answer ${i}`);
      await box(page).press('Enter');
      await soon(() => v.hears()).toEqual([`answer ${i}`]);
    }
    const holders = await Promise.all(visitors.map((v) => holderOf(v.conversation)));
    const v = visitors[holders.indexOf('Wang Fang')]!;
    // The supervisor looks in: both know of each other, before both answer.
    await b.bringToFront();
    await open(b, v.conversation);
    await box(b).waitFor();
    await a.bringToFront();
    await open(a, v.conversation);
    await b.getByText('is looking at this too').waitFor();
    await a.getByText('Wang Fang is looking at this too').waitFor();
    await a.keyboard.press('Alt+P');
    await box(a).fill('careful, a VIP');
    await b.getByText('is writing a note…').waitFor();
    await box(a).press('Enter');
    await log(b).getByText('careful, a VIP').waitFor();
    await open(a, visitors.find((x) => x !== v)!.conversation);
    await soon(() => b.getByText('is looking at this too').count()).toBe(0);
    // Changed, and taken back.
    await b.bringToFront();
    await box(b).fill('your parcel comes tomorow');
    await box(b).press('Enter');
    await soon(async () => (await v.hears()).at(-1)).toBe('your parcel comes tomorow');
    await log(b).getByRole('img', { name: 'Delivered to the server' }).last().waitFor();
    await box(b).press('ArrowUp');
    await b.getByText('You are changing a message that was sent.').waitFor();
    await box(b).fill('your parcel comes tomorrow');
    await box(b).press('Enter');
    await soon(async () => (await v.hears()).at(-1)).toBe('edited: your parcel comes tomorrow');
    await log(b).getByText('your parcel comes tomorrow').waitFor();
    await log(b).getByText('edited').waitFor();
    await log(b).getByText('your parcel comes tomorrow').hover();
    await log(b).getByRole('button', { name: 'Recall' }).last().click();
    await log(b).getByText('This message was recalled').waitFor();
    await soon(async () => (await v.hears()).at(-1)).toBe('recalled');
    // A file, staged and sent with a text.
    await b
      .locator('#composer-files')
      .setInputFiles({ name: 'receipt.txt', mimeType: 'text/plain', buffer: Buffer.from('paid in full') });
    await b.getByRole('list', { name: 'Files to send' }).getByText('receipt.txt').waitFor();
    await box(b).fill('here it is');
    await soon(() => b.getByRole('button', { name: 'Send', exact: true }).isEnabled()).toBe(true);
    await box(b).press('Enter');
    await log(b)
      .getByRole('link', { name: /File receipt.txt/ })
      .waitFor();
    await soon(async () => (await logOf(v.conversation)).slice(-2).map((e) => e.body.kind)).toEqual(['file', 'text']);
    for (const x of visitors)
      await call('POST', `conversations/${x.conversation}/events`, { body: text('bye') }).catch(() => undefined);
  });

  it('a server that is killed in mid-work costs nothing: nothing is lost, doubled or stale', async () => {
    const b = await wang();
    const v = await visitor();
    await v.say(text('before the fire'));
    await row(b, short(v.id)).click();
    await log(b).getByText('before the fire').waitFor();
    await b.keyboard.press('Alt+P');
    await box(b).fill('half a note');
    await b.keyboard.press('Alt+L');
    await server.kill();
    await box(b).fill('said in the dark');
    await box(b).press('Enter');
    await log(b).getByText('said in the dark').waitFor();
    await b.getByText('The connection is gone; it will come back by itself.').waitFor();
    await server.start();
    await b.reload(); // and the page goes too, in whatever state it is
    await soon(async () => said(await logOf(v.conversation)).filter((s) => s === 'said in the dark').length).toBe(1);
    await log(b).getByText('said in the dark').waitFor();
    await soon(() => log(b).getByText('said in the dark').count()).toBe(1);
    await b.keyboard.press('Alt+P');
    await soon(() => box(b).inputValue()).toBe('half a note');
    // What happens now is seen now, without a reload.
    await call('POST', `conversations/${v.conversation}/events`, { body: text('after the fire') });
    await log(b).getByText('after the fire').waitFor();
    const stored = said(await logOf(v.conversation));
    await soon(() => log(b).locator('.said .bubble').allInnerTexts()).toEqual(stored);
    await street.reload();
  });
});

it('a network that blocks WebSocket is told in plain words, and one can take, read and answer', async () => {
  const b = await wang((context) => context.routeWebSocket(/\/ws$/, (socket) => void socket.close({ code: 1006 + 7 })));
  await b.getByText('This network blocks live connections (WebSocket).').waitFor();
  const v = await visitor();
  await v.say(text('is anybody there?'));
  await row(b, short(v.id)).click();
  await log(b).getByText('is anybody there?').waitFor();
  await box(b).fill('yes, slowly');
  await box(b).press('Enter');
  await soon(() => v.hears()).toEqual(['yes, slowly']);
  await log(b).getByRole('img', { name: 'Delivered to the server' }).waitFor();
  await v.say(text('good'));
  await log(b).getByText('good', { exact: true }).waitFor();
  await b.getByRole('button', { name: 'Close', exact: true }).click();
  await soon(async () => (await call<{ phase: string }>('GET', `conversations/${v.conversation}`)).phase).toBe('closed');
  expect(said(await logOf(v.conversation))).toEqual(['is anybody there?', 'yes, slowly', 'good']);
});

it('nothing that a visitor controls is run or followed, wherever it is shown', async () => {
  const evil = '<img src=x onerror="pwned=1"><script>pwned=1</script><svg onload="pwned=1">';
  const links = 'javascript:pwned=1 data:text/html,<script>pwned=1</script> vbscript:x';
  const b = await wang();
  const v = await visitor({
    tag: evil.slice(0, 60),
    lang: 'en',
    page: {
      url: `https://shop.example/?q=${encodeURIComponent(evil)}#javascript:pwned=1`,
      title: evil,
      referrer: 'javascript:pwned=1',
    },
  });
  await v.say(text(`${evil} ${links} \u202Egnp.exe\u202C`));
  await v.say({ kind: 'options', text: evil, options: [evil.slice(0, 40)] });
  await row(b, new RegExp(short(v.id))).click();
  await log(b).getByText('pwned=1').first().waitFor();
  if (!(await b.getByRole('region', { name: 'Details' }).count())) await b.getByRole('button', { name: 'Details' }).click();
  await b.keyboard.press('Control+K');
  await b.getByRole('combobox').fill('pwned');
  await b.getByRole('option').first().waitFor();
  const found = await b.evaluate(() => ({
    ran: (window as unknown as { pwned?: number }).pwned ?? 0,
    scripts: document.querySelectorAll('body script, .log img, .log svg[onload], [onerror]').length,
    bad: [...document.querySelectorAll('a[href]')]
      .map((a) => a.getAttribute('href') ?? '')
      .filter((h) => !/^(https?:|#|\/(?!\/))/.test(h)),
    // What turns the direction of a text ends where the text ends.
    isolated: [...document.querySelectorAll('.said .bubble')].every(
      (e) => getComputedStyle(e).unicodeBidi !== 'normal' || e.getAttribute('dir') === 'auto',
    ),
  }));
  expect(found).toEqual({ ran: 0, scripts: 0, bad: [], isolated: true });
});
