import { beforeEach, describe, expect, it } from 'vitest';
import { type Clock, createClock, settle } from '../testing/clock.ts';
import type { Socket } from './env.ts';
import { createFallback, createPoll } from './poll.ts';

/** Both sockets with the other side moved by hand; what they make of a whole conversation is in fallback.test.ts. */
interface Asked {
  url: string;
  body: { after?: number; head?: string; wait: number; frames: object[] };
  signal: AbortSignal | undefined;
  say(frames: object[], status?: number): Promise<void>;
  fail(): Promise<void>;
}

let clock: Clock;
let asked: Asked[];
let after: number;
let alive: boolean; // held polls are answered when their time is up
let got: object[];
let closed: object[];
const last = () => asked.at(-1)!;

const post = (url: string, text: string, signal?: AbortSignal) =>
  new Promise<{ status: number; text: string }>((done, fail) => {
    const say = async (frames: object, status = 200) => {
      done({ status, text: JSON.stringify(frames) });
      await settle();
    };
    const lose = async () => {
      fail(new TypeError('failed to fetch'));
      await settle();
    };
    signal?.addEventListener('abort', () => fail(new Error('aborted')));
    const body = JSON.parse(text);
    if (alive) clock.after(body.wait * 1000, () => body.wait && say([next]));
    asked.push({ url, body, signal, say, fail: lose });
  });

/** Collects what a socket says; `hear` may answer. */
const listen = (socket: Socket, hear: (frame: { type: string }) => void = () => {}) => {
  socket.onmessage = ({ data }) => {
    for (const frame of JSON.parse(data)) {
      got.push(frame);
      hear(frame);
    }
  };
  socket.onclose = (e) => closed.push(e);
  return socket;
};
const next = { type: 'next', seconds: 0 };
const cursor = () => ({ site: 'default', origin: 'originorigin', token: 't', after, epoch: 'e' });

beforeEach(() => {
  clock = createClock(5);
  asked = [];
  got = [];
  closed = [];
  after = 0;
  alive = false;
});

describe('a poll', () => {
  const open = (hear?: (frame: { type: string }) => void) => listen(createPoll('https://desk/v1/poll', cursor, clock, post), hear);

  it('asks for nothing before something was sent, then goes on from where the page is', async () => {
    const socket = open();
    await clock.run(60_000);
    expect(asked).toHaveLength(0);
    socket.send('{"type":"hello"}');
    expect(last().body).toEqual({ ...cursor(), wait: 0, frames: [{ type: 'hello' }] });
    after = 7;
    await last().say([{ type: 'welcome' }, { ...next, head: 'h1' }]);
    await clock.run(0);
    expect(last().body).toEqual({ ...cursor(), after: 7, head: 'h1', wait: 25, frames: [] });
  });

  it('a batch is sent as one, and another waits for its answer', async () => {
    const socket = open();
    socket.send('[{"type":"send","n":1},{"type":"send","n":2}]');
    socket.send('{"type":"read"}');
    expect(asked).toHaveLength(1);
    expect(last().body.frames).toHaveLength(2);
    expect(last().signal, 'it may outlive the page').toBeUndefined();
    await last().say([next]);
    expect(asked).toHaveLength(2);
    expect(last().body.frames).toEqual([{ type: 'read' }]);
  });

  it('held, it is given up for what there is to send, and nobody notices', async () => {
    const socket = open();
    socket.send('{"type":"hello"}');
    await last().say([next]);
    await clock.run(0);
    const held = last();
    socket.send('{"type":"read"}');
    expect(held.signal!.aborted).toBe(true);
    await settle();
    expect(closed).toEqual([]);
    expect(last().body.frames).toHaveLength(1);
  });

  it('what is sent while an answer is being heard goes on from all of it', async () => {
    const socket = open((frame) => {
      if (frame.type === 'event') after++;
      if (after === 1) socket.send('{"type":"read"}');
    });
    socket.send('{"type":"hello"}');
    await last().say([next]);
    await clock.run(0);
    await last().say([{ type: 'event' }, { type: 'event' }, next]);
    expect(asked).toHaveLength(3);
    expect(last().body).toMatchObject({ after: 2, frames: [{ type: 'read' }] });
  });

  it('more to come is fetched at once, whatever next says', async () => {
    const socket = open();
    socket.send('{"type":"hello"}');
    await last().say([
      { type: 'welcome', more: true },
      { type: 'next', seconds: 15 },
    ]);
    await clock.run(10);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['a network error', (a: Asked) => a.fail(), { code: 1006, reason: '' }],
    ['what is no answer of ours', (a: Asked) => a.say({ html: 1 } as never), { code: 1006, reason: '' }],
    ['busy', (a: Asked) => a.say({ code: 'unavailable', detail: 'busy', retry: 3 } as never, 503), { code: 1006, retry: 3 }],
    ['401', (a: Asked) => a.say({ code: 'unauthorized', detail: 'no' } as never, 401), { code: 4500, reason: 'no' }],
    ['403', (a: Asked) => a.say({ code: 'forbidden', detail: 'no' } as never, 403), { code: 4501, reason: 'no' }],
    ['403 of a stranger', (a: Asked) => a.say({ error: 'blocked' } as never, 403), { code: 1006 }],
    ['404: this host does not poll', (a: Asked) => a.say({ code: 'not_found' } as never, 404), { code: 1006 }],
    ['silence', () => clock.run(10_500), { code: 1006 }],
  ])('ends with %s, once, and asks no more', async (_, happen, close) => {
    const socket = open();
    socket.send('{"type":"hello"}');
    await happen(last());
    expect(closed).toHaveLength(1);
    expect(closed[0]).toMatchObject(close);
    await clock.run(100_000);
    expect([asked.length, closed.length]).toEqual([1, 1]);
  });

  it('a held one that never comes back is noticed', async () => {
    const socket = open();
    socket.send('{"type":"hello"}');
    await last().say([next]);
    await clock.run(34_000);
    expect(closed).toEqual([]);
    await clock.run(2_000);
    expect(closed).toHaveLength(1);
    expect(last().signal!.aborted).toBe(true);
  });

  it('closed, it says nothing more', async () => {
    const socket = open();
    socket.send('{"type":"hello"}');
    socket.close();
    await last().say([{ type: 'welcome' }, next]);
    await clock.run(60_000);
    expect([got, closed, asked.length]).toEqual([[], [], 1]);
  });
});

