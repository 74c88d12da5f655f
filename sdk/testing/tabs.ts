/**
 * Several tabs of one browser, each with its own view of a client that only one of them runs: Web Locks, BroadcastChannel
 * and the freezing of pages, on the same clock as the network and the desk.
 */
import { createCore, type Down, type Start } from '../visitor/core.ts';
import type { Host } from '../visitor/host.ts';
import { createFallback } from '../visitor/poll.ts';
import { createRemote, type Remote } from '../visitor/remote.ts';
import { Browser } from './device.ts';

interface Wait {
  grant(lost: (error: Error) => void): Promise<unknown>;
  fail(error: Error): void;
  done(value: unknown): void;
}

/** Exclusive locks: first come, first served; a thief comes before everybody. */
export class Locks {
  private readonly queues = new Map<string, Wait[]>();
  private readonly held = new Map<string, Wait>();

  request = (name: string, options: { steal?: boolean; signal?: AbortSignal }, grant: () => Promise<unknown>): Promise<unknown> =>
    new Promise((done, fail) => {
      const wait: Wait = { grant, fail, done };
      const queue = this.queues.get(name) ?? [];
      this.queues.set(name, queue);
      options.signal?.addEventListener('abort', () => {
        const i = queue.indexOf(wait);
        if (i < 0) return;
        queue.splice(i, 1);
        fail(new Error('aborted'));
      });
      if (options.steal) {
        this.held.get(name)?.fail(new Error('stolen'));
        this.held.delete(name);
        queue.unshift(wait);
      } else queue.push(wait);
      queueMicrotask(() => this.next(name));
    });

  private next(name: string) {
    if (this.held.has(name)) return;
    const wait = this.queues.get(name)?.shift();
    if (!wait) return;
    this.held.set(name, wait);
    void wait.grant(wait.fail).then((value) => {
      wait.done(value);
      if (this.held.get(name) === wait) this.held.delete(name);
      this.next(name);
    });
  }
}

/** One page. While it is frozen nothing reaches it, and its timers wait. */
export class Tab {
  frozen = false;
  hidden = false;
  private late: (() => void)[] = [];
  readonly ends = new Set<Channel>();
  gone = false;

  constructor(readonly tabs: Tabs) {}

  /** Does f as soon as this page can do anything. */
  run(f: () => void) {
    if (this.gone) return;
    if (this.frozen) this.late.push(f);
    else f();
  }

  thaw() {
    this.frozen = false;
    for (const f of this.late.splice(0)) f();
  }
}

class Channel {
  onmessage: ((e: { data: unknown }) => void) | null = null;

  constructor(
    readonly tab: Tab,
    readonly name: string,
  ) {
    tab.ends.add(this);
  }

  postMessage(data: unknown) {
    const copy = structuredClone(data);
    const { tabs } = this.tab;
    for (const other of tabs.all)
      for (const end of other.ends)
        if (end !== this && end.name === this.name)
          tabs.clock.after(1, () => other.run(() => other.ends.has(end) && end.onmessage?.({ data: structuredClone(copy) })));
  }

  close() {
    this.tab.ends.delete(this);
  }
}

export class Tabs extends Browser {
  readonly all: Tab[] = [];
  readonly locks = new Locks();
  readonly views = new Map<Tab, Remote>();
  /** How many cores were started. */
  cores = 0;
  /** This browser has no Web Locks. */
  alone = false;

  tab(): [Tab, Remote] {
    const tab = new Tab(this);
    this.all.push(tab);
    const after = (ms: number, f: () => void) => this.clock.after(ms, () => tab.run(f));
    const env = { ...this.net.env(), after };
    const view = createRemote({
      endpoint: 'ws://desk/ws',
      site: 'default',
      user: async () => undefined,
      refreshes: false,
      env,
      locks: this.alone ? undefined : (this.lockManager(tab) as unknown as LockManager),
      channel: (name) => new Channel(tab, name) as unknown as BroadcastChannel,
      hidden: () => tab.hidden,
      asks: { about: () => ({}), fallback: () => this.fallback, refresh: () => Promise.reject() },
      host: (start, down) => this.host(tab, env, start, down),
    });
    this.views.set(tab, view);
    void view.start();
    return [tab, view];
  }

  private lockManager(tab: Tab) {
    // What the browser decides reaches a frozen page when it thaws.
    const later = <T>(work: Promise<T>) =>
      new Promise<T>((done, fail) =>
        work.then(
          (value) => tab.run(() => done(value)),
          (error) => tab.run(() => fail(error)),
        ),
      );
    return { request: (...args: Parameters<Locks['request']>) => later(this.locks.request(...args)) };
  }

  /** As on a page: the core is there at once, and freezes with it. */
  private host(tab: Tab, env: ReturnType<Browser['net']['env']>, start: Start, down: (m: Down) => void): Host {
    this.cores++;
    let ended = false;
    const tell = (message: Down) => ended || tab.run(() => down(structuredClone(message)));
    const core = createCore(tell, {
      env,
      claim: this.device.claim,
      kv: async () => this.device.kv(),
      poll: async () => ({ createFallback: (o) => createFallback({ ...o, post: this.net.post }) }),
    });
    core({ start });
    return {
      post: (message) => core(structuredClone(message)),
      end() {
        ended = true;
        core({ stop: true });
      },
    };
  }

  /** The page is closed, with or without a word. */
  close(tab: Tab) {
    this.views.get(tab)!.stop();
    tab.gone = true;
    this.all.splice(this.all.indexOf(tab), 1);
    this.views.delete(tab);
  }
}
