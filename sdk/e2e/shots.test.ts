import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { violations } from './browser.ts';
import { chat, DESKTOP, input, launcher, log, PHONE, ROOM, say, shown, soon, stage } from './widget.ts';

/** What it looks like: no rule of WCAG is broken in any state, and with KEFU_SHOTS set each leaves a picture there. */
const { start } = stage();
const out = process.env.KEFU_SHOTS;

const words = {
  en: {
    greeting: 'Hello! What would you like to drink?',
    quick: ['Delivery times', 'Gift wrapping', 'How to brew'],
    privacy: 'We keep this chat for 30 days.',
    invite: 'Not sure which tea? Our tea maker is here to help.',
    ask: 'Hi! Is the Stonebrook oolong lightly or heavily roasted?',
    agent: 'Li Na',
    hello: 'Hello, this is Li Na.',
    reply: 'It is lightly roasted, with a clear note of orchid. If you like it darker, look at https://shop.example/roasted',
    bot: 'Yes, we wrap gifts at no cost.',
    source: 'Gift wrapping and cards',
    pack: 'Which pack would you like?',
    packs: ['50 g', '100 g', 'Gift box'],
    box: 'The gift box, please',
    there: 'Are you there?',
    offline: 'Our tea maker is asleep. Leave a message, we answer in the morning.',
    form: 'A word before we begin',
    fields: ['Your name', 'E-mail', 'What is it about?'],
    topics: ['An order', 'Tea'],
  },
  'zh-CN': {
    greeting: '您好！想喝点什么茶？',
    quick: ['发货时间', '礼盒包装', '怎么冲泡'],
    privacy: '聊天记录保留 30 天。',
    invite: '不知道选哪款茶？茶师在线，随时可以问。',
    ask: '你好，石涧乌龙是轻焙火还是重焙火？',
    agent: '李娜',
    hello: '您好，我是李娜。',
    reply: '这款是轻焙火的，花香比较明显；喜欢炭香的话，可以看看https://shop.example/roasted，很多老茶客都喜欢。',
    bot: '可以，礼盒包装不另收费。',
    source: '礼盒与贺卡说明',
    pack: '要哪种包装？',
    packs: ['50 克', '100 克', '礼盒'],
    box: '礼盒，谢谢',
    there: '在吗？',
    offline: '茶师已经休息了，请留言，明早回复您。',
    form: '开始之前，请留下联系方式',
    fields: ['怎么称呼您', '邮箱', '咨询内容'],
    topics: ['订单', '茶叶'],
  },
};

const looks = [
  { name: 'phone-zh-light', at: PHONE, lang: 'zh-CN', dark: false },
  { name: 'desktop-en-dark', at: DESKTOP, lang: 'en', dark: true },
  { name: 'phone-en-dark', at: PHONE, lang: 'en', dark: true },
  { name: 'desktop-zh-light', at: DESKTOP, lang: 'zh-CN', dark: false },
] as const;

const judge = async (page: Page, name: string) => {
  if (out) mkdirSync(out, { recursive: true });
  if (out) await page.screenshot({ path: `${out}/${name}.png`, animations: 'disabled' });
  await soon(() => violations(page)).toEqual([]);
};

