import { type Client, type ClientOptions, createClient } from '../visitor/client.ts';
import type { Reason } from '../visitor/link.ts';
import { createFallback } from '../visitor/poll.ts';
import { type Clock, createClock } from './clock.ts';
import { Desk } from './desk.ts';
import { Device } from './memory.ts';
import { Net } from './net.ts';

/** One visitor's browser with its pages, a network that can fail, and the desk behind it; all on one clock. */
export class Browser {
  readonly device = new Device();
  readonly pages: Client[] = [];
  readonly clock: Clock;
  readonly desk = new Desk();
  readonly net: Net;

  /** The visitor whose token this device holds: a hello whose welcome got lost leaves another one behind, who never spoke. */
  get room(): string {
    const [token] = this.device.values('me/token');
    return `${token}`.replace('visitor-', 'c-');
  }

  /** Why each page left WebSocket. */
  readonly fell: Reason[] = [];
  /** Pages may long-poll. */
  fallback = true;

  constructor(seed: number) {
    this.clock = createClock(seed);
    this.desk.now = () => new Date(this.clock.now()).toISOString();
    this.net = new Net(this.clock, this.desk);
  }

  /** A page that has not started. */
  make(o: Partial<ClientOptions> = {}): Client {
    return createClient({
      endpoint: 'ws://desk/ws',
      site: 'default',
      about: () => ({}),
      env: this.net.env(),
      fallback: async (reason) => {
        if (!this.fallback) throw new Error('not here');
        this.fell.push(reason);
        return { createFallback: (o) => createFallback({ ...o, post: this.net.post }) };
      },
      claim: this.device.claim,
      kv: async () => this.device.kv(),
      ...o,
    });
  }

  async open(o?: Partial<ClientOptions>): Promise<Client> {
    const page = this.make(o);
    await page.start();
    this.pages.push(page);
    return page;
  }

  shut(page: Client) {
    page.stop();
    this.pages.splice(this.pages.indexOf(page), 1);
  }

  /** Faults end: everything that was said must get through, and everybody must see it. */
  async heal() {
    this.net.mode = 'ok';
    this.net.mute = false;
    this.net.polls = 'ok';
    this.net.loseAnswer = () => false;
    this.net.lose = () => false;
    this.desk.fault = () => undefined;
    const { desk, pages, device, clock } = this;
    // What the desk refuses is told to the visitor, who taps on it.
    const tap = () => {
      for (const page of pages) for (const e of page.entries) if (e.failed) page.retry(e.key);
      clock.after(1_000, tap);
    };
    tap();
    // What closed pages left is found by a living one at its next pong.
    await clock.until(
      () => !device.keys('out/').length && pages.every((p) => p.log.last === desk.room(this.room).log.length),
      600_000,
    );
  }
}
