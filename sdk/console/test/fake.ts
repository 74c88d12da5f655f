/**
 * A desk in a few lines, for tests and screenshots: it keeps logs in memory, numbers events, answers frames as the
 * protocol says (requests in http.ts), and can be told to refuse, to stay silent, or to lose what it pushes. It decides nothing well: rights,
 * routing and durability are the real desk's, and so are the tests of them.
 */
import type {
  Agent,
  AgentRef,
  ClientFrame,
  Conversation,
  LogEvent,
  Party,
  Sent,
  ServerFrame,
  SystemBody,
} from '../../visitor/wire.ts';
import type { Answer } from './http.ts';

export interface Account {
  id: string;
  name: string;
  display: string;
  password: string;
  role: 'agent' | 'supervisor' | 'admin';
  groups: string[];
  capacity: number;
}

interface Conn {
  send(text: string): void;
  close(code: number): void;
  agent?: string;
  origin?: string;
}

interface Talk {
  head: Conversation & { since?: string; agent?: AgentRef };
  log: LogEvent[];
  heard: Map<string, { n: number; seq: number; at: string }>;
}

export class FakeDesk {
  epoch = 'e1';
  features: string[] = [];
  /** The sites where a model helps agents. */
  assist: string[] = [];
  replies: object[] = [];
  /** Frames that clients sent, in order. */
  readonly got: ClientFrame[] = [];
  /** Answers to come instead of the usual: by frame type, each used once. */
  readonly refuse = new Map<string, { code: string; message?: string }>();
  /** HTTP answers to come instead of the usual, by `METHOD /path`, each used once unless it is `broken` too. */
  readonly fail = new Map<string, Answer>();
  readonly broken = new Set<string>();
  /** Frame types that get no answer, and pushes that get lost. */
  readonly mute = new Set<string>();
  readonly lose = new Set<string>();
  /** What pages of logs wait for before they are answered. */
  slow: Promise<void> | undefined;
  readonly accounts = new Map<string, Account>();
  readonly agents = new Map<string, Agent>();
  readonly talks = new Map<string, Talk>();
  private readonly conns = new Set<Conn>();

  constructor(readonly now: () => number) {}

  // ---- the world ------------------------------------------------------------------------------------------------------

  account(a: Partial<Account> & { id: string }): Account {
    const full: Account = {
      name: a.id,
      display: a.id,
      password: 'correct horse',
      role: 'agent',
      groups: ['default'],
      capacity: 5,
      ...a,
    };
    this.accounts.set(full.id, full);
    const { id, display: name, role, groups, capacity } = full;
    this.agents.set(id, { id, name, role, groups, capacity, status: 'offline', held: 0 });
    return full;
  }

  /** Opens a conversation whose visitor waits in a group. */
  visitor(id: string, extra: Partial<Conversation['visitor']> = {}, more: { tag?: string; group?: string } = {}): string {
    const group = more.group ?? 'default';
    const head = {
      id,
      site: 'default',
      visitor: { id: `v_${id}`, online: true, ...extra },
      phase: 'none' as const,
      session: 1,
      group,
      seq: 0,
      ...(more.tag ? { tag: more.tag } : {}),
    };
    this.talks.set(id, { head, log: [], heard: new Map() });
    this.happen(id, { kind: 'opened', ...(more.tag ? { tag: more.tag } : {}) } as SystemBody);
    this.happen(id, { kind: 'queued', group } as SystemBody, { phase: 'waiting' });
    return id;
  }

  assign(id: string, agent: string, why?: unknown): void {
    const ref = { id: agent, name: this.nameOf(agent) };
    this.seat(this.talk(id).head.agent?.id, -1);
    this.seat(agent, 1);
    this.happen(id, { kind: 'assigned', agent: ref, ...(why ? { why } : {}) }, { phase: 'held', agent: ref });
  }

  say(id: string, by: Party, text: string, internal = false): LogEvent {
    return this.append(id, by, { kind: 'text', text }, internal);
  }

  visitorSays(id: string, text: string): LogEvent {
    const { id: v, name } = this.talk(id).head.visitor;
    return this.say(id, { kind: 'visitor', id: v, ...(name ? { name } : {}) }, text);
  }

