/**
 * Pictures of the console for whoever changes its looks: `npx vitest run --config console/test/shots.config.ts` writes them to
 * the directory KEFU_SHOTS. They prove nothing, so they are no test.
 */
import { mkdirSync } from 'node:fs';
import { it } from 'vitest';
import { desk, enter, held, page } from './stage.ts';

const dir = process.env.KEFU_SHOTS ?? 'console/test/shots';
mkdirSync(dir, { recursive: true });
const shot = (name: string) => page.screenshot({ path: `${dir}/${name}.png` });

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

function world(): void {
  desk.features = ['watch'];
  desk.assist = ['default'];
  held('c1', '你好，我的订单 20261130-88 还没有发货，能帮我看看吗？');
  Object.assign(desk.talk('c1').head.visitor, { name: '王小明' });
  desk.say('c1', { kind: 'agent', id: 'lina', name: 'Li Na' }, '您好！我来查一下，请稍等。');
  desk.say('c1', { kind: 'agent', id: 'bob', name: 'Bob' }, 'VIP, be quick', true);
  desk.visitorSays('c1', '好的，谢谢！');
  held('c2', 'Hi, is the blue one back in stock?');
  Object.assign(desk.talk('c2').head, { tags: ['vip', 'pre-sale'] });
  held('c3', 'https://shop.example/item/7 — does it fit?');
  for (let i = 0; i < 7; i++) {
    desk.visitor(`w${i}`, { name: `Visitor ${i}`, online: i % 3 > 0 }, i % 2 ? { tag: '退款' } : {});
    desk.visitorSays(`w${i}`, `question ${i}`);
  }
  desk.replies = [
    { id: 'r1', title: '催发货', text: '{{visitor.name}}您好，您的订单已为您加急。', shortcut: 'cfh' },
    { id: 'r2', title: '问候', text: '您好，请问有什么可以帮您？', shortcut: 'nh' },
  ];
}

/** What a model does for agents, by its keys. */
async function helped(look: string): Promise<void> {
  const answers = (what: string, body: unknown, status = 200) =>
    desk.fail.set(`POST /v1/conversations/c1/${what}`, { status, body });
  const text = '王先生您好，订单 20261130-88 已于今天下午出库，预计后天送达。给您带来不便，非常抱歉。';
  answers('suggestion', { text, sources: [{ title: '发货与物流' }, { title: '订单加急' }] });
  await page.keyboard.press('Alt+G');
  await page.locator('.assist-card').waitFor();
  await shot(`${look}-5a-suggested`);
  await page.locator('#composer-text').fill('我自己写的');
  answers('suggestion', { text });
  await page.keyboard.press('Alt+G');
  await page.locator('.assist-card p').waitFor();
  answers('translation', { text: 'Hello, my order 20261130-88 has not been sent yet. Could you have a look?' });
  await page.keyboard.press('Alt+I');
  await page.locator('.assist-translation p').waitFor();
  await shot(`${look}-5b-instead`);
  answers('summary', { text: 'The visitor waits for order 20261130-88.' });
  await page.keyboard.press('Alt+B');
  await page.waitForTimeout(300);
  await shot(`${look}-5c-summary`);
  answers('suggestion', { code: 'unavailable' }, 503);
  await page.keyboard.press('Alt+G');
  await page.locator('.assist-helped .trouble').waitFor();
  await shot(`${look}-5d-trouble`);
  await page.locator('#composer-text').fill('');
}

for (const [look, colorScheme, locale, viewport] of [
  ['en-light', 'light', 'en-US', desktop],
  ['zh-dark', 'dark', 'zh-CN', desktop],
  ['zh-phone', 'light', 'zh-CN', phone],
] as const)
  it(look, async () => {
    const zh = locale === 'zh-CN';
    const narrow = viewport === phone;
    world();
    await enter({ agent: 'lina', colorScheme, locale, viewport });
    await page.locator('.row').first().waitFor();
    await shot(`${look}-1-mine`);
    await page.getByRole('tab', { name: zh ? '排队' : 'Waiting' }).click();
    await page.locator('.row').first().waitFor();
    await shot(`${look}-2-waiting`);
    await page.getByRole('tab', { name: zh ? '全部' : 'All' }).click();
    await page.locator('.row').first().waitFor();
    await shot(`${look}-3-all`);
    await page.getByRole('tab', { name: zh ? '我的' : 'Mine' }).click();
    await page.locator('.row-open[data-id=c1]').click();
    await page.locator('#composer-text').waitFor();
    desk.push({ type: 'typing', conversation: 'c1', by: { kind: 'agent', id: 'bob', name: 'Bob' }, doing: 'views' });
    desk.push({ type: 'typing', conversation: 'c1', by: { kind: 'visitor' }, text: '大概什么时候' });
    await page.locator('.other').waitFor();
    await shot(`${look}-4-thread`);
    await page.locator('#composer-text').pressSequentially('/');
    await page.locator('.canned').first().waitFor();
    await shot(`${look}-5-replies`);
    await page.locator('#composer-text').fill('');
    await helped(look);
    if (await page.locator('#composer-files').count())
      await page.locator('#composer-files').setInputFiles([
        { name: '发货单 2026-11-30 (final).pdf', mimeType: 'application/pdf', buffer: pixel },
        { name: 'photo.png', mimeType: 'image/png', buffer: pixel },
      ]);
    await page.waitForTimeout(300);
    await shot(`${look}-6-files`);
    if (!narrow) {
      await page.keyboard.press('Control+K');
      await page.getByRole('combobox').fill(zh ? '状态' : 'status');
      await shot(`${look}-7-palette`);
      await page.keyboard.press('Escape');
    }
    if (narrow) await page.locator('.thread-head .icon-button').first().click();
    await page.locator('.bar .icon-button').click();
    await shot(`${look}-8-menu`);
    await page.keyboard.press('Escape');
    desk.mute.add('hello');
    desk.cut();
    await page.waitForTimeout(3_500);
    await shot(`${look}-9-offline`);
  });
