import type { Env, Socket } from './env.ts';
import type { ClientFrame, Hello, ServerFrame, Welcome } from './wire.ts';

/**
 * One connection that comes back.
 *
 * It says hello first and nothing else before welcome, beats, notices silence, and obeys what the server
 * says about coming back: close codes 4000-4499 yes, 4500-4999 no; `bye` and a refused hello count like the close they
 * announce, because not every host can send close codes. A socket that has gone bad is left alone, not waited for
 * (closing one may take forever on iOS).
 *
 * It is a WebSocket where that is possible. On a network that refuses it, lets it hang or cuts it soon after it was
 * opened, the `fallback` has its turn: a socket of the same shape that becomes a WebSocket again when it can (poll.ts).
 * Nothing of this outlives the page. Whatever carries them, frames keep their numbers: a change of hands in the middle of
 * a conversation loses and doubles nothing.
 */
export interface Link {
  readonly state: LinkState;
  /** Connects, also after it was stopped. */
  start(): void;
  /** Leaves for good: `idle`. */
  stop(): void;
  /** Gives this connection up and opens another. */
  replace(): void;
  /** The page is visible or online again: is the connection alive? Answered within 2.5 s, by a new one if need be. */
  probe(): void;
  /** Sends on an open connection, as one message; to keep it within the limits of the wire is up to the caller. False: not sent. */
  send(...frames: ClientFrame[]): boolean;
}

/** Why WebSocket is left: closed before it was of use, silent, or forbidden by the page's CSP. */
export type Reason = 'closed' | 'timeout' | 'forbidden';

/** Makes another way to connect, after `misses` WebSockets in a row came to nothing. Rejects if there is none. */
export type Fallback = (reason: Reason, misses: number) => Promise<Socket>;

/** The one state there is. `waiting` and `stopped` say why the last connection ended, if the server told. */
export type LinkState =
  | { at: 'idle' }
  | { at: 'connecting' }
  | { at: 'open'; via: NonNullable<Socket['via']> }
  | { at: 'waiting'; code?: number | undefined }
  | { at: 'stopped'; code: number; reason: string };

export interface LinkOptions {
  /** `wss://host/ws`. */
  url: string;
  env: Env;
  fallback?: Fallback | undefined;
  /** Made anew for each connection, for token, origin and `after` move on. */
  hello(): Hello | Promise<Hello>;
  /** Every frame from `welcome` on; `welcome` itself is the first of each connection. */
  onFrame(frame: ServerFrame): void;
  onState(state: LinkState): void;
  /** Hidden pages announce a slow heartbeat, for browsers let their timers run once a minute. */
  hidden?: (() => boolean) | undefined;
}

const CONNECT = 4_000; // for the first try; doubled to SLOWEST, or a very slow phone would never get in
const SLOWEST = 15_000;
const BACKOFF = 500;
const BACKOFF_MAX = 30_000;
const SETTLED = 8_000; // a shorter life is a failure too: some boxes let the upgrade through and then cut
const ENOUGH = 3; // this many WebSockets in a row come to nothing, and the fallback has its turn
const EARLY = 64; // frames kept for after the welcome
const PONG = 5_000;
const PROBE = 2_500;
const HIDDEN_BEAT = 60;

const closeCodes: { [code: string]: number } = { unauthorized: 4500, forbidden: 4501, invalid: 4502, unsupported: 4502 };

