/**
 * The frames of protocol kefu.v1, for visitors and agents alike, as TypeScript.
 *
 * Names are those of the wire, letter by letter. A frame is told from another by `type`. Unknown fields are ignored and
 * unknown types are dropped by whoever reads, so that the server may grow by addition.
 */

/** RFC 3339, UTC, milliseconds: `2026-11-23T16:33:00.000Z`. */
export type Time = string;

export type Phase = 'none' | 'bot' | 'waiting' | 'held' | 'snoozed' | 'closed';
export type Status = 'online' | 'away' | 'offline';

/** Who wrote an event. `system` has neither id nor name worth showing. */
export interface Party {
  kind: 'visitor' | 'agent' | 'bot' | 'system';
  id?: string;
  name?: string;
  avatar?: string;
}

export interface AgentRef {
  id: string;
  name: string;
  avatar?: string;
}

// ---- what a message can say -------------------------------------------------------------------------------------------

export interface TextBody {
  kind: 'text';
  text: string;
  /** Of the assistant's: what of the site's knowledge it rests on. */
  sources?: Source[];
}

/** `url`: http or https, or there is no link. */
export interface Source {
  id: string;
  title: string;
  url?: string;
}

/** From `POST /v1/uploads`: `size` in bytes, `width` and `height` in pixels. */
export interface FileBody {
  kind: 'image' | 'file';
  url: string;
  name: string;
  size: number;
  mime: string;
  width?: number;
  height?: number;
}

/** Quick replies: a tap sends the option's text. */
export interface OptionsBody {
  kind: 'options';
  text: string;
  options: string[];
}

/** What a visitor filled in before the first message of a session: the site's own questions, with the answers. */
export interface FormBody {
  kind: 'form';
  fields: { id: string; label: string; value: string }[];
}

/** What people and bots say: what `send` and `edit` carry. */
export type Body = TextBody | FileBody | OptionsBody | FormBody;

/** What the desk itself writes into the log. Fields not listed are the server's business (`why`, say). */
export type SystemBody =
  | { kind: 'warned' | 'reopened' | 'identified' | 'erased' }
  | { kind: 'opened'; tag?: string }
  | { kind: 'queued'; group?: string }
  | { kind: 'assigned'; agent: AgentRef; from?: AgentRef; why?: unknown }
  | { kind: 'released'; agent: AgentRef; reason: string }
  | { kind: 'transferred'; from?: AgentRef; to: { agent?: AgentRef; group?: string }; note?: string }
  | { kind: 'handoff'; reason: string }
  | { kind: 'snoozed'; until: Time }
  | { kind: 'closed'; reason: string; by: Party }
  | { kind: 'rated'; session: number; score: number; comment?: string }
  | { kind: 'edited'; seq: number; body: Body }
  | { kind: 'recalled'; seq: number }
  | { kind: 'tagged'; add?: string[]; remove?: string[] }
  | { kind: 'noted'; of: string };

/** What recall and erasure leave in place of a body: of a message and, with its `seq`, of each edit it had. */
export interface Tombstone {
  kind: 'tombstone';
  seq?: number;
}

/** An entry of a conversation's log. `prev` is the event before it that this receiver may see; `origin`, `n` only to its author. */
export interface LogEvent {
  conversation: string;
  seq: number;
  prev: number;
  at: Time;
  session: number;
  by: Party;
  body: Body | SystemBody | Tombstone;
  internal?: boolean;
  origin?: string;
  n?: number;
}

/** The head of a conversation: what it is now, without its log. */
export interface Conversation {
  id: string;
  site: string;
  visitor: { id: string; name?: string; online?: boolean; [more: string]: unknown };
  phase: Phase;
  /** When the phase began. */
  since?: Time;
  session: number;
  group?: string;
  tag?: string;
  /** What agents have put on it; to agents. */
  tags?: string[];
  /** To agents, of a snoozed session: when it comes back. */
  until?: Time;
  agent?: AgentRef;
  /** Place in the queue, 1 is next; `eta` in seconds. */
  queue?: { position: number; eta?: number };
  /** To visitors the last one they may see. */
  seq: number;
  /** To agents: last accepted n of this connection's origin. */
  n?: number;
  read?: { visitor?: number; agent?: number };
  last?: LogEvent;
}

