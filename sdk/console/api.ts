/**
 * The HTTP side of the desk: signing in, accounts, lists and pages of history. What is live goes over the WebSocket.
 *
 * Every call resolves with the answer or rejects with an {@link ApiError}, whose code is one of the protocol's, or
 * `offline` when no answer came. The token travels in the Authorization header and nowhere else.
 */
import type { Body } from '../visitor/wire.ts';
import type { Head, LogEvent } from './model.ts';

/** What an account may do: answer; also act in others' conversations; also administer. */
export type Role = 'agent' | 'supervisor' | 'admin';

/** An account, as `/v1/agents` and `/v1/login` give it. `name` signs in, `display` is what visitors see. */
export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly display?: string;
  readonly role: Role;
  readonly groups: readonly string[];
  readonly capacity: number;
  readonly avatar?: string;
  /** May not sign in any more; kept, for the log still names them. */
  readonly disabled?: boolean;
}

/** A page of a list; without `next` it is the last one. */
export interface Listed {
  readonly conversations: Head[];
  readonly next?: string;
}

/** Agents who share work. */
export interface Group {
  readonly id: string;
  readonly name: string;
}

/** A canned reply that the account may use. `{{visitor.name}}` and the like in its text are filled in here; see replies.ts. */
export interface Reply {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly shortcut?: string;
  readonly shared?: boolean;
  readonly group?: string;
}

/** A site as everybody on the staff knows it. */
export interface Site {
  readonly id: string;
  readonly name: string;
}

/** A conversation in which something was said, and the newest event that says it. */
export interface Said {
  readonly conversation: Head;
  readonly event: LogEvent;
}

/** What was found, and how far the server looked: it has no index, and says so. */
export interface SaidList {
  readonly found: readonly Said[];
  readonly looked: number;
  readonly since?: string;
  readonly next?: string;
}

/** What narrows a list down. `before` is the `next` of the page above. */
export interface ListQuery {
  readonly phase?: string | undefined;
  readonly group?: string | undefined;
  /** Who holds it. */
  readonly agent?: string | undefined;
  readonly site?: string | undefined;
  /** In what a list shows: names, ids, tags. */
  readonly q?: string | undefined;
  readonly before?: string | undefined;
  readonly limit?: number;
}

/** A page that a visitor was on. */
export interface Visit {
  readonly url: string;
  readonly title?: string;
  readonly referrer?: string;
  readonly at: string;
}

/** A session in a few words; without `ended` it goes on. */
export interface Served {
  readonly session: number;
  readonly began: string;
  readonly ended?: string;
  readonly agent?: { readonly id: string; readonly name?: string };
  readonly said: number;
  readonly score?: number;
}

/** What is known of a visitor besides what they said. */
export interface VisitorRecord {
  readonly id: string;
  readonly verified: boolean;
  readonly external?: string;
  readonly device?: string;
  readonly first: string;
  readonly pages: readonly Visit[];
  readonly sessions: readonly Served[];
  readonly more: boolean;
  readonly block?: { readonly visitor: string; readonly reason: string; readonly until?: string };
}

/** Somebody on a page who is in no session. */
export interface LiveVisitor {
  readonly id: string;
  readonly site: string;
  readonly conversation: string;
  readonly name?: string;
  readonly verified: boolean;
  readonly lang?: string;
  readonly device?: string;
  readonly page: { readonly url: string; readonly title?: string };
  readonly since: string;
  readonly pages: number;
  readonly sessions: number;
  readonly invited: boolean;
}

/** A group on the floor; `first` waits longest, and `why` says what keeps everybody from having it. */
export interface FloorGroup {
  readonly id: string;
  readonly name: string;
  readonly waiting: number;
  readonly more: boolean;
  readonly online: number;
  readonly seats: number;
  readonly free: number;
  readonly first?: { readonly conversation: string; readonly since: string; readonly why?: unknown };
}

