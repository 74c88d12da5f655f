import type { Env, Socket } from '../visitor/env.ts';
import type { Post } from '../visitor/poll.ts';
import type { ServerFrame } from '../visitor/wire.ts';
import type { Clock } from './clock.ts';
import type { ClientEnd, Desk } from './desk.ts';
import { Polls } from './polls.ts';

/**
 * A network between a client under test and the model desk: it delays, cuts, refuses, hangs and goes mute on command.
 * What is under way when it is cut arrives or not, as in life.
 */
export class Net {
  /** What becomes of the next connection: ok, closed before it opens, never opened, or cut soon after it did. */
  mode: 'ok' | 'refuse' | 'hang' | 'snip' = 'ok';
  /** Open connections seem alive, and carry nothing. */
  mute = false;
  /** What becomes of the next poll: served, no answer ever, an error of the network, or 503. */
  polls: 'ok' | 'hang' | 'refuse' | 'busy' = 'ok';
  /** Whether the answer to a poll is lost on its way back: what it carried has been served. */
  loseAnswer: () => boolean = () => false;
  readonly desks: Polls;
  /** Milliseconds one way, at most. */
  latency = 40;
  /** Whether a frame to the client is lost (functions may lose a push; an answer never arrives when its connection dies). */
  lose: (frame: ServerFrame) => boolean = () => false;
  open = new Set<FakeSocket>();
  opened = 0;
  /** Connections asked for, whatever became of them. */
  dialled = 0;

  constructor(
    readonly clock: Clock,
    readonly desk: Desk,
  ) {
    this.desks = new Polls(desk, clock);
  }

  /** The world as a client sees it through this network. */
  env(): Env {
    const { now, random, after } = this.clock;
    return { now, random, after, socket: () => new FakeSocket(this) };
  }

  /** Carries a poll. Nothing keeps two of them in order. */
  post: Post = (_url, text, signal) =>
    new Promise((done, fail) => {
      signal?.addEventListener('abort', () => fail(new Error('aborted')));
      const { polls } = this;
      this.later(() => {
        if (polls === 'refuse') fail(new TypeError('failed to fetch'));
        if (polls === 'busy') done({ status: 503, text: '{"code":"unavailable","detail":"too much at once","retry":2}' });
        // A poll that was given up may still arrive; nobody hears its answer.
        if (polls !== 'ok') return;
        void this.desks.serve(text).then((answer) => {
          if (!this.loseAnswer()) this.later(() => done(answer));
          else if (this.clock.random() < 0.5) this.later(() => fail(new TypeError('network error')));
        });
      });
    });

  private later(f: () => void) {
    this.clock.after(this.clock.random() * this.latency, f);
  }

  /** Cuts every connection: neither side is told before it notices. */
  cut(code = 1006) {
    for (const socket of [...this.open]) socket.end(code);
  }
}

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: string }) => void) | null = null;
  onclose: ((e: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  private server: ClientEnd | undefined;
  private gone = false;
  private arrival = { up: 0, down: 0 }; // nothing overtakes on one connection

  constructor(private readonly net: Net) {
    net.dialled++;
    if (net.mode === 'hang') return;
    this.later('down', () => {
      if (net.mode === 'refuse') return this.end(1006);
      net.open.add(this);
      net.opened++;
      this.server = net.desk.connect({
        send: (frame) => this.down(JSON.stringify(frame), frame),
        close: (code, reason) => this.later('down', () => this.end(code, reason)),
      });
      if (net.mode === 'snip') net.clock.after(200, () => this.end(1006));
      this.onopen?.();
    });
  }

  send(text: string) {
    if (this.gone || this.net.mute) return;
    // A cut may come before this arrives, or after: then the desk hears it and the answer is lost.
    this.later('up', () => this.server?.receive(text));
  }

  close() {
    this.end(1000);
  }

  /** Both sides are told. */
  end(code: number, reason = '') {
    if (this.gone) return;
    this.gone = true;
    this.net.open.delete(this);
    this.net.clock.after(this.net.latency, () => this.server?.closed());
    this.onclose?.({ code, reason });
  }

  private down(data: string, frame: ServerFrame) {
    if (this.net.lose(frame)) return;
    this.later('down', () => !this.gone && !this.net.mute && this.onmessage?.({ data }));
  }

  private later(way: 'up' | 'down', f: () => void) {
    const { clock, latency } = this.net;
    this.arrival[way] = Math.max(this.arrival[way], clock.now() + clock.random() * latency);
    clock.after(this.arrival[way] - clock.now(), f);
  }
}