export interface Agent {
  id: string;
  name: string;
  status: Status;
  held: number;
  capacity: number;
  avatar?: string;
  role?: 'agent' | 'supervisor' | 'admin';
  groups?: string[];
}

// ---- what a site asks of its visitors -----------------------------------------------------------------------------------

/** One question of the form before a session. `options` are those of a `select`. */
export interface FormField {
  id: string;
  label: string;
  type: 'text' | 'email' | 'tel' | 'select' | 'textarea';
  required?: boolean;
  options?: string[];
}

/** Words that are offered to a visitor who has not asked for a chat. */
export interface Invite {
  id: string;
  text: string;
  /** Seconds on the page. */
  after?: number;
  /** Of the page; `*` is any number of characters. */
  path?: string;
  /** Part of where the visitor came from. */
  referrer?: string;
  /** Seconds until the same one may be shown again; a day if left out. */
  again?: number;
}

/** When a site is open; `day` 0 is Sunday, `from` and `until` are `HH:MM` in the site's zone. */
export interface Hours {
  day: number;
  from: string;
  until: string;
}

/** What `POST /v1/uploads` takes: `size` in bytes; `post`: the file itself goes elsewhere, by a policy that it answers with. */
export interface UploadLimits {
  size: number;
  types: string[];
  post?: boolean;
}

/** What a visitor's `welcome` says of the site, in the visitor's language. */
export interface Site {
  name?: string;
  greeting?: string;
  lang?: string;
  /** False: nobody is there; leave a message. */
  open?: boolean;
  /** What to say then. */
  offline?: string;
  /** When it opens next. */
  opens?: Time;
  hours?: Hours[];
  /** Of `hours`: `Asia/Shanghai`. */
  zone?: string;
  form?: { text?: string; fields: FormField[] };
  /** Quick replies under the greeting. */
  quick?: string[];
  invite?: Invite[];
  privacy?: { text?: string; url?: string };
  /** A score is asked for after a session that a person held. */
  rating?: boolean;
  uploads?: UploadLimits;
  /** Agents are shown what the visitor is typing; only then does `typing` carry it. */
  preview?: boolean;
  /** Seconds that a message may be edited or recalled for; 0: not at all. */
  edit?: number;
  [more: string]: unknown;
}

// ---- client frames ----------------------------------------------------------------------------------------------------

export interface Hello {
  type: 'hello';
  v: 1;
  /** 8-40 of [A-Za-z0-9_-]. */
  origin: string;
  token?: string | undefined;
  site?: string | undefined;
  after?: number | undefined;
  epoch?: string | undefined;
  user?: { token: string } | undefined;
  page?: { url: string; title?: string; referrer?: string };
  lang?: string | undefined;
  tag?: string | undefined;
}

/** Frames that are stored, each under (conversation, origin, n). The outbox numbers them; see outbox.ts. */
export type NumberedFrame =
  | { type: 'send'; body: Body; internal?: boolean }
  | { type: 'human' | 'end' | 'take' | 'reopen'; session: number }
  | { type: 'rate'; session: number; score: number; comment?: string }
  | { type: 'transfer'; session: number; to: { agent: string } | { group: string }; note?: string }
  | { type: 'edit'; seq: number; body: Body }
  | { type: 'recall'; seq: number }
  | { type: 'tag'; add?: string[]; remove?: string[] }
  | { type: 'snooze'; session: number; until: string };

/** A numbered frame as it travels. Visitors leave `conversation` out, agents always name it. */
export type Sent = NumberedFrame & { origin: string; n: number; conversation?: string };

