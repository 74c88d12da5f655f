import type { Env, Socket } from './env.ts';
import type { Hello, ServerFrame } from './wire.ts';

/**
 * Long-polling, for networks that let no WebSocket through. It is a file of its own, kefu-poll.mjs, loaded where it is
 * needed: such a network still serves files.
 *
 * kefu.js and this file may be of different releases, for as long as somebody's cache holds an old kefu.js:
 * `FallbackOptions` only ever grows, by optional fields.
 */
export interface FallbackOptions {
  /** `wss://host/ws`. */
  url: string;
  env: Env;
  cursor(): Cursor;
  hello(): Promise<Hello>;
  /** How many WebSockets have come to nothing already: the more, the longer until the next one. */
  misses: number;
  post?: Post;
}

/**
 * POSTs text, without credentials and without a CORS preflight. Rejects when no answer came whole. What has no signal is
 * never aborted, and survives the page.
 */
export type Post = (url: string, text: string, signal?: AbortSignal) => Promise<{ status: number; text: string }>;

const browserPost: Post = async (url, body, signal = null!) => {
  const got = await fetch(url, { method: 'POST', body, signal, keepalive: !signal, credentials: 'omit', cache: 'no-store' });
  return { status: got.status, text: await got.text() };
};

/** Where the next poll goes on from: with the `head` of the last `next` all the state there is. */
export interface Cursor {
  /** Whose newer poll ends an older one. */
  origin: string;
  token?: string | undefined;
  site: string;
  after?: number | undefined;
  epoch?: string | undefined;
}

const HOLD = 25; // seconds; CloudFront gives up after 30
const PATIENCE = 10_000; // what a request may take besides
const PAUSE = 1_000; // after an answer that came too soon and says nothing: never ask in a tight circle
const RETURN = 10_000; // until the next try of a WebSocket, doubled to
const RETURN_MAX = 300_000;
const CONNECT = 15_000;
const EARLY = 64; // messages kept for after a welcome

const finalCodes: { [status: number]: number } = { 401: 4500, 403: 4501 };

/**
 * A socket that long-polls, and becomes a WebSocket as soon as one is welcomed beside it: the second welcome says so, and
 * `via`. Whoever holds it notices nothing else. What was under way in that moment has an unknown outcome, as after any
 * other loss of a connection.
 */
export function createFallback({ url, env, cursor, hello, misses, post = browserPost }: FallbackOptions): Socket {
  let bad = misses;
  let beside: Socket | undefined; // the WebSocket that is being tried
  let stop = () => {}; // the next try, or the limit of this one
  // `wss://host/ws` -> `https://host/v1/poll`
  let carrier = createPoll(new URL('v1/poll', url.replace(/^ws/, 'http')).href, cursor, env, post);

  const drop = () => {
    stop();
    const old = beside;
    beside = undefined;
    if (!old) return;
    old.onopen = old.onmessage = old.onclose = null;
    old.close();
  };

  const plan = () => {
    stop = env.after((0.5 + env.random() / 2) * Math.min(RETURN_MAX, RETURN * 2 ** bad), tryBack);
  };
  const miss = () => {
    drop();
    bad++;
    plan();
  };

  /** A WebSocket that opens proves nothing yet: some boxes let the upgrade through and then cut. Welcome does. */
  const tryBack = () => {
    drop();
    stop = env.after(CONNECT, miss);
    let mine: Socket;
    const early: string[] = []; // what overtook the welcome
    try {
      mine = beside = env.socket(url);
    } catch {
      return miss();
    }
    mine.onopen = () => {
      const first = async () => mine.send(JSON.stringify(await hello()));
      first().catch(() => mine === beside && miss());
    };
    mine.onmessage = ({ data }) => {
      if (!framesOf(data).some((f) => f?.type === 'welcome')) return void (early.length < EARLY && early.push(data));
      beside = undefined;
      stop();
      carrier.onclose = null;
      carrier.close();
      carrier = mine;
      socket.via = 'ws';
      carry();
      for (const text of [data, ...early]) socket.onmessage?.({ data: text });
    };
    mine.onclose = miss;
    mine.onerror = () => {};
  };

  const carry = () => {
    carrier.onmessage = (e) => socket.onmessage?.(e);
    carrier.onclose = (e) => {
      drop();
      socket.onclose?.(e);
    };
  };

  const socket: Socket = {
    via: 'longpoll',
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send: (text) => carrier.send(text),
    close() {
      drop();
      carrier.close();
    },
    wake() {
      bad = 0;
      if (socket.via === 'longpoll') tryBack(); // one under way may hang for ever
    },
  };
  carrier.onopen = () => socket.onopen?.();
  carry();
  plan();
  return socket;
}

