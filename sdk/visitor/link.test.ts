import { beforeEach, describe, expect, it } from 'vitest';
import { type Clock, createClock, seeded, settle } from '../testing/clock.ts';
import type { Socket } from './env.ts';
import { createLink, type Link, type LinkState } from './link.ts';
import type { ClientFrame, ServerFrame } from './wire.ts';

/** The server's end, moved by hand. */
class Wire implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: string }) => void) | null = null;
  onclose: ((e: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  sent: string[] = [];
  closed = false;
  send = (text: string) => this.sent.push(text);
  close() {
    this.closed = true; // and no event: a zombie's close never comes
  }
  say(...frames: object[]) {
    this.onmessage?.({ data: JSON.stringify(frames.length > 1 ? frames : frames[0]) });
  }
  end(code: number, reason = '') {
    this.onclose?.({ code, reason });
  }
  get frames(): ClientFrame[] {
    return this.sent.flatMap((text) => JSON.parse(text));
  }
}

let clock: Clock;
let wires: Wire[];
let states: LinkState[];
let got: ServerFrame[];
let link: Link;
let hidden: boolean;
let refuse: boolean;
const wire = () => wires.at(-1)!;
const welcome = (more: object = {}) => ({ type: 'welcome', role: 'visitor', heartbeat: { every: 25, max: 50 }, ...more });
const ats = () => states.map((s) => s.at);

beforeEach(() => {
  clock = createClock(3);
  wires = [];
  states = [];
  got = [];
  hidden = refuse = false;
  link = createLink({
    url: 'wss://desk.example/ws',
    env: {
      ...clock,
      socket: () => {
        if (refuse) throw new Error('SecurityError');
        wires.push(new Wire());
        return wire();
      },
    },
    hello: async () => ({ type: 'hello', v: 1, origin: 'originorigin' }),
    onFrame: (f) => got.push(f),
    onState: (s) => states.push(s),
    hidden: () => hidden,
  });
});

const connect = async (more?: object) => {
  link.start();
  await come(more);
};

/** The server takes the connection that was opened last, and welcomes it. */
const come = async (more?: object) => {
  wire().onopen?.();
  await settle();
  wire().say(welcome(more));
};

describe('hello', () => {
  it('comes first, and nothing before welcome', async () => {
    link.start();
    expect(link.send({ type: 'typing' })).toBe(false);
    wire().onopen?.();
    await settle();
    expect(wire().frames).toEqual([{ type: 'hello', v: 1, origin: 'originorigin' }]);
    expect(link.send({ type: 'typing' })).toBe(false);
    wire().say({ type: 'event', seq: 1 }, welcome(), { type: 'event', seq: 2 });
    // An event may overtake the welcome where each push is a call of its own; it is heard after it.
    expect(got.map((f) => f.type)).toEqual(['welcome', 'event', 'event']);
    expect(got[1]).toMatchObject({ seq: 1 });
    expect(link.send({ type: 'typing' }, { type: 'read', seq: 2 })).toBe(true);
    expect(JSON.parse(wire().sent[1]!)).toHaveLength(2);
    expect(ats()).toEqual(['connecting', 'open']);
  });

  it('that takes longer than its connection lives is not sent', async () => {
    link.start();
    wire().onopen?.();
    link.stop();
    await settle();
    expect(wire().sent).toEqual([]);
  });

  it.each([
    ['unauthorized', 4500],
    ['forbidden', 4501],
    ['invalid', 4502],
  ])('refused with %s is final, even if the close carries no code', async (code, close) => {
    link.start();
    wire().onopen?.();
    await settle();
    wire().say({ type: 'error', code, message: 'no' });
    wire().end(1005);
    await clock.run(600_000);
    expect(link.state).toEqual({ at: 'stopped', code: close, reason: 'no' });
    expect(wires).toHaveLength(1);
  });

  it('refused for now comes back no sooner than told', async () => {
    link.start();
    wire().onopen?.();
    await settle();
    wire().say({ type: 'error', code: 'unavailable', message: 'busy', retry: 20 });
    await clock.run(19_000);
    expect(wires).toHaveLength(1);
    await clock.run(21_000);
    expect(wires.length).toBeGreaterThan(1);
  });
});

describe('coming back', () => {
  it.each([1006, 1001, 4000, 4001, 4002, 4004, 4499])('after %i', async (code) => {
    await connect();
    wire().end(code);
    expect(link.state).toEqual({ at: 'waiting', code: code >= 4000 ? code : 0 });
    await clock.run(1_000);
    expect(wires).toHaveLength(2);
  });

  it.each([4500, 4501, 4502, 4503, 4999])('not after %i', async (code) => {
    await connect();
    wire().end(code, 'why');
    await clock.run(600_000);
    expect(wires).toHaveLength(1);
    expect(link.state).toEqual({ at: 'stopped', code, reason: 'why' });
    link.start();
    expect(wires).toHaveLength(2);
  });

  it('an error just before a close without a code counts as that code; one that was followed by more does not', async () => {
    await connect();
    wire().say({ type: 'error', code: 'forbidden', message: 'not yours', n: 3, origin: 'x' });
    wire().say({ type: 'error', code: 'forbidden', message: 'not yours' });
    wire().say({ type: 'pong' });
    wire().end(1005);
    await clock.run(1_000);
    expect(wires).toHaveLength(2);
    wire().onopen?.();
    await settle();
    wire().say(welcome());
    wire().say({ type: 'error', code: 'forbidden', message: 'blocked' });
    wire().end(1005);
    expect(link.state.at).toBe('stopped');
  });

  it('bye spreads its clients over the window, and the old socket is not waited for', async () => {
    const moments: number[] = [];
    for (let i = 0; i < 20; i++) {
      await connect();
      const from = clock.now();
      wire().say({ type: 'bye', code: 4000, reason: 'shutdown', window: 30 });
      expect(wire().closed).toBe(true);
      const before = wires.length;
      await clock.until(() => wires.length > before, 31_000);
      moments.push(clock.now() - from);
      link.stop();
    }
    expect(Math.max(...moments)).toBeLessThanOrEqual(30_000);
    expect(Math.max(...moments) - Math.min(...moments)).toBeGreaterThan(15_000);
  });

  it('bye may be final', async () => {
    await connect();
    wire().say({ type: 'bye', code: 4501, reason: 'revoked' });
    expect(link.state).toEqual({ at: 'stopped', code: 4501, reason: 'revoked' });
  });

  it('full jitter from the first try, never above 30 s', async () => {
    const waits: number[] = [];
    link.start();
    for (let i = 0; i < 60; i++) {
      const from = clock.now();
      wire().end(1006);
      await clock.until(() => wires.length === i + 2, 31_000);
      waits.push(clock.now() - from);
    }
    expect(waits[0]).toBeLessThanOrEqual(500);
    const late = waits.slice(10);
    expect(Math.max(...late)).toBeLessThanOrEqual(30_000);
    expect(Math.max(...late)).toBeGreaterThan(20_000);
    expect(Math.min(...late)).toBeLessThan(8_000);
  });

  it('a short life counts as a failure, a long one starts over', async () => {
    await connect();
    for (let i = 0; i < 8; i++) {
      wire().end(1006);
      const before = wires.length;
      await clock.until(() => wires.length > before, 60_000);
      wire().onopen?.();
      await settle();
      wire().say(welcome());
    }
    await clock.run(9_000);
    wire().end(1006);
    await clock.run(500);
    expect(link.state.at).toBe('connecting');
  });

  it('gives a connection 4 s, and a slow one more', async () => {
    link.start();
    await clock.run(3_900);
    expect(link.state.at).toBe('connecting');
    await clock.until(() => wires.length === 2, 1_000);
    const from = clock.now();
    await clock.until(() => wires.length === 3, 10_000);
    expect(clock.now() - from).toBeGreaterThanOrEqual(8_000);
  });

  it('a socket that the page forbids, or a hello that fails, is tried again', async () => {
    refuse = true;
    link.start();
    expect(link.state.at).toBe('waiting');
    refuse = false;
    await clock.run(1_000);
    expect(link.state.at).toBe('connecting');
  });

  it('what an old socket still says is nobody’s business', async () => {
    await connect();
    const [old] = wires;
    const { onmessage } = old!;
    link.replace();
    onmessage?.({ data: JSON.stringify({ type: 'event', seq: 9 }) });
    expect(got.map((f) => f.type)).toEqual(['welcome']);
  });

  it('rubbish is not a frame', async () => {
    await connect();
    wire().onmessage?.({ data: '{' });
    wire().onmessage?.({ data: 'null' });
    wire().onmessage?.({ data: '[1,null,{"type":7},{"type":"pong"}]' });
    expect(got.map((f) => f.type)).toEqual(['welcome', 'pong']);
  });
});

describe('heartbeat', () => {
  const pings = () => wires.flatMap((w) => w.frames).filter((f) => f.type === 'ping');
  const answering = async (ms: number) => {
    const end = clock.now() + ms;
    while (clock.now() < end) {
      const before = pings().length;
      await clock.run(1_000);
      if (pings().length > before) wire().say({ type: 'pong' });
    }
  };

  it('a visitor’s grows to max while pongs come, and says so', async () => {
    await connect();
    await answering(400_000);
    const next = pings().map((f) => (f.type === 'ping' ? f.next! : 0));
    expect(next[0]).toBe(25);
    expect(next.at(-1)).toBe(50);
    expect(next).toEqual([...next].sort((a, b) => a - b));
    expect(wires).toHaveLength(1);
  });

  it('an agent’s keeps its pace', async () => {
    await connect({ role: 'agent', heartbeat: { every: 10, max: 50 } });
    await answering(100_000);
    expect(new Set(pings().map((f) => f.type === 'ping' && f.next))).toEqual(new Set([10]));
    expect(pings().length).toBeGreaterThan(9);
  });

  it('a hidden page announces that its timers are slow', async () => {
    await connect({ role: 'agent', heartbeat: { every: 10, max: 10 } });
    hidden = true;
    await answering(11_000);
    expect(pings().at(-1)).toEqual({ type: 'ping', next: 60 });
  });

  it('no pong: another connection, and a faster beat', async () => {
    await connect();
    await answering(400_000);
    const before = wires.length;
    await clock.until(() => wires.length > before, 60_000);
    wire().onopen?.();
    await settle();
    wire().say(welcome());
    const from = pings().length;
    await clock.until(() => pings().length > from, 60_000);
    expect(pings().at(-1)).toEqual({ type: 'ping', next: 25 });
  });

  it('any frame proves life', async () => {
    await connect();
    await clock.until(() => pings().length === 1, 30_000);
    wire().say({ type: 'event', seq: 1 });
    await clock.run(6_000);
    expect(wires).toHaveLength(1);
  });

  /** Lets time pass, second by second; the server answers, and `each` says what else happens. */
  const during = async (seconds: number, each: (second: number) => void) => {
    for (let s = 0; s < seconds; s++) {
      const before = wire().sent.length;
      await clock.run(1_000);
      if (wire().sent.length > before) wire().say({ type: 'pong' });
      each(s);
    }
  };
  const write = () => {
    link.send({ type: 'send', origin: 'o', n: 1, body: { kind: 'text', text: 'hi' } });
    wire().say({ type: 'ack', n: 1, seq: 1 });
  };

  it('what is acknowledged puts a visitor’s off, but no longer than a beat', async () => {
    await connect();
    await during(300, (s) => s % 20 === 0 && write());
    expect(pings()).toEqual([]);
    await clock.run(25_000);
    expect(pings()).toHaveLength(1);
  });

  it('what is only heard puts it off for a while: who is silent is given up', async () => {
    await connect();
    write();
    await during(48, () => wire().say({ type: 'event', seq: 1 }));
    expect(pings().length).toBeGreaterThan(0);
  });

  it('what names no prev does not put it off: nothing that was missed is found by it', async () => {
    await connect();
    write();
    await during(26, () => wire().say({ type: 'typing' }));
    expect(pings()).toHaveLength(1);
  });

  it('an agent’s is put off by nothing: it stands for all that they hold', async () => {
    await connect({ role: 'agent', heartbeat: { every: 15, max: 16 } });
    await during(150, (s) => s % 5 === 0 && write());
    expect(pings().length).toBeGreaterThanOrEqual(10);
  });

  // functions/local/bench takes from here what an agent's heartbeats cost: agentsAlone, agentsAlong.
  it('an agent’s goes with what they say if it is due soon: with ten answers to each of five visitors, 24 of 53 are messages', async () => {
    const random = seeded(7);
    const runs = 20;
    let alone = 0;
    let all = 0;
    for (let i = 0; i < runs; i++) {
      wires = [];
      await connect({ role: 'agent', heartbeat: { every: 15, max: 16 } });
      let due = 0;
      await during(600, (s) => {
        for (; due <= s; due += -12 * Math.log(1 - random())) write();
      });
      all += pings().length;
      alone += wire().sent.filter((m) => m.startsWith('{"type":"ping"')).length;
      link.stop();
    }
    expect(Math.round(alone / runs)).toBe(24);
    expect(Math.round(all / runs)).toBe(53);
  });

  it('what is sent together stays so, and just after a ping there is none', async () => {
    await connect({ role: 'agent', heartbeat: { every: 15, max: 16 } });
    await clock.run(9_000);
    link.send({ type: 'typing' }, { type: 'read', seq: 2 });
    expect(pings()).toEqual([]);
    link.send({ type: 'read', seq: 3 });
    expect(JSON.parse(wire().sent.at(-1)!)).toEqual([
      { type: 'read', seq: 3 },
      { type: 'ping', next: 15 },
    ]);
    link.send({ type: 'read', seq: 4 });
    expect(pings()).toHaveLength(1);
    await clock.run(10_000);
    expect(wires[0]!.closed).toBe(true); // no pong came, and nothing else
  });

  // functions/local/bench takes what a session costs in heartbeats from here: visitorsPings.
  it('six of a visitor’s in ten minutes of twenty messages, each side’s when it likes', async () => {
    const sessions = 50;
    const random = seeded(7);
    let all = 0;
    await connect();
    for (let i = 0; i < sessions; i++) {
      let due = 0;
      await during(600, (s) => {
        for (; due <= s; due += -30 * Math.log(1 - random())) random() < 0.5 ? write() : wire().say({ type: 'event', seq: 1 });
      });
      all += pings().length;
      wires = [];
      link.stop();
      await connect();
    }
    expect(all / sessions).toBeGreaterThan(5);
    expect(all / sessions).toBeLessThan(6);
  });

  it('a probe finds a zombie within 2.5 s', async () => {
    await connect();
    link.probe();
    await clock.run(2_400);
    expect(link.state.at).toBe('open');
    await clock.run(700);
    expect(wires).toHaveLength(2);
    expect(wires[0]!.closed).toBe(true);
  });

  it('a probe while waiting connects at once, and does nothing to what was stopped', async () => {
    await connect();
    wire().end(4000);
    link.probe();
    expect(link.state.at).toBe('connecting');
    wire().end(4500);
    link.probe();
    expect(link.state.at).toBe('stopped');
    link.stop();
    link.probe();
    expect(link.state.at).toBe('idle');
    await clock.run(600_000);
    expect(link.state.at).toBe('idle');
  });
});