/** An agent on the floor. */
export interface FloorAgent {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly groups: readonly string[];
  readonly status: 'online' | 'away' | 'offline';
  readonly held: number;
  readonly capacity: number;
  readonly assigned?: string;
}

/** The desk at one moment. */
export interface Floor {
  readonly at: string;
  readonly groups: readonly FloorGroup[];
  readonly agents: readonly FloorAgent[];
}

/** What is wrong with a request, by place: `body.sites[0].name`. */
export interface Fault {
  readonly location: string;
  readonly message: string;
}

/** Why a request failed: a code of the protocol, or `offline` when no answer came. The message is the server's. */
export class ApiError extends Error {
  /** `retry` is in seconds, for `rate_limited` and `unavailable`; `faults` are of `invalid`, or where a field is meant. */
  constructor(
    readonly code: string,
    message: string,
    readonly retry?: number,
    readonly faults: readonly Fault[] = [],
  ) {
    super(message);
  }
}

/** What the console asks over HTTP. */
export interface Api {
  /** With a second factor a code is needed: without one, or with a wrong one, a fault at `body.code` says so. */
  login(name: string, password: string, code?: string): Promise<{ token: string; agent: Agent }>;
  /** Voids every token of the account. */
  logout(): Promise<void>;
  agents(): Promise<Agent[]>;
  /** Voids every token of the account: sign in again with the new one. */
  /** One's own, so the present one is needed; `forbidden` if that is wrong. */
  changePassword(id: string, current: string, password: string): Promise<void>;
  groups(): Promise<Group[]>;
  /** By name; their settings are for who leads. */
  sites(): Promise<Site[]>;
  /** For who leads. */
  floor(): Promise<Floor>;
  /** Why nobody takes a conversation that waits: the record that an assignment would have; `conflict` if it does not wait. */
  why(id: string): Promise<unknown>;
  visitor(id: string): Promise<VisitorRecord>;
  /** Who is on the pages; `unsupported` where the host does not know. */
  visitors(): Promise<{ visitors: LiveVisitor[]; more: boolean }>;
  /** `not_found`: they left. `conflict`: they are in a session. */
  invite(site: string, visitor: string, text: string): Promise<void>;
  /** For who leads; without minutes for good. */
  block(visitor: string, minutes?: number): Promise<void>;
  unblock(visitor: string): Promise<void>;
  /** For admins: all that is known of them and was said with them. `not_found`: it is done. */
  erase(visitor: string): Promise<void>;
  /** The canned replies one may use; none where the server has no such thing. */
  replies(): Promise<Reply[]>;
  /** Stores a message, once under each key. */
  post(id: string, key: string, body: Body, internal: boolean): Promise<{ seq: number; at: string }>;
  conversations(q: ListQuery): Promise<Listed>;
  /** Looks through what was said, a hundred conversations at a time. */
  search(q: ListQuery): Promise<SaidList>;
  conversation(id: string): Promise<Head>;
  /** Anything else of the API: what pages ask that few open. A model takes longer than `patience` (ms) is as a rule. */
  ask<T>(method: string, path: string, body?: unknown, patience?: number): Promise<T>;
  /** Events older than the seq `before`, or the newest; ascending. */
  events(id: string, before: number | undefined, limit: number): Promise<{ events: LogEvent[]; more: boolean }>;
}

const patience = 15_000;

