import { readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { Desk } from '../testing/desk.ts';

/** A real browser, with the committed dist as the site and the model desk behind the socket. */
const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist');
export const SHOP = 'https://shop.example';

const types: { [ext: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** CHROMIUM names another one than Debian's; `without` are flags of Playwright's that are not wanted. */
export const launch = (without: string[] = []): Promise<Browser> =>
  chromium.launch({
    ignoreDefaultArgs: without,
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'],
  });

/** What the desk's own server sends with the demo page, made stricter: not a word more than the widget needs. */
const STRICT =
  "default-src 'self'; connect-src 'self' wss://shop.example; object-src 'none'; base-uri 'none'; require-trusted-types-for 'script'";

export interface Shop {
  context: BrowserContext;
  desk: Desk;
  /** New connections are refused, and open ones cut, while it is set. */
  down(down: boolean): void;
  open(path?: string): Promise<Page>;
  /** What the pages complained about: errors, and violations of the CSP. */
  complaints: string[];
}

export async function shop(browser: Browser, options: BrowserContextOptions = {}): Promise<Shop> {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  // What a worker connects to is out of reach for routeWebSocket; workers.test.ts is about those.
  await context.addInitScript(() => Reflect.deleteProperty(window, 'Worker'));
  const desk = new Desk();
  const complaints: string[] = [];
  const cut = new Set<() => void>();
  let isDown = false;

  await context.route('**/*', (route) => {
    const { pathname } = new URL(route.request().url());
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    try {
      const body = readFileSync(join(dist, path));
      return route.fulfill({ body, contentType: types[extname(path)]!, headers: { 'content-security-policy': STRICT } });
    } catch {
      return route.fulfill({ status: 404, body: 'no such file' });
    }
  });
  await context.routeWebSocket(/\/ws$/, (socket) => {
    if (isDown) return void socket.close({ code: 1013 });
    const end = desk.connect({
      send: (frame) => socket.send(JSON.stringify(frame)),
      close: (code, reason) => void socket.close({ code, reason }),
    });
    const hangUp = () => {
      end.closed();
      void socket.close({ code: 1012 });
    };
    cut.add(hangUp);
    socket.onMessage((text) => !isDown && end.receive(`${text}`));
    socket.onClose(() => {
      end.closed();
      cut.delete(hangUp);
    });
  });
  return {
    context,
    desk,
    complaints,
    down(down) {
      isDown = down;
      for (const hangUp of cut) if (down) hangUp();
    },
    async open(path = '/demo/') {
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(`${error}`));
      page.on('console', (m) => m.type() === 'error' && !/WebSocket connection|404/.test(m.text()) && complaints.push(m.text()));
      await page.goto(SHOP + path);
      return page;
    },
  };
}

/** The rules of WCAG that a page breaks, shadow roots included. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
}
