import type { Env, Socket } from './env.ts';
import type { ClientFrame, Hello, ServerFrame, Welcome } from './wire.ts';

/**
 * One WebSocket that comes back.
 *
 * It says hello first and nothing else before welcome, beats, notices silence, and obeys what the server
 * says about coming back: close codes 4000-4499 yes, 4500-4999 no; `bye` and a refused hello count like the close they
 * announce, because not every host can send close codes. A socket that has gone bad is left alone, not waited for
 * (closing one may take forever on iOS).
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

/** The one state there is. `waiting` and `stopped` say why the last connection ended, if the server told. */
export type LinkState =
  | { at: 'idle' }
  | { at: 'connecting' }
  | { at: 'open' }
  | { at: 'waiting'; code?: number | undefined }
  | { at: 'stopped'; code: number; reason: string };

export interface LinkOptions {
  /** `wss://host/ws`. */
  url: string;
  env: Env;
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
const PONG = 5_000;
const PROBE = 2_500;
const HIDDEN_BEAT = 60;

const closeCodes: { [code: string]: number } = { unauthorized: 4500, forbidden: 4501, invalid: 4502, unsupported: 4502 };

export function createLink({ url, env, hello, onFrame, onState, hidden }: LinkOptions): Link {
  let state: LinkState = { at: 'idle' };
  let socket: Socket | undefined;
  let tries = 0;
  let since = 0; // when this connection was welcomed
  let told = 0; // the close code that an error stood for, if it was the last frame
  let beat = { every: 25, now: 25, max: 50 }; // seconds
  let stopLimit = () => {}; // of the state: connecting or waiting
  let stopBeat = () => {};
  let stopPong = () => {};
  let onTime = false; // a ping is out, and its limit has not passed

  const enter = (next: LinkState) => {
    state = next;
    onState(next);
  };

  const leave = () => {
    stopLimit();
    stopBeat();
    stopPong();
    onTime = false;
    const old = socket;
    socket = undefined;
    if (state.at === 'open' && env.now() - since >= SETTLED) tries = 0;
    if (!old) return;
    old.onopen = old.onmessage = old.onclose = old.onerror = null;
    try {
      old.close();
    } catch {
      // It is gone either way.
    }
  };

  // Full jitter from the first try on: after a restart everybody comes back, but not at once.
  const retry = (ms?: number, code?: number) => {
    leave();
    stopLimit = env.after(ms ?? env.random() * Math.min(BACKOFF_MAX, BACKOFF * 2 ** tries), connect);
    tries++;
    enter({ at: 'waiting', code });
  };

  const obey = (code: number, reason: string, ms?: number) => {
    if (code < 4500 || code > 4999) return retry(ms, code);
    leave();
    enter({ at: 'stopped', code, reason });
  };

  const connect = () => {
    leave();
    told = 0;
    enter({ at: 'connecting' });
    stopLimit = env.after(Math.min(SLOWEST, CONNECT * 2 ** tries), () => retry());
    let mine: Socket;
    try {
      mine = socket = env.socket(url);
    } catch {
      return retry(); // the page's CSP forbids it, or the URL is wrong; either may be put right
    }
    mine.onopen = () => {
      const first = async () => mine.send(JSON.stringify(await hello()));
      first().catch(() => socket === mine && retry());
    };
    mine.onmessage = ({ data }) => {
      for (const frame of parse(data)) if (socket === mine) receive(frame);
    };
    mine.onclose = ({ code, reason }) => obey(code >= 4000 ? code : told, reason);
    mine.onerror = () => {}; // a close always follows
  };

  const receive = (frame: ServerFrame) => {
    alive();
    told = 0;
    // The window spreads a whole server's clients; `retry` is a delay, so the jitter comes on top of it.
    if (frame.type === 'bye') return obey(frame.code, frame.reason, frame.window && env.random() * frame.window * 1000);
    if (frame.type === 'error' && frame.n === undefined) {
      told = closeCodes[frame.code] ?? 0;
      if (state.at !== 'open') return obey(told, frame.message, frame.retry && (1 + env.random()) * frame.retry * 1000);
    }
    if (frame.type === 'welcome') welcome(frame);
    if (state.at === 'open') onFrame(frame);
  };

  const welcome = ({ heartbeat, role }: Welcome) => {
    stopLimit();
    since = env.now();
    const every = heartbeat?.every || beat.every;
    // Agents' presence hangs on their beat, so theirs keeps its pace.
    const max = role === 'visitor' ? Math.max(every, heartbeat?.max || 0) : every;
    beat = { every, max, now: Math.min(max, Math.max(every, beat.now)) };
    enter({ at: 'open' });
    sleep();
  };

  const sleep = () => {
    stopBeat();
    stopBeat = env.after(beat.now * 1000 * (0.9 + env.random() / 10), () => ping(PONG));
  };

  const ping = (limit: number) => {
    sleep();
    stopPong();
    send({ type: 'ping', next: Math.ceil(hidden?.() ? Math.max(HIDDEN_BEAT, beat.now) : beat.now) });
    stopPong = env.after(limit, () => {
      beat.now = Math.max(beat.every, beat.now / 2);
      stopPong = () => {};
      retry();
    });
    onTime = true;
  };

  // Any frame proves that the other side lives; one that ends a ping lets the beat slow down.
  const alive = () => {
    stopPong();
    if (onTime) beat.now = Math.min(beat.max, beat.now * 1.2);
    onTime = false;
  };

  const send = (...frames: ClientFrame[]) => {
    if (state.at !== 'open' || !socket) return false;
    socket.send(JSON.stringify(frames.length > 1 ? frames : frames[0]));
    return true;
  };

  return {
    get state() {
      return state;
    },
    start() {
      tries = 0;
      if (!socket) connect();
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
      else if (state.at === 'waiting') {
        tries = 0;
        connect();
      }
    },
    send,
  };
}

/** What a message holds: one frame or a batch. Rubbish is no frame at all. */
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