  happen(id: string, body: SystemBody, change: Partial<Conversation> = {}): LogEvent {
    const talk = this.talk(id);
    const was = talk.head.agent?.id;
    const moved = 'phase' in change;
    if (moved && change.phase !== 'held') delete talk.head.agent;
    Object.assign(talk.head, change, moved ? { since: this.time() } : {});
    const e = this.append(id, { kind: 'system' }, body, body.kind === 'noted', was);
    if (moved) this.head(id, was);
    return e;
  }

  /** Sends a head to whom it concerns. */
  head(id: string, also?: string): void {
    const { head } = this.talk(id);
    this.push(
      { type: 'conversation', conversation: this.headOf(id) },
      (a) => head.phase === 'waiting' || a === head.agent?.id || a === also || also === '*',
    );
  }

  /** A frame to every agent, or to those for whom `to` holds. */
  push(frame: ServerFrame, to: (agent: string) => boolean = () => true): void {
    if (this.lose.has(frame.type)) return;
    for (const c of this.conns) if (c.agent && to(c.agent)) c.send(JSON.stringify(frame));
  }

  /** Cuts every connection; `code` as the close code, after a `bye` if it is one of ours. */
  cut(code = 1006): void {
    for (const c of [...this.conns]) {
      if (code >= 4000) c.send(JSON.stringify({ type: 'bye', code, reason: 'test', window: 0 }));
      this.conns.delete(c);
      c.close(code >= 4000 ? code : 3000);
    }
  }

  talk(id: string): Talk {
    const talk = this.talks.get(id);
    if (!talk) throw new Error(`no conversation ${id}`);
    return talk;
  }

  private append(
    id: string,
    by: Party,
    body: LogEvent['body'],
    internal: boolean,
    also?: string,
    own?: Sent,
    conn?: Conn,
  ): LogEvent {
    const { head, log } = this.talk(id);
    const e: LogEvent = {
      conversation: id,
      seq: head.seq + 1,
      prev: head.seq,
      at: this.time(),
      session: head.session,
      by,
      body,
      ...(internal ? { internal } : {}),
    };
    log.push(e);
    head.seq = e.seq;
    if (body.kind === 'text') head.last = e;
    const frame = JSON.stringify({ type: 'event', ...e, ...(own ? { origin: own.origin, n: own.n } : {}) });
    for (const c of this.conns)
      if (c !== conn && !this.lose.has('event') && (c.agent === head.agent?.id || c.agent === also) && c.agent) c.send(frame);
    return e;
  }

  private seat(agent: string | undefined, by: number): void {
    const a = agent && this.agents.get(agent);
    if (a) a.held += by;
  }

  private readonly time = () => new Date(this.now()).toISOString();
  private readonly nameOf = (agent: string) => this.agents.get(agent)?.name ?? agent;

  /** The head as agents get it. */
  headOf(id: string): Conversation {
    const { head } = this.talk(id);
    const line = [...this.talks.values()].filter((t) => t.head.phase === 'waiting');
    const place = line.findIndex((t) => t.head.id === id) + 1;
    return { ...head, ...(place ? { queue: { position: place, eta: place * 90 } } : {}) };
  }

  // ---- the wire -------------------------------------------------------------------------------------------------------

  /** A new connection. Returns what to call with each message, and when it is gone. */
  connect(conn: Conn): { message(text: string): void; gone(): void } {
    this.conns.add(conn);
    const message = (text: string) => {
      for (const f of [JSON.parse(text)].flat() as ClientFrame[]) {
        this.got.push(f);
        if (!this.mute.has(f.type)) this.serve(conn, f);
      }
    };
    return { message, gone: () => this.conns.delete(conn) };
  }

  private serve(conn: Conn, f: ClientFrame) {
    const answer = (frame: object) => conn.send(JSON.stringify(frame));
    switch (f.type) {
      case 'hello':
        return this.hello(conn, f.token ?? '', f.origin, answer);
      case 'ping':
        return answer({ type: 'pong', at: this.time(), ...this.pong(conn.agent ?? '') });
      case 'status': {
        Object.assign(this.agents.get(conn.agent ?? '') ?? {}, {
          status: f.status,
          ...(f.capacity === undefined ? {} : { capacity: f.capacity }),
        });
        return this.push({ type: 'presence', agents: [...this.agents.values()] });
      }
      case 'after': {
        const id = f.conversation ?? '';
        return answer({ type: 'events', conversation: id, events: this.talk(id).log.filter((e) => e.seq > f.seq), more: false });
      }
      case 'read': {
        const { head } = this.talk(f.conversation ?? '');
        head.read = { visitor: 0, ...head.read, agent: Math.max(head.read?.agent ?? 0, f.seq) };
        return;
      }
      case 'typing':
      case 'watch':
      case 'before':
      case 'page':
        return;
      default:
        return this.numbered(conn, f, answer);
    }
  }