function framesOf(text: string): ServerFrame[] {
  try {
    return [JSON.parse(text)].flat();
  } catch {
    return [];
  }
}

/**
 * Long-polling in the shape of a WebSocket.
 *
 * What carries frames waits for nothing and is never aborted; what waits carries no frames, and is aborted when there is
 * something to send. So no message waits for a held poll, one request at a time is under way, frames arrive in order, and
 * an abort loses nothing: the cursor has not moved. The first request that fails closes the socket, and the next one
 * begins with a hello, as on a WebSocket.
 */
export function createPoll(url: string, cursor: () => Cursor, { now, after }: Pick<Env, 'now' | 'after'>, post: Post): Socket {
  const queue: string[] = []; // messages, each a request
  let turn = 0; // whose answer counts
  let head: string | undefined; // as the last answer named it
  let carries = false; // the request under way carries frames, or its answer is being heard
  let stop = () => {}; // what is under way: a pause, or a request

  const end = (code = 1006, reason = '', retry?: number) => {
    turn++;
    stop();
    socket.onclose?.({ code, reason, retry });
  };

  const ask = async () => {
    stop();
    const mine = ++turn;
    const from = now();
    const frames = queue.shift()?.replace(/^\[|\]$/g, '') ?? '';
    carries = !!frames;
    const wait = carries ? 0 : HOLD;
    const held = carries ? undefined : new AbortController();
    const impatient = after(wait * 1000 + PATIENCE, end);
    stop = () => {
      impatient();
      held?.abort();
    };
    const state = JSON.stringify({ ...cursor(), head, wait }).slice(0, -1);
    try {
      const { status, text } = await post(url, `${state},"frames":[${frames}]}`, held?.signal);
      if (mine === turn) answer(status, text, carries || now() - from > PAUSE);
    } catch {
      if (mine === turn) end();
    }
  };

  /** Throws at what no desk of ours has said. */
  const answer = (status: number, text: string, inTime: boolean) => {
    const mine = turn;
    const said = JSON.parse(text);
    // A stranger on the way may say 403 too, but without a code.
    if (status !== 200) return end(said.code && finalCodes[status], said.detail, said.retry);
    carries = true; // until all is heard: what is sent meanwhile goes on from there
    const next = said.find((frame: ServerFrame) => frame.type === 'next');
    head = next?.head;
    socket.onmessage?.({ data: text });
    if (mine !== turn) return;
    carries = false;
    stop();
    if (queue[0]) return void ask();
    const pause = said.some((frame: { more?: boolean }) => frame.more) ? 0 : (next?.seconds ?? 0) * 1000;
    const wait = said.length > 1 || inTime ? pause : Math.max(pause, PAUSE);
    // Hidden pages have slow timers: without one the next poll is there at once.
    if (wait) stop = after(wait, ask);
    else void ask();
  };

  const socket: Socket = {
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send(text) {
      queue.push(text);
      if (!carries) void ask();
    },
    close() {
      turn++;
      stop();
    },
  };
  after(0, () => socket.onopen?.());
  return socket;
}
