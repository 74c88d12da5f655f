/**
 * The pictures in README: `make shots` calls this with the server and a directory. A desk that is made up (kefu --demo) is asked by
 * two visitors, on a desktop and on a phone, and answered by an agent on both; everything on the pictures was really said over the wire.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const pngs = process.env.KEFU_SHOTS_PNG;
if (pngs) mkdirSync(pngs, { recursive: true });

const [binary, out] = process.argv.slice(2);
const PORT = 18_643;
const url = `http://127.0.0.1:${PORT}`;
const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

const languages = {
  en: {
    locale: 'en-GB',
    env: 'en_US.UTF-8',
    talks: [
      [
        'Hello! Is the Stonebrook oolong lightly or heavily roasted?',
        'Lightly, with a clear note of orchid. If you like it darker, try the Woodcutter.',
        'The light one, then. Is there a gift box?',
        'There is, at no extra cost. Tick “gift” in the basket.',
      ],
      ['Where is my order 20455?', 'It left this morning and comes tomorrow before noon.', 'Wonderful, thank you!'],
    ],
  },
  zh: {
    locale: 'zh-CN',
    env: 'zh_CN.UTF-8',
    talks: [
      [
        '你好，石涧乌龙是轻焙火还是重焙火？',
        '您好！是轻焙火的，兰花香比较明显；喜欢焙火香的话，可以看看晚樵红。',
        '那就要轻焙火的，可以包成礼盒吗？',
        '可以，礼盒不另收费，下单时勾选“送礼”就好。',
      ],
      ['我的订单 20455 到哪里了？', '今天早上已经发出，明天中午前送到。', '太好了，谢谢！'],
    ],
  },
};

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const encoder = await browser.newPage();
try {
  for (const [lang, words] of Object.entries(languages)) await language(lang, words);
} finally {
  await browser.close();
}

/** Starts a desk, has the talks, and takes all pictures in one language. */
async function language(lang, { locale, env, talks }) {
  const server = await demo(env);
  try {
    const agents = await browser.newContext({ locale, ...DESKTOP, viewport: { width: 1360, height: 850 } });
    const console = await signIn(await agents.newPage(), server.password);
    const on = [
      { at: DESKTOP, tea: 'oolong', talk: talks[0], name: 'desktop' },
      { at: PHONE, tea: 'orders', talk: talks[1], name: 'phone' },
    ];
    for (const v of on) {
      const context = await browser.newContext({ locale, ...v.at });
      v.page = await context.newPage();
      await v.page.goto(`${url}/demo/?lang=${locale === 'zh-CN' ? locale : 'en'}#${v.tea}`);
      await v.page.getByRole('button', { name: /Open chat|打开客服/ }).click();
      await converse(v.page, console, v.talk);
      await picture(v.page, `widget-${v.name}-${lang}`);
    }
    await open(console, ...talks[0]);
    await picture(console, `console-desktop-${lang}`);
    await console.setViewportSize(PHONE.viewport);
    const pocket = await browser.newContext({ locale, ...PHONE, storageState: await agents.storageState() });
    const phone = await pocket.newPage();
    await phone.addInitScript(
      (kept) => {
        for (const [k, v] of Object.entries(kept)) sessionStorage.setItem(k, v);
      },
      await console.evaluate(() => ({ ...sessionStorage })),
    );
    await phone.goto(`${url}/console/`);
    await open(phone, ...talks[0]);
    await picture(phone, `console-phone-${lang}`);
    for (const context of browser.contexts()) if (context !== encoder.context()) await context.close();
  } finally {
    server.end();
    await server.ended;
  }
}

/** A made-up desk, whose agent `wei` has the password that it prints. */
async function demo(env) {
  const child = spawn(binary, ['--demo', '--listen', `127.0.0.1:${PORT}`, '--ops', '127.0.0.1:0'], {
    env: { ...process.env, LANG: env, LC_ALL: env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => child.once('exit', done));
  const [admin, password] = await new Promise((done, fail) => {
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
      const found = /^ +admin +admin +(\S+)$[\s\S]*^ +wei +agent +(\S+)$/m.exec(said);
      if (found) done(found.slice(1));
    });
    child.once('exit', () => fail(new Error(`the server ended:\n${said}`)));
  });
  // The people who are made up must leave a seat for those on the pictures.
  const { token } = await call('POST', 'login', { name: 'admin', password: admin });
  await call('PATCH', 'agents/wei', { capacity: 9 }, token);
  return { password, ended, end: () => child.kill() };
}

async function call(method, path, body, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const got = await fetch(`${url}/v1/${path}`, { method, headers, body: JSON.stringify(body) });
  if (!got.ok) throw new Error(`${method} ${path}: ${got.status} ${await got.text()}`);
  return got.json();
}

async function signIn(page, password) {
  await page.goto(`${url}/console/`);
  await page.locator('[autocomplete=username]').fill('wei');
  await page.locator('[autocomplete=current-password]').fill(password);
  await page.locator('[type=submit]').click();
  const online = page.getByRole('button', { name: /^(Online|在线)$/ });
  await online.click();
  await page.locator('[aria-pressed=true]', { hasText: /^(Online|在线)$/ }).waitFor();
  return page;
}

/** The visitor's and the agent's lines, in turns; each waits for the one before. */
async function converse(visitor, console, lines) {
  for (const [i, line] of lines.entries()) {
    if (i % 2 === 0) {
      const box = visitor.getByRole('textbox', { name: /Type a message|输入消息/ });
      await box.fill(line);
      await box.press('Enter');
      await visitor.getByRole('log').getByText(line).waitFor();
    } else {
      await open(console, lines[i - 1]);
      await console.locator('#composer-text').fill(line);
      await console.locator('#composer-text').press('Enter');
      await visitor.getByRole('log').getByText(line).waitFor();
    }
  }
}

/** Opens the conversation whose last line is among `last`. */
async function open(console, ...last) {
  const row = console
    .locator('.row-open')
    .filter({ hasText: new RegExp(last.map((l) => l.slice(0, 12).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')) });
  await row.first().click({ timeout: 60_000 });
  await console.locator('#composer-text').waitFor();
}

/** WebP, by the browser itself: a tenth of the PNG. */
async function picture(page, name) {
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.fonts.ready);
  const png = await page.screenshot({ animations: 'disabled', caret: 'hide' });
  if (pngs) writeFileSync(join(pngs, `${name}.png`), png);
  const webp = await encoder.evaluate(
    async (data) => {
      const image = new Image();
      image.src = data;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      canvas.getContext('2d').drawImage(image, 0, 0);
      const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.8 });
      return btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(''));
    },
    `data:image/png;base64,${png.toString('base64')}`,
  );
  const file = join(out, `${name}.webp`);
  writeFileSync(file, Buffer.from(webp, 'base64'));
  process.stdout.write(`${String(statSync(file).size).padStart(7)} ${name}.webp\n`);
}
