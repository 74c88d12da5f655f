import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { InitOptions } from '../visitor/api.ts';
import { type Faults, startFaults } from './faults.ts';
import { type Server, startServer } from './server.ts';

/**
 * A shop's page on an origin of its own, the real server on another, and a bad network between: what a browser, its workers
 * and its CSP make of the SDK. KEFU_URL names a server that runs already, with KEFU_PASSWORD for its `admin`.
 */
export interface Stage {
  faults: Faults;
  server: Pick<Server, 'url' | 'password'>;
  /** What the server has stored in the one conversation there is since this stage opened, in order, as text. */
  stored(): Promise<string[]>;
  /** When the server stored that, in its milliseconds. */
  storedAt(text: string): Promise<number>;
  /** An agent says it, once. */
  answer(text: string): Promise<void>;
  /** Where the shop's page is, with kefu.js on it. */
  address(o?: Visit): string;
  /** Starts the chat on such a page. */
  begin(tab: Tab, init?: Visit['init']): Promise<unknown>;
  /** Both, in Playwright's browser. */
  visit(context: BrowserContext, o?: Visit): Promise<Page>;
  end(): Promise<void>;
}

/** What is done with a page, whatever drives its browser. */
export interface Tab {
  /** Code is an expression. */
  evaluate(code: string): Promise<unknown>;
  goto(url: string): Promise<unknown>;
  close(): Promise<unknown>;
}

export interface Visit {
  /** The policy of the page; DESK stands for the desk's address. */
  csp?: string;
  /** Which of the files is on the page. */
  script?: string;
  /** Runs before the page does. */
  before?: () => void;
  /** JSON, for `init`. Without it nothing is started. */
  init?: Omit<InitOptions, 'endpoint'>;
  path?: string;
}

/** What the page notes for the tests. */
export interface Notes {
  chat: import('../visitor/api.ts').Kefu;
  heard: string[];
  fell: string[];
  errors: string[];
  states: string[];
  violations: string[];
}

const PATIENCE = 30_000;
const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist');
export const soon = (f: () => unknown, timeout = PATIENCE) => expect.poll(f, { timeout, interval: 50 });

/** What is awaited further down. A test that fails before that tells why by itself: what then becomes of this is no second failure. */
export const later = <T>(promise: Promise<T>) => {
  promise.catch(() => {});
  return promise;
};

/** Reads from a page's notes. */
export const noted = <T>(tab: Tab, f: (notes: Notes) => T) => tab.evaluate(`(${f})(window.notes)`) as Promise<Awaited<T>>;
/** What the page shows as said. */
export const sees = (tab: Tab) =>
  noted(tab, ({ chat }) => chat.messages.flatMap(({ body }) => (body.kind === 'text' ? [body.text] : [])));
export const state = (tab: Tab) => noted(tab, ({ chat }) => chat.state);
export const say = (tab: Tab, text: string) => tab.evaluate(`notes.chat.send(${JSON.stringify(text)})`) as Promise<string>;
/** The network may be another one. */
export const wake = (tab: Tab) => tab.evaluate(`dispatchEvent(new Event('online'))`);

/** The page's own script, so that no policy of it has to allow inline ones. */
const shopScript = `
const notes = window.notes = { heard: [], fell: [], errors: [], states: [], violations: [] };
addEventListener('securitypolicyviolation', (e) => {
  if (!/favicon/.test(e.blockedURI)) notes.violations.push(e.effectiveDirective); // which WebKit asks for by itself
});
window.begin = (o) => {
  notes.chat = Kefu.init({
    ...o,
    onMessage: ({ body }) => { notes.heard.push(body.text) },
    fallback: ({ reason }) => { notes.fell.push(reason) },
    onError: ({ code }) => { notes.errors.push(code) },
    onState: (state) => { notes.states.push(state) },
  });
};
`;