export function createLink({ url, env, fallback, hello, onFrame, onState, hidden }: LinkOptions): Link {
  let state: LinkState = { at: 'idle' };
  let socket: Socket | undefined;
  let tries = 0;
  let misses = 0; // WebSockets in a row that came to nothing
  let fell: Fallback | false | undefined; // the last try to connect was the fallback's
  let since = 0; // when this connection was welcomed; 0 before
  let why: Reason = 'closed';
  let early: ServerFrame[] = []; // what overtook the welcome
  let told = 0; // the close code that an error stood for, if it was the last frame
  let beat = { every: 25, now: 25, max: 50 }; // seconds
  let said = 0; // when the server last heard of us
  let beaten = 0; // when it was last pinged
  let stopLimit = () => {}; // of the state: connecting or waiting
  let stopBeat = () => {};
  let stopPong = () => {};
  let onTime = false; // a ping is out, and its limit has not passed

  const enter = (next: LinkState) => {
    state = next;
    onState(next);
  };

  const polls = () => socket?.via === 'longpoll';
  const settled = () => state.at === 'open' && env.now() - since >= SETTLED;

  const leave = () => {
    stopLimit();
    stopBeat();
    stopPong();
    onTime = false;
    if (settled()) {
      tries = 0;
      if (!polls()) misses = 0;
    }
    const old = socket;
    socket = undefined;
    if (!old) return;
    old.onopen = old.onmessage = old.onclose = old.onerror = null;
    try {
      old.close();
    } catch {
      // It is gone either way.
    }
  };

  // Full jitter from the first try on: after a restart everybody comes back, but not at once. A fallback that was not even
  // welcomed is half a try: WebSocket is the other half.
  const retry = (ms?: number, code?: number) => {
    leave();
    const wait = fell && !since ? 0 : env.random() * Math.min(BACKOFF_MAX, BACKOFF * 2 ** tries++);
    stopLimit = env.after(ms ?? wait, connect);
    enter({ at: 'waiting', code });
  };

  const obey = (code: number, reason: string, ms?: number) => {
    if (code < 4500 || code > 4999) return retry(ms, code);
    leave();
    enter({ at: 'stopped', code, reason });
  };

  /** A WebSocket came to nothing. One that is cut may be so by chance; one that hangs has cost enough. */
  const miss = (reason: Reason) => {
    misses += reason === 'closed' ? 1 : ENOUGH;
    why = reason;
  };

  const connect = () => {
    leave();
    told = 0;
    early = [];
    // A fallback that got nowhere is no better: then it is WebSocket's turn again.
    fell = misses >= ENOUGH && (!fell || since > 0) && fallback;
    since = 0;
    enter({ at: 'connecting' });
    const here = state;
    stopLimit = env.after(Math.min(SLOWEST, CONNECT * 2 ** tries), () => {
      if (!fell) miss('timeout');
      retry();
    });
    if (fell)
      return void fell(why, misses - ENOUGH).then(
        (made) => (state === here ? attach(made) : made.close()),
        () => state === here && retry(),
      );
    try {
      attach(env.socket(url));
    } catch {
      miss('forbidden'); // by the page's CSP; or the URL is wrong; either may be put right
      retry();
    }
  };

  const attach = (mine: Socket) => {
    socket = mine;
    mine.onopen = () => {
      const first = async () => {
        const text = JSON.stringify(await hello());
        if (socket === mine) mine.send(text); // else it was left: a poll that was closed would begin anew
      };
      first().catch(() => socket === mine && retry());
    };
    mine.onmessage = ({ data }) => {
      for (const frame of parse(data)) if (socket === mine) receive(frame);
    };
    mine.onclose = ({ code, reason, retry: seconds }) => {
      const final = code >= 4000 ? code : told;
      if (!polls() && !final) miss('closed'); // forgotten again if it had settled
      obey(final, reason, later(seconds));
    };
    mine.onerror = () => {}; // a close always follows
  };

  const receive = (frame: ServerFrame) => {
    alive();
    told = 0;
    // The window spreads a whole server's clients; `retry` is a delay, so the jitter comes on top of it.
    if (frame.type === 'bye') return obey(frame.code, frame.reason, frame.window && env.random() * frame.window * 1000);
    if (frame.type === 'error' && frame.n === undefined) {
      told = closeCodes[frame.code] ?? 0;
      if (state.at !== 'open') return obey(told, frame.message, later(frame.retry));
    }
    if (frame.type === 'welcome') welcome(frame);
    // Where each push is a call of its own (API Gateway) one may overtake the welcome; an answer never does.
    if (state.at !== 'open') return void (early.length < EARLY && early.push(frame));
    if (frame.type === 'ack' || frame.type === 'event') postpone();
    onFrame(frame);
    for (const kept of early.splice(0)) if (state.at === 'open') onFrame(kept);
  };

  const later = (seconds?: number) => seconds && (1 + env.random()) * seconds * 1000;

  const welcome = ({ heartbeat, role }: Welcome) => {
    stopLimit();
    since = env.now();
    const every = heartbeat?.every || beat.every;
    // Agents' presence hangs on their beat, so theirs keeps its pace.
    const max = role === 'visitor' ? Math.max(every, heartbeat?.max || 0) : every;
    beat = { every, max, now: Math.min(max, Math.max(every, beat.now)) };
    enter({ at: 'open', via: socket?.via ?? 'ws' });
    sleep();
  };

  const sleep = () => {
    stopBeat();
    if (polls()) return; // that is a beat of its own
    stopBeat = env.after(beat.now * 1000 * (0.9 + env.random() / 10), () => ping(PONG));
  };

  // What names `prev` tells what was missed, as a pong does, so the next ping may wait as long again; not for ever, for the
  // server gives up who is silent. An agent's log is one of many, and their presence hangs on the beat.
  const postpone = () => {
    if (beat.max > beat.every && env.now() - said < beat.now * 900) sleep();
  };

  const pulse = (limit: number): ClientFrame => {
    sleep();
    stopPong();
    beaten = env.now();
    stopPong = env.after(limit, () => {
      beat.now = Math.max(beat.every, beat.now / 2);
      stopPong = () => {};
      retry();
    });
    onTime = true;
    return { type: 'ping', next: Math.ceil(hidden?.() ? Math.max(HIDDEN_BEAT, beat.now) : beat.now) };
  };
  const ping = (limit: number) => send(pulse(limit));

  // Any frame proves that the other side lives; one that ends a ping lets the beat slow down.
  const alive = () => {
    stopPong();
    if (onTime) beat.now = Math.min(beat.max, beat.now * 1.2);
    onTime = false;
  };

  const send = (...frames: ClientFrame[]) => {
    if (state.at !== 'open' || !socket) return false;
    said = env.now();
    // What an agent says takes the ping along that would follow soon, which spares a message each way.
    if (beat.max === beat.every && !frames[1] && said - beaten > beat.now * 333 && !polls()) frames.push(pulse(PONG));
    socket.send(JSON.stringify(frames.length > 1 ? frames : frames[0]));
    return true;
  };

  /** The network may be another one by now: WebSocket first, but one miss is enough. */
  const afresh = () => {
    tries = 0;
    misses = Math.min(misses, ENOUGH - 1);
    connect();
  };

  return {
    get state() {
      return state;
    },
    start() {
      if (!socket) afresh();
    },
    stop() {
      leave();
      enter({ at: 'idle' });
    },
    replace() {
      if (socket) retry();
    },
    probe() {
      if (state.at === 'open') ping(PROBE);
      else if (state.at === 'waiting') afresh();
      socket?.wake?.();
    },
    send,
  };
}

/** What a message holds: one frame or a batch. What has no type is no frame at all: rubbish, or a word of the gateway's own. */
function parse(data: string): ServerFrame[] {
  try {
    const got = JSON.parse(data);
    return [got].flat().filter((f) => f && typeof f.type === 'string');
  } catch {
    return [];
  }
}

/** Bytes a frame takes on the wire. */
export const weigh = (frame: ClientFrame) => new TextEncoder().encode(JSON.stringify(frame)).length + 1;
