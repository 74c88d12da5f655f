import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Engine } from './engine.ts';
import type { Tab } from './stage.ts';

/**
 * Firefox ESR and WebKitGTK as Debian has them, which Playwright can not drive (it has builds of its own). Both speak
 * WebDriver's commands: WebKit over HTTP (https://www.w3.org/TR/webdriver2/), Firefox over a socket, as geckodriver does
 * (https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html). A dozen of them is all that is needed.
 */
interface Driver {
  /** The tab to which the next commands go. */
  turn(handle: string): Promise<unknown>;
  create(): Promise<string>;
  handles(): Promise<string[]>;
  go(url: string): Promise<unknown>;
  /** What the body of a function returns, or what that promises. */
  run(body: string): Promise<unknown>;
  close(): Promise<unknown>;
  /** Nothing of the browser is left after it. */
  end(): Promise<void>;
  /** Which processes run pages, by their command lines; undefined: a page that crashes takes the driver with it. */
  readonly pages?: RegExp;
  readonly root: ChildProcess;
  offline?(offline: boolean): Promise<void>;
}

const READY = 60_000;
const until = async <T>(what: () => T | Promise<T>): Promise<NonNullable<T>> => {
  for (const end = Date.now() + READY; ; await new Promise((again) => setTimeout(again, 50))) {
    const got = await Promise.resolve()
      .then(what)
      .catch((e) => {
        if (Date.now() > end) throw e;
      });
    if (got) return got as NonNullable<T>;
    if (Date.now() > end) throw new Error('the browser is not there');
  }
};

const scratch = () => {
  const dir = mkdtempSync(join(tmpdir(), 'kefu-browser-'));
  return { dir, drop: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }) };
};

const ended = async (child: ChildProcess, signal: NodeJS.Signals) => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill(signal);
  await gone;
};

/** What Firefox does on its own account goes nowhere: it knows no name but addresses. */
const prefs = `
user_pref("marionette.port", 0);
user_pref("network.dns.disabled", true);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.disable-localhost-when-offline", true);
user_pref("services.settings.server", "data:,");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.tabs.crashReporting.sendReport", false);
user_pref("browser.sessionstore.resume_from_crash", false);
`;

async function firefox(): Promise<Driver> {
  const { dir, drop } = scratch();
  writeFileSync(join(dir, 'user.js'), prefs);
  const args = ['--headless', '--marionette', '--remote-allow-system-access', '--no-remote', '--profile', dir];
  const root = spawn(process.env.FIREFOX ?? 'firefox-esr', args, { env: { ...process.env, HOME: dir }, stdio: 'ignore' });
  const at = join(dir, 'MarionetteActivePort');
  const port = Number(await until(() => existsSync(at) && readFileSync(at, 'utf8')));
  const socket = connect(port, '127.0.0.1');
  const waiting = new Map<number, { done(value: unknown): void; fail(error: Error): void }>();
  let heard = Buffer.alloc(0);
  // A message is its length, a colon, and JSON: [1, id, error, result].
  socket.on('data', (data) => {
    heard = Buffer.concat([heard, data]);
    for (;;) {
      const colon = heard.indexOf(':');
      const end = colon + 1 + Number(heard.subarray(0, colon));
      if (colon < 0 || heard.length < end) return;
      const message = JSON.parse(`${heard.subarray(colon + 1, end)}`);
      heard = heard.subarray(end);
      if (!Array.isArray(message)) continue; // its greeting
      const [, id, error, result] = message;
      const call = waiting.get(id);
      waiting.delete(id);
      if (error) call?.fail(new Error(`${error.error}: ${error.message}`));
      else call?.done(result);
    }
  });
  socket.on('close', () => {
    for (const { fail } of waiting.values()) fail(new Error('the browser is gone'));
  });
  let id = 0;
  const call = <T = { value: never }>(name: string, params: object = {}) =>
    new Promise<T>((done, fail) => {
      waiting.set(++id, { done: done as never, fail });
      const text = JSON.stringify([0, id, name, params]);
      socket.write(`${Buffer.byteLength(text)}:${text}`);
    });
  const run = async (script: string) => (await call('WebDriver:ExecuteScript', { script, args: [] })).value;
  await call('WebDriver:NewSession', { timeouts: { script: READY, pageLoad: READY } });
  return {
    root,
    pages: /-contentproc.* tab$/,
    turn: (handle) => call('WebDriver:SwitchToWindow', { handle, focus: true }),
    create: async () => (await call<{ handle: string }>('WebDriver:NewWindow', { type: 'tab' })).handle,
    handles: () => call('WebDriver:GetWindowHandles'),
    go: (url) => call('WebDriver:Navigate', { url }),
    run,
    close: () => call('WebDriver:CloseWindow'),
    async offline(offline) {
      await call('Marionette:SetContext', { value: 'chrome' });
      await run(`Services.io.offline = ${offline}`).finally(() => call('Marionette:SetContext', { value: 'content' }));
    },
    async end() {
      await ended(root, 'SIGKILL');
      socket.destroy();
      drop();
    },
  };
}