  private hello(conn: Conn, token: string, origin: string, answer: (f: object) => void) {
    const id = token.replace(/^token-/, '');
    const agent = this.agents.get(id);
    if (!agent) {
      answer({ type: 'error', code: 'unauthorized', message: 'not one of ours' });
      return conn.close(4500);
    }
    Object.assign(conn, { agent: id, origin });
    const all = [...this.talks.values()];
    const first = all.filter((t) => t.head.phase === 'waiting').slice(0, 50);
    const heads = [...all.filter((t) => t.head.agent?.id === id), ...first].map((t) => this.headOf(t.head.id));
    const agents = [...this.agents.values()];
    const { role } = agent;
    answer({
      type: 'welcome',
      v: 1,
      role,
      epoch: this.epoch,
      heartbeat: { every: 10, max: 12 },
      limits: { edit: 120, uploads: { size: 10e6, types: ['image/png', 'image/jpeg', 'text/plain', 'application/pdf'] } },
      features: this.features,
      assist: this.assist,
      agent,
      conversations: heads,
      more: false,
      agents,
    });
  }

  private pong(agent: string): { heads: Record<string, number>; waiting: number } {
    const all = [...this.talks.values()];
    const heads = Object.fromEntries(
      all.filter((t) => t.head.agent?.id === agent && t.head.phase === 'held').map((t) => [t.head.id, t.head.seq]),
    );
    return { heads, waiting: all.filter((t) => t.head.phase === 'waiting').length };
  }

  private numbered(conn: Conn, f: Sent, answer: (f: object) => void) {
    const id = f.conversation ?? '';
    const { heard } = this.talk(id);
    const last = heard.get(f.origin) ?? { n: 0, seq: 0, at: '' };
    const refusal = this.refuse.get(f.type);
    const base = { conversation: id, origin: f.origin, n: f.n };
    if (f.n > last.n + 1) return answer({ type: 'error', code: 'gap', message: '', expect: last.n + 1, ...base });
    if (f.n <= last.n) return answer({ type: 'ack', ...base, n: last.n, seq: last.seq, at: last.at });
    if (refusal) {
      this.refuse.delete(f.type);
      return answer({ type: 'error', message: '', ...refusal, ...base });
    }
    const e = this.perform(conn, f, id);
    heard.set(f.origin, { n: f.n, seq: e.seq, at: e.at });
    answer({ type: 'ack', ...base, seq: e.seq, prev: e.prev, at: e.at });
    if (f.type !== 'send') this.head(id, conn.agent);
    this.push({ type: 'presence', agents: [...this.agents.values()] });
  }

  private perform(conn: Conn, f: Sent, id: string): LogEvent {
    const talk = this.talk(id);
    const me = conn.agent ?? '';
    const by: Party = { kind: 'agent', id: me, name: this.nameOf(me) };
    const quiet = (body: SystemBody, change: Partial<Conversation>) => {
      this.seat(talk.head.agent?.id, -1);
      delete talk.head.agent;
      Object.assign(talk.head, change, { since: this.time() });
      this.seat(change.agent?.id, 1);
      return this.append(id, { kind: 'system' }, body, false, undefined, f, conn);
    };
    switch (f.type) {
      case 'send':
        return this.append(id, by, f.body, !!f.internal, undefined, f, conn);
      case 'take':
      case 'reopen':
        return quiet(
          { kind: 'assigned', agent: { id: me, name: this.nameOf(me) }, why: { tier: 'taken' } },
          { phase: 'held', agent: { id: me, name: this.nameOf(me) } },
        );
      case 'end':
        return quiet({ kind: 'closed', reason: 'request', by }, { phase: 'closed' });
      case 'transfer': {
        const to = 'agent' in f.to ? { agent: { id: f.to.agent, name: this.nameOf(f.to.agent) } } : { group: f.to.group };
        const note = f.note ? { note: f.note } : {};
        return quiet(
          { kind: 'transferred', from: { id: me, name: this.nameOf(me) }, to, ...note },
          'agent' in to ? { phase: 'held', agent: to.agent } : { phase: 'waiting', group: to.group },
        );
      }
      default:
        return this.append(id, by, { kind: 'noted', of: f.type }, true);
    }
  }
}