describe('beside it a WebSocket', () => {
  class Wire implements Socket {
    onopen: (() => void) | null = null;
    onmessage: ((e: { data: string }) => void) | null = null;
    onclose: ((e: { code: number; reason: string }) => void) | null = null;
    onerror: (() => void) | null = null;
    sent: string[] = [];
    closed = false;
    send = (text: string) => this.sent.push(text);
    close() {
      this.closed = true;
    }
    say = (...frames: object[]) => this.onmessage?.({ data: JSON.stringify(frames) });
  }
  let wires: Wire[];
  let forbidden: boolean;
  const wire = () => wires.at(-1)!;

  const open = async (misses = 0) => {
    wires = [];
    forbidden = false;
    alive = true;
    const socket = listen(
      createFallback({
        url: 'wss://desk/shop/ws',
        env: {
          ...clock,
          socket: () => {
            if (forbidden) throw new Error('SecurityError');
            wires.push(new Wire());
            return wire();
          },
        },
        cursor,
        hello: async () => ({ type: 'hello', v: 1, origin: 'originorigin' }),
        misses,
        post,
      }),
    );
    socket.send('{"type":"hello"}');
    await last().say([{ type: 'welcome' }, next]);
    await clock.run(0);
    return socket;
  };
  const dial = async () => {
    const before = wires.length;
    await clock.until(() => wires.length > before, 700_000);
    wire().onopen?.();
    await settle();
  };

  it('is tried; its welcome ends the poll, and from then on it carries all', async () => {
    const socket = await open();
    expect(last().url).toBe('https://desk/shop/v1/poll');
    const held = last();
    await dial();
    expect(wire().sent).toEqual(['{"type":"hello","v":1,"origin":"originorigin"}']);
    expect(socket.via).toBe('longpoll');
    wire().say({ type: 'welcome', n: 3 }, { type: 'event' });
    expect(socket.via).toBe('ws');
    expect(held.signal!.aborted).toBe(true);
    expect(got.slice(-2)).toEqual([{ type: 'welcome', n: 3 }, { type: 'event' }]);
    socket.send('{"type":"read"}');
    expect(wire().sent).toHaveLength(2);
    const polls = asked.length;
    await clock.run(700_000);
    expect([asked.length, wires.length, closed]).toEqual([polls, 1, []]);
    wire().onclose?.({ code: 1006, reason: '' });
    expect(closed).toEqual([{ code: 1006, reason: '' }]);
  });

  it('that opens and has nothing better to say than bye leaves the poll as it is', async () => {
    const socket = await open();
    await dial();
    wire().say({ type: 'bye', code: 4501, reason: 'no' });
    expect([socket.via, got.length, closed]).toEqual(['longpoll', 2, []]);
    await clock.run(16_000);
    expect(wire().closed).toBe(true);
    await dial();
    wire().say({ type: 'welcome' });
    expect(socket.via).toBe('ws');
  });

  it('that the page forbids is tried again later', async () => {
    const socket = await open();
    forbidden = true;
    await clock.run(60_000);
    forbidden = false;
    await dial();
    wire().say({ type: 'welcome' });
    expect(socket.via).toBe('ws');
  });

  it('comes later the more of them came to nothing', async () => {
    const from = clock.now();
    await open(4);
    await clock.until(() => wires.length > 0, 700_000);
    expect(clock.now() - from).toBeGreaterThan(60_000);
  });

  it('is given up with the poll', async () => {
    const socket = await open();
    await dial();
    socket.close();
    expect(wire().closed).toBe(true);
    const [polls, tries] = [asked.length, wires.length];
    await clock.run(700_000);
    expect([asked.length, wires.length]).toEqual([polls, tries]);
  });
});