const MINI = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

async function webkit(): Promise<Driver> {
  const { dir, drop } = scratch();
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const display = await new Promise((done, fail) => {
    (screen.stdio[3] as Readable).once('data', (text) => done(`:${`${text}`.trim()}`));
    screen.once('error', fail);
  });
  const env = { ...process.env, DISPLAY: `${display}`, HOME: dir, LIBGL_ALWAYS_SOFTWARE: '1', NO_AT_BRIDGE: '1' };
  const port = 20_000 + (process.pid % 20_000); // it chooses none by itself
  const root = spawn('WebKitWebDriver', ['--host=127.0.0.1', `--port=${port}`], { env, stdio: 'ignore' });
  const call = async (method: string, path: string, body?: object) => {
    const got = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
    const { value } = (await got.json()) as { value: never };
    if (!got.ok) throw new Error(JSON.stringify(value));
    return value;
  };
  await until(() => call('GET', '/status'));
  const browser = { binary: process.env.WEBKIT ?? MINI, args: ['--automation'] };
  const timeouts = { script: READY, pageLoad: READY };
  const asked = { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': browser, timeouts } } };
  const { sessionId } = (await call('POST', '/session', asked)) as { sessionId: string };
  const post = (path: string, body: object) => call('POST', `/session/${sessionId}/${path}`, body);
  return {
    root,
    turn: (handle) => post('window', { handle }),
    // A tab would be hidden behind the first one.
    create: async () => ((await post('window/new', { type: 'window' })) as { handle: string }).handle,
    handles: () => call('GET', `/session/${sessionId}/window/handles`),
    go: (url) => post('url', { url }),
    run: (script) => post('execute/sync', { script, args: [] }),
    close: () => call('DELETE', `/session/${sessionId}/window`),
    async end() {
      await call('DELETE', `/session/${sessionId}`).catch(() => {});
      await ended(root, 'SIGTERM');
      await ended(screen, 'SIGTERM');
      drop();
    },
  };
}

/** The processes that one has started, and those that they have. */
function below(pid: number): number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
    } catch {
      // It has ended meanwhile.
    }
  }
  const all = [pid];
  for (const one of all) all.push(...(parents.get(one) ?? []));
  return all;
}

const command = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
};

const drivers = { firefox, webkit };

export async function startEngine(name: keyof typeof drivers): Promise<Engine> {
  const driver = await drivers[name]();
  const [home] = await driver.handles(); // a window of its own keeps the browser there when the last tab goes
  let last: Promise<unknown> = Promise.resolve();
  /** One command at a time, for all go to the tab whose turn it is. */
  const inTurn = <T>(f: () => Promise<T>): Promise<T> => {
    const mine = last.then(f);
    last = mine.catch(() => {});
    return mine;
  };
  const at = <T>(handle: string, f: () => Promise<T>) => inTurn(() => driver.turn(handle).then(f));
  const tabs = new Set<Tab>();
  const clear = async () => {
    for (const tab of [...tabs]) await tab.close();
  };
  return {
    name,
    apart: false,
    async open(url) {
      const handle = await inTurn(async () => {
        await driver.turn(home!);
        return driver.create();
      });
      const tab: Tab = {
        evaluate: (code) => at(handle, () => driver.run(`return (${code})`)),
        goto: (url) => at(handle, () => driver.go(url)),
        close: () => {
          tabs.delete(tab);
          return at(handle, () => driver.close());
        },
      };
      tabs.add(tab);
      await tab.goto(url);
      return tab;
    },
    async crash() {
      const { pages } = driver;
      // Where nothing may crash, the tabs are closed: they have no time to send anything either, and stored it before.
      if (!pages) return clear();
      const found = below(driver.root.pid!).filter((pid) => pages.test(command(pid)));
      if (!found.length) throw new Error('nothing runs pages');
      for (const pid of found) process.kill(pid, 'SIGKILL');
      tabs.clear();
    },
    offline: driver.offline && ((offline) => inTurn(() => driver.offline!(offline))),
    clear,
    end: () => inTurn(() => driver.end()),
  };
}