export async function openStage(): Promise<Stage> {
  const server: Pick<Server, 'url' | 'password' | 'stop'> = process.env.KEFU_URL
    ? { url: process.env.KEFU_URL, password: process.env.KEFU_PASSWORD ?? '', stop: async () => {} }
    : await startServer();
  const faults = await startFaults(server.url);
  const shop = await openShop(faults.url);
  const api = await signIn(server);
  const rooms = async (): Promise<string[]> =>
    (await api('GET', '/conversations?limit=50')).conversations.map((c: { id: string }) => c.id);
  const before = new Set(await rooms());
  let answers = 0;

  const room = async () => (await rooms()).find((id) => !before.has(id));
  const events = async (id: string) => {
    const all: { seq: number; at: string; body: { kind: string; text?: string } }[] = [];
    for (let more = true; more; ) {
      const got = await api('GET', `/conversations/${id}/events?after=${all.at(-1)?.seq ?? 0}&limit=200`);
      all.push(...got.events);
      more = got.more;
    }
    return all;
  };
  const address = ({ csp = '', script = 'kefu.js', path = '/' }: Visit = {}) => {
    const at = `${faults.url} ${faults.url.replace('http', 'ws')}`;
    return `${shop.url}${path}?${new URLSearchParams({ csp: csp.replaceAll('DESK', at), script })}`;
  };
  const begin = (tab: Tab, init?: Visit['init']) =>
    tab.evaluate(`void begin(${JSON.stringify({ endpoint: `${faults.url.replace('http', 'ws')}/ws`, ...init })})`);
  return {
    faults,
    server,
    async stored() {
      const id = await room();
      return id ? (await events(id)).flatMap(({ body }) => (body.kind === 'text' ? [body.text!] : [])) : [];
    },
    async storedAt(text) {
      const found = (await events((await room())!)).find(({ body }) => body.text === text);
      return found ? new Date(found.at).getTime() : Number.NaN;
    },
    async answer(text) {
      await soon(room).toBeDefined(); // a page shows what it has written before the server has it
      const id = await room();
      await api('POST', `/conversations/${id}/events`, { body: { kind: 'text', text } }, `${id}-${answers++}`);
    },
    address,
    begin,
    async visit(context, { before, init, ...where } = {}) {
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      if (before) await page.addInitScript(before);
      await page.goto(address(where));
      if (init) await begin(page, init);
      return page;
    },
    async end() {
      await faults.stop();
      shop.stop();
      await server.stop();
    },
  };
}

/** The shop serves a page, its script and, for a worker of its own, the files of the SDK. */
async function openShop(desk: string) {
  const server = createServer((req, res) => {
    const { pathname, searchParams } = new URL(req.url!, 'http://shop');
    const csp = searchParams.get('csp');
    if (/\.(mjs|js)$/.test(pathname)) {
      res.writeHead(200, { 'content-type': 'text/javascript' });
      return res.end(pathname === '/shop.js' ? shopScript : readFileSync(join(dist, pathname)));
    }
    res.writeHead(200, { 'content-type': 'text/html', ...(csp && { 'content-security-policy': csp }) });
    const kefu = `<script src="${desk}/${searchParams.get('script')}"></script>`;
    return res.end(`<!doctype html><title>shop</title><p>tea</p><script src="/shop.js"></script>${kefu}`);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function signIn({ url, password }: Pick<Server, 'url' | 'password'>) {
  let token = '';
  const api = async (method: string, path: string, body?: object, key?: string) => {
    for (;;) {
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        ...(key && { 'idempotency-key': key }),
      };
      const got = await fetch(`${url}/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      if (got.ok) return got.json();
      if (got.status !== 429 && got.status < 500) throw new Error(`${method} ${path}: ${got.status} ${await got.text()}`);
      await new Promise((again) => setTimeout(again, 200));
    }
  };
  token = (await api('POST', '/login', { name: 'admin', password })).token;
  return api;
}

/** Contexts of one test, closed when it ends. */
export async function fresh(browser: Browser, open: BrowserContext[]): Promise<BrowserContext> {
  const context = await browser.newContext();
  open.push(context);
  return context;
}
