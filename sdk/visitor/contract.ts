import type { Claim } from './claim.ts';
import type { Emitter } from './emitter.ts';
import type { Env } from './env.ts';
import type { Kv } from './kv.ts';
import type { LinkState, Reason } from './link.ts';
import type { Log, Logged } from './log.ts';
import type { Entry } from './outbox.ts';
import type { createFallback } from './poll.ts';
import type { ClientFrame, Code, Conversation, Hello, NumberedFrame, Party, Sent, ServerFrame, VisitorWelcome } from './wire.ts';

/**
 * A visitor's side of the desk, without a page: link, outbox and log put together.
 *
 * What is kept on the device, by site and user: the visitor's token, the draft, and the outbox. The log is asked for anew
 * by each page. `start` and `stop` may alternate: a page that goes into the browser's back/forward cache stops, so that
 * another page may send what it left, and starts afresh when it comes back.
 */
export interface Client extends Pick<Emitter<ClientEvents>, 'on'> {
  readonly state: LinkState;
  /** The conversation as the server last told. */
  readonly head: Conversation | undefined;
  readonly site: VisitorWelcome['site'] & { invited?: Invited };
  readonly log: Pick<Log, 'events' | 'last' | 'older'>;
  /** What waits, and what was refused. */
  readonly entries: readonly Entry[];
  /** Messages of others that the visitor has not seen. */
  readonly unread: number;
  start(): Promise<void>;
  stop(): void;
  /** The page shows or is online again. */
  wake(): void;
  /** Resolves once it is stored on this device; it leaves when it can. Whoever says it `again` under its id says it once. */
  send(frame: NumberedFrame, id?: string, again?: boolean): Promise<unknown>;
  retry(key: string): void;
  /** The server has had too much at once: what waits is sent a little later. */
  readonly slowed: boolean;
  /** Sends what is not numbered, now or never. False: not sent. */
  tell(frame: Exclude<ClientFrame, Hello | Sent>): boolean;
  /** Everything up to the end has been seen. Tells so if there was something new of others. */
  read(): void;
  /** What the device keeps for this visitor: drafts, say, under `me/`. */
  store(): Promise<Pick<Kv, 'read' | 'write'> | undefined>;
  /** Who the visitor is to `POST /v1/uploads`. */
  bearer(): Promise<string | undefined>;
  /** Of all pages of this browser, it is this one that rings. */
  readonly rings: boolean;
  /** Removes all that this device keeps, what waits too, and starts again as a new visitor. */
  clear(): Promise<void>;
}

/** The words of an agent to a visitor who had not asked: when they came, in milliseconds, and after which session. */
export interface Invited {
  text: string;
  by: Party;
  at: number;
  session: number;
}

/** Where in the log somebody is, so that the next one may go on from there. */
export interface Held {
  epoch: string;
  events: readonly Logged[];
  /** The last seq that the visitor has seen. */
  seen: number;
}

export interface ClientEvents {
  /** Something of the above changed. */
  change: undefined;
  /** A message of somebody else that is new, or that was missed while away. */
  message: Logged;
  /** An agent or bot types. */
  typing: Party;
  /** A piece of the assistant's answer, as it is written. */
  delta: Delta;
  state: LinkState;
  /** One's own message is in the log. */
  sent: { id: string | undefined; seq: number };
  /** It was refused for good, and waits for a tap. */
  failed: { id: string | undefined; code: Failure };
  error: ClientError;
}

export type Failure = NonNullable<Entry['failed']>;
export type Delta = Extract<ServerFrame, { type: 'delta' }>;

/** `storage`: nothing can be stored on this device, so what is not sent ends with the page. All others end the connection. */
export interface ClientError {
  code: Code | 'storage' | 'token' | 'stopped';
  message: string;
}

export interface ClientOptions {
  endpoint: string;
  site: string;
  /** A token signed by the site's own server. */
  user?: { token: string } | undefined;
  /** A fresh one, when that is not accepted any more. */
  refresh?: (() => Promise<string>) | undefined;
  /** For what goes into `hello` besides. */
  about(): About | Promise<About>;
  /** What a page held that had the connection before. */
  from?: Held | undefined;
  env: Env;
  /** Brings long-polling when WebSocket does not work. Where it rejects there is only WebSocket. */
  fallback(reason: Reason): Promise<{ createFallback: typeof createFallback }>;
  /** Opens what the device keeps under a name. */
  kv(name: string): Promise<Kv>;
  claim: Claim;
  hidden?(): boolean;
}

export type About = Pick<Hello, 'page' | 'lang' | 'tag'>;