/** What an agent tells the others that they do with a conversation. */
export type Doing = 'views' | 'notes' | 'left';

export type ClientFrame =
  | Hello
  | Sent
  | { type: 'typing'; conversation?: string; text?: string; doing?: Doing }
  | { type: 'read'; conversation?: string; seq: number }
  | { type: 'status'; status: Status; capacity?: number }
  | { type: 'watch'; conversations: string[] }
  | { type: 'page'; page: { url: string; title?: string; referrer?: string } }
  | { type: 'after' | 'before'; conversation?: string; seq: number; limit?: number }
  | { type: 'ping'; next?: number };

// ---- server frames ----------------------------------------------------------------------------------------------------

interface WelcomeBase {
  type: 'welcome';
  v: 1;
  epoch: string;
  reset?: boolean;
  /** Seconds. */
  heartbeat: { every: number; max: number };
  /** `edit`: seconds that a message may be changed for; to agents. */
  limits?: { uploads?: UploadLimits; edit?: number; [name: string]: unknown };
  features?: string[];
  more?: boolean;
}

export interface VisitorWelcome extends WelcomeBase {
  role: 'visitor';
  /** To keep, and to say hello with. */
  token: string;
  /** Last accepted n of the hello's origin. */
  n: number;
  visitor: { id: string; name?: string; avatar?: string; online?: boolean };
  site: Site;
  conversation: Conversation;
  events: LogEvent[];
}

export interface AgentWelcome extends WelcomeBase {
  role: 'agent' | 'supervisor' | 'admin';
  agent: Agent;
  conversations: Conversation[];
  agents: Agent[];
  /** Ids of the sites in whose conversations a model helps agents. */
  assist?: string[];
}

export type Welcome = VisitorWelcome | AgentWelcome;

/** Covers every smaller n of the same origin in the same conversation. Without `prev`: a repeat of the last one. */
export interface Ack {
  type: 'ack';
  origin: string;
  n: number;
  conversation: string;
  seq: number;
  prev?: number;
  at: Time;
}

export type Code =
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'gap'
  | 'conflict'
  | 'full'
  | 'too_large'
  | 'unsupported'
  | 'rate_limited'
  | 'unavailable'
  | 'internal';

/** `origin` and `n` when it answers a numbered frame; `expect` with `gap`; `retry` in seconds. */
export interface Refusal {
  type: 'error';
  code: Code;
  message: string;
  conversation?: string;
  origin?: string;
  n?: number;
  expect?: number;
  retry?: number;
}

export interface EventFrame extends LogEvent {
  type: 'event';
}

/** The answer to `after` and `before`: ascending by seq. */
export interface EventsFrame {
  type: 'events';
  conversation: string;
  events: LogEvent[];
  more: boolean;
}

export type ServerFrame =
  | Welcome
  | Ack
  | Refusal
  | EventFrame
  | EventsFrame
  | { type: 'conversation'; conversation: Conversation }
  | { type: 'typing'; conversation: string; by: Party; text?: string; doing?: Doing }
  | { type: 'delta'; conversation: string; answers: number; run: number; at: number; text: string }
  | { type: 'read'; conversation: string; by: Party; seq: number }
  | { type: 'presence'; agents: Agent[] }
  /** Words of an agent to a visitor who has said nothing yet. */
  | { type: 'invite'; text: string; by: Party }
  /** Heads: a visitor's own (a number), an agent's by conversation. */
  | { type: 'pong'; at: Time; heads: number | { [conversation: string]: number }; waiting?: number }
  /** Ends every answer to a poll: seconds until the next one, which repeats `head`. */
  | { type: 'next'; seconds: number; head?: string }
  /** `window` in seconds: come back at a random moment within it. */
  | { type: 'bye'; code: number; reason: string; window?: number };

/** Limits of the wire, both directions. */
export const MAX_TEXT = 4_000;
export const MAX_BATCH = 64;
export const MAX_BYTES = 32 * 1024;