// Two of them have every colour, size and language there is; all four are for whoever wants to look.
it.each(out ? looks : looks.slice(0, 2))('$name', async ({ name, at, lang, dark }) => {
  const w = words[lang];
  const s = await start({ ...at, colorScheme: dark ? 'dark' : 'light' });
  const days = [1, 2, 3, 4, 5, 6].map((day) => ({ day, from: '09:00', until: day === 6 ? '12:00' : '18:00' }));
  s.desk.greeting = w.greeting;
  s.desk.site = {
    quick: w.quick,
    privacy: { text: w.privacy, url: 'https://shop.example/privacy' },
    invite: [{ id: 'tea', text: w.invite }],
    edit: 120,
    hours: days,
    zone: 'Asia/Shanghai',
    uploads: { size: 1_048_576, types: ['image/png'] },
  };
  const page = await s.open(`/demo/?lang=${lang}`);
  await shown(page.getByRole('button', { name: w.invite }));
  await judge(page, `${name}-1-invited`);

  await chat(page);
  await shown(page.getByRole('link', { name: /Privacy notice|隐私说明/ }));
  await judge(page, `${name}-2-greeted`);

  await say(page, w.ask);
  await shown(log(page).locator('.stored'));
  s.desk.change(ROOM, { phase: 'waiting', queue: { position: 3, eta: 130 } });
  await shown(log(page).getByText(/about 2 min|约 2 分钟/));
  await page.getByRole('button', { name: /Edit or recall|编辑或撤回/ }).click();
  await judge(page, `${name}-2-waiting`);

  const bot = { kind: 'bot' as const, id: 'bot' };
  s.desk.append(ROOM, bot, {
    kind: 'text',
    text: w.bot,
    sources: [{ id: 'k1', title: w.source, url: 'https://shop.example/gifts' }],
  });
  await shown(log(page).getByRole('link', { name: w.source }));
  await judge(page, `${name}-3-answered`);

  const by = { kind: 'agent' as const, id: 'a-1', name: w.agent };
  s.desk.assign(ROOM, by);
  s.desk.append(ROOM, by, { kind: 'text', text: w.hello });
  s.desk.append(ROOM, by, { kind: 'text', text: w.reply });
  const picture = { url: '/demo/icon.svg', name: 'leaf', size: 300, mime: 'image/svg+xml', width: 96, height: 96 };
  s.desk.append(ROOM, by, { kind: 'image', ...picture });
  s.desk.append(ROOM, by, { kind: 'file', ...picture, name: 'price-list-autumn.pdf', size: 240_000 });
  s.desk.append(ROOM, by, { kind: 'options', text: w.pack, options: w.packs });
  await shown(page.getByRole('button', { name: /^100/ }));
  for (const guest of s.desk.guests) s.desk.show(guest, ROOM, { type: 'typing', conversation: ROOM, by });
  await shown(page.locator('.d'));
  await judge(page, `${name}-4-talking`);

  await page.locator('input[type=file]').setInputFiles([
    { name: 'leaf.png', mimeType: 'image/png', buffer: await page.screenshot() },
    { name: 'recording.wav', mimeType: 'audio/wav', buffer: Buffer.from('x') },
  ]);
  await shown(page.getByText(/This kind of file|不支持此类/));
  await page.getByRole('button', { name: /^(More|更多)$/ }).click();
  await shown(page.getByText(/Opening hours|服务时间/));
  await judge(page, `${name}-5-menu-and-files`);
  s.complaints.length = 0; // there is nothing behind this shop's uploads
  await page.keyboard.press('Escape');
  const remove = page.getByRole('button', { name: /^(Remove|移除)/ });
  while (await remove.count()) await remove.first().click();

  s.desk.fault = () => ({ code: 'too_large' });
  await say(page, w.box);
  await shown(log(page).locator('.failed'));
  s.desk.fault = () => undefined;
  s.down(true);
  await shown(page.getByRole('status').getByText(/No connection|网络已断开/));
  await say(page, w.there);
  await shown(log(page).locator('.pending'));
  await judge(page, `${name}-6-offline`);
  s.desk.site = { rating: true, open: false, offline: w.offline, opens: '2036-11-24T01:00:00Z' };
  s.down(false);
  await soon(() => log(page).locator('.pending').count()).toBe(0);
  await page.getByRole('button', { name: /retry|重试/ }).click();
  // Stored, not only on its way: what arrives after the end would open the next session.
  await soon(() => log(page).locator('.failed, .pending').count()).toBe(0);
  s.desk.append(ROOM, { kind: 'system' }, { kind: 'closed', reason: 'request', by });
  s.desk.change(ROOM, { phase: 'closed', agent: undefined });
  await page.getByRole('button', { name: /4 of 5|4 分/ }).hover();
  await shown(page.getByText(w.offline));
  await judge(page, `${name}-7-closed`);

  const [a, b, c] = w.fields as [string, string, string];
  s.desk.site.form = {
    text: w.form,
    fields: [
      { id: 'name', label: a, type: 'text', required: true },
      { id: 'mail', label: b, type: 'email' },
      { id: 'topic', label: c, type: 'select', options: w.topics },
    ],
  };
  await page.reload();
  await launcher(page).click();
  await shown(page.getByLabel(a));
  await judge(page, `${name}-8-form`);
});

it('right to left: mirrored, and still no rule broken', async () => {
  const s = await start(DESKTOP);
  s.desk.site = { edit: 120 };
  const page = await s.open();
  await page.evaluate(() => document.documentElement.setAttribute('dir', 'rtl'));
  await chat(page);
  await say(page, 'مرحبا');
  await shown(page.getByRole('button', { name: 'Edit or recall' }));
  await judge(page, 'desktop-rtl');
  const box = await log(page).boundingBox();
  expect(box!.x).toBeLessThan(640);
});

it('forced colours and a page that wants no motion', async () => {
  const s = await start({ ...PHONE, forcedColors: 'active', reducedMotion: 'reduce' });
  const page = await s.open();
  await chat(page);
  await say(page, 'hi');
  await shown(log(page).locator('.stored'));
  await judge(page, 'phone-forced-colours');
  await soon(() => input(page).isVisible()).toBe(true);
  await soon(() => page.locator('.p').evaluate((el) => getComputedStyle(el).animationName)).toBe('none');
});