/** The API at `base` (an origin, or '' for the page's own). `token` is asked anew for each request. */
export function createApi(base: string, token: () => string | undefined): Api {
  const call = async <T>(method: string, path: string, body?: unknown, key?: string, wait = patience): Promise<T> => {
    const used = token();
    try {
      return await request<T>(method, base + path, used, body, key, wait);
    } catch (e) {
      // A token that was replaced while the question was on its way says nothing about the new one.
      if (codeOf(e) !== 'unauthorized' || token() === undefined || token() === used) throw e;
      return request<T>(method, base + path, token(), body, key, wait);
    }
  };
  return {
    login: (name, password, code) => request('POST', `${base}/v1/login`, undefined, { name, password, ...(code ? { code } : {}) }),
    logout: () => call('POST', '/v1/logout'),
    agents: async () => (await call<{ agents: Agent[] }>('GET', '/v1/agents')).agents,
    changePassword: (id, current, password) => call('PATCH', `/v1/agents/${encodeURIComponent(id)}`, { current, password }),
    floor: () => call('GET', '/v1/floor'),
    why: (id) => call('GET', `/v1/conversations/${encodeURIComponent(id)}/why`),
    visitor: (id) => call('GET', `/v1/visitors/${encodeURIComponent(id)}`),
    visitors: () => call('GET', '/v1/visitors?online=true'),
    invite: (site, visitor, said) => call('POST', `/v1/visitors/${encodeURIComponent(visitor)}/invite`, { site, text: said }),
    block: (visitor, minutes) => call('POST', '/v1/blocks', { visitor, minutes }),
    erase: (visitor) => call('DELETE', `/v1/visitors/${encodeURIComponent(visitor)}`),
    unblock: (visitor) => call('DELETE', `/v1/blocks/${encodeURIComponent(visitor)}`),
    groups: async () => (await call<{ groups: Group[] }>('GET', '/v1/groups')).groups,
    sites: async () => (await call<{ sites: Site[] }>('GET', '/v1/sites')).sites,
    replies: async () => (await call<{ replies?: Reply[] } | undefined>('GET', '/v1/replies'))?.replies ?? [],
    post: (id, key, body, internal) =>
      call('POST', `/v1/conversations/${encodeURIComponent(id)}/events`, { body, ...(internal ? { internal } : {}) }, key),
    conversations: (q) => call('GET', `/v1/conversations${query(q)}`),
    ask: (method, path, body, wait) => call(method, `/v1${path}`, body, undefined, wait),
    search: (q) => call('GET', `/v1/search${query(q)}`),
    conversation: (id) => call('GET', `/v1/conversations/${encodeURIComponent(id)}`),
    events: (id, before, limit) => call('GET', `/v1/conversations/${encodeURIComponent(id)}/events${query({ before, limit })}`),
  };
}

function query(q: object): string {
  const p = new URLSearchParams();
  for (const [k, v] of Object.entries(q)) if (v !== undefined && v !== '') p.set(k, String(v));
  const s = p.toString();
  return s ? `?${s}` : '';
}

async function request<T>(
  method: string,
  url: string,
  token: string | undefined,
  body?: unknown,
  key?: string,
  wait = patience,
): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key) headers['Idempotency-Key'] = key;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const answer = await fetch(url, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: 'omit',
    cache: 'no-store',
    signal: AbortSignal.timeout(wait),
  }).catch(() => {
    throw new ApiError('offline', 'no answer');
  });
  if (!answer.ok) throw problemOf(answer.status, await answer.text().catch(() => ''), answer.headers.get('Retry-After'));
  return (answer.status === 204 ? undefined : await answer.json().catch(() => undefined)) as T;
}

const codeOfStatus: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  429: 'rate_limited',
  501: 'unsupported',
  503: 'unavailable',
};

/** What an answer says went wrong. A proxy on the way may answer in HTML; then the status alone has to do. */
export function problemOf(status: number, text: string, retryAfter: string | null): ApiError {
  const { code, detail, title, retry, errors } = fieldsOf(text);
  const seconds = Number(retry ?? retryAfter ?? Number.NaN);
  return new ApiError(
    typeof code === 'string' ? code : (codeOfStatus[status] ?? 'internal'),
    [detail, title].find((s): s is string => typeof s === 'string') ?? '',
    Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : undefined,
    Array.isArray(errors) ? (errors as Fault[]) : [],
  );
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    const got: unknown = JSON.parse(text);
    return got && typeof got === 'object' ? (got as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The code of whatever a call rejected with. */
export function codeOf(e: unknown): string {
  return e instanceof ApiError ? e.code : 'internal';
}
