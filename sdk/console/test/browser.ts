/**
 * The console in a real browser, with the fake desk behind it: nothing listens on a port, every request and the socket
 * are answered here. The page is the one that is shipped, under the policy it is shipped with.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page, type Request, type WebSocketRoute } from 'playwright-core';
import { bundleConsole } from '../../build.mjs';
import type { FakeDesk } from './fake.ts';
import { answer } from './http.ts';

export const base = 'http://localhost:8099';

const policy =
  "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss: https:; img-src 'self' blob: data: https:; " +
  "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const kinds: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

/** Chromium as the system has it; `KEFU_CHROMIUM` names another. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.KEFU_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** What a request says; a form is not read here. */
function jsonOf(request: Request): Record<string, unknown> {
  return request.headers()['content-type']?.startsWith('multipart/') ? {} : (request.postDataJSON() ?? {});
}

let files: Promise<Map<string, string>> | undefined;

async function bundle(): Promise<Map<string, string>> {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const found = new Map([...(await bundleConsole())].map(([name, data]) => [name.replace(/^console\//, ''), data.toString()]));
  return found.set('index.html', await readFile(`${root}index.html`, 'utf8'));
}

export interface Opened {
  page: Page;
  /** What the browser complained about: errors, and violations of the policy. */
  complaints: string[];
  /** The sockets of this page, newest last. */
  sockets: WebSocketRoute[];
  close(): Promise<void>;
}

/** What a browser does with whoever has not pressed anything yet; to one that is driven, every look at it is a press. */
function silent(): void {
  let pressed = false;
  const press = () => {
    pressed = true;
  };
  for (const name of ['pointerdown', 'keydown']) addEventListener(name, press, true);
  const Real = AudioContext;
  window.AudioContext = class extends Real {
    override get state(): AudioContextState {
      return pressed ? super.state : 'suspended';
    }
    override async resume(): Promise<void> {
      if (pressed) await super.resume();
    }
  };
}

/** Opens the console with `desk` behind it, signed in as `agent` if one is named. */
export async function open(
  browser: Browser,
  desk: FakeDesk,
  options: BrowserContextOptions & { agent?: string; hash?: string } = {},
): Promise<Opened> {
  const { agent, hash = '', ...rest } = options;
  files ??= bundle();
  const shipped = await files;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-US', ...rest });
  const page = await context.newPage();
  const complaints: string[] = [];
  const sockets: WebSocketRoute[] = [];
  page.on('console', (m) => m.type() === 'error' && !/Failed to load resource/.test(m.text()) && complaints.push(m.text()));
  page.on('pageerror', (e) => complaints.push(String(e)));
  await page.routeWebSocket('**/ws', (socket) => {
    sockets.push(socket);
    const conn = desk.connect({ send: (text) => socket.send(text), close: (code) => void socket.close({ code }) });
    socket.onMessage((text) => conn.message(String(text)));
    socket.onClose(() => conn.gone());
  });
  await page.route(`${base}/**`, async (route) => {
    const request = route.request();
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/v1/')) {
      const token = request.headers().authorization?.replace(/^Bearer /, '');
      const { status, body, headers } = answer(desk, request.method(), request.url(), token, jsonOf(request));
      return route.fulfill({
        status,
        headers: { 'Content-Type': 'application/json', ...headers },
        body: body === undefined ? '' : JSON.stringify(body),
      });
    }
    const name = pathname.replace(/^\/console\//, '') || 'index.html';
    const text = shipped.get(name);
    if (text === undefined) return route.fulfill({ status: 404 });
    return route.fulfill({
      headers: { 'Content-Type': kinds[name.split('.').pop() ?? ''] ?? 'text/plain', 'Content-Security-Policy': policy },
      body: text,
    });
  });
  await page.addInitScript(silent);
  if (agent) {
    const account = desk.accounts.get(agent);
    const { password: _, ...known } = account ?? { password: '' };
    const kept = JSON.stringify({ token: `token-${agent}`, agent: known });
    await page.addInitScript((s) => sessionStorage.getItem('kefu.session') ?? sessionStorage.setItem('kefu.session', s), kept);
  }
  await page.goto(`${base}/console/${hash}`);
  return { page, complaints, sockets, close: () => context.close() };
}
