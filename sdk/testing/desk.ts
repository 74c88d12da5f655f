/**
 * A model of the desk, in memory: just enough of protocol kefu.v1 to judge a client by. It numbers, acknowledges and
 * resumes exactly as the protocol says, decides nothing, and forgets nothing but what a test tells it to.
 *
 * One object serves visitors and agents. `connect` takes the server's end of a connection; what carries it (a fake socket
 * with a clock, a real page through Playwright) is the test's business.
 */
import type {
  Ack,
  AgentRef,
  Body,
  ClientFrame,
  Code,
  Conversation,
  Hello,
  LogEvent,
  Party,
  Phase,
  Refusal,
  Sent,
  ServerFrame,
  SystemBody,
  VisitorWelcome,
} from '../visitor/wire.ts';

export interface ServerEnd {
  send(frame: ServerFrame): void;
  close(code: number, reason: string): void;
}

export interface ClientEnd {
  receive(text: string): void;
  closed(): void;
}

interface Heard {
  n: number;
  ack: Ack;
  digest: string;
}

interface Room {
  head: Conversation;
  log: LogEvent[];
  heard: Map<string, Heard>; // by author and origin, least recently used first
}

export interface Guest {
  end: ServerEnd;
  by: Party;
  token: string;
  origin: string;
  conversation?: string; // visitors
  polls?: boolean; // for one poll, without a hello
}

/** What a test may put in the way of a numbered frame, before it is looked at. */
export type Fault = (frame: Sent) => { code: Code; retry?: number } | undefined;

const REMEMBERED = 16;

export class Desk {
  epoch = 'epoch-1';
  now = () => new Date().toISOString();
  /** Seconds. */
  heartbeat = { every: 25, max: 50 };
  fault: Fault = () => undefined;
  greeting = '';
  /** What else `welcome.site` says. */
  site: VisitorWelcome['site'] = {};
  features: string[] = [];
  rooms = new Map<string, Room>();
  guests = new Set<Guest>();
  frames: ClientFrame[] = [];
  private visitors = 0;

  /** Everything said in a conversation, in order, as text. */
  said(conversation: string): string[] {
    return this.room(conversation).log.flatMap((e) => (e.body.kind === 'text' ? [e.body.text] : []));
  }

  room(id: string): Room {
    const known = this.rooms.get(id);
    if (known) return known;
    const head: Conversation = { id, site: 'default', visitor: { id: id.replace('c-', 'v-') }, phase: 'none', session: 0, seq: 0 };
    const room = { head, log: [], heard: new Map() };
    this.rooms.set(id, room);
    return room;
  }

  connect(end: ServerEnd): ClientEnd {
    let guest: Guest | undefined;
    const serve = (frame: ClientFrame) => {
      this.frames.push(frame);
      if (frame.type === 'hello') guest = this.welcome(end, frame);
      else if (guest) this.serve(guest, frame);
      else end.close(4502, 'hello first');
    };
    return {
      receive: (text) => [JSON.parse(text)].flat().forEach(serve),
      closed: () => guest && this.guests.delete(guest),
    };
  }

  // ---- what happens to the log ------------------------------------------------------------------------------------------

  /** Appends an event and shows it to everybody but the connection it came from. */
  append(id: string, by: Party, body: Body | SystemBody, from?: { guest: Guest; origin: string; n: number }): LogEvent {
    const room = this.room(id);
    const seq = room.log.length + 1;
    const at = this.now();
    const event: LogEvent = { conversation: id, seq, prev: seq - 1, at, session: room.head.session, by, body };
    if (from) Object.assign(event, { origin: from.origin, n: from.n });
    room.log.push(event);
    room.head.seq = seq;
    for (const guest of this.guests)
      if (guest !== from?.guest) this.show(guest, id, { ...this.seenBy(guest, event), type: 'event' });
    return event;
  }

  /** Changes a head and tells everybody. */
  change(id: string, change: Partial<Conversation>) {
    const { head } = this.room(id);
    Object.assign(head, change);
    for (const guest of this.guests) this.show(guest, id, { type: 'conversation', conversation: { ...head } });
  }

  /** An agent takes the conversation. */
  assign(id: string, agent: AgentRef) {
    this.append(id, { kind: 'system' }, { kind: 'assigned', agent });
    this.change(id, { phase: 'held', agent, queue: undefined });
  }

  show(guest: Guest, id: string, frame: ServerFrame) {
    if (!guest.conversation || guest.conversation === id) guest.end.send(frame);
  }

  /** Where from and under which n is for the author only. */
  seenBy(guest: Guest, event: LogEvent): LogEvent {
    const { origin, n, ...rest } = event;
    return origin && guest.by.id === event.by.id ? { ...rest, origin, n: n! } : rest;
  }

  // ---- frames -----------------------------------------------------------------------------------------------------------

  private welcome(end: ServerEnd, hello: Hello): Guest | undefined {
    const agent = hello.token?.startsWith('agent-');
    const token = hello.token ?? `visitor-${++this.visitors}`;
    if (token === 'expired') {
      end.send({ type: 'bye', code: 4004, reason: 'the token has expired' });
      end.close(4004, 'the token has expired');
      return;
    }
    if (!/^(agent|visitor)-/.test(token)) {
      end.send({ type: 'error', code: 'unauthorized', message: 'no such token' });
      end.close(4500, 'unauthorized');
      return undefined;
    }
    const guest = this.enter(end, token, hello.origin);
    agent ? this.welcomeAgent(guest) : this.welcomeVisitor(guest, hello);
    return guest;
  }

  /**
   * Whom a token stands for is here, and whoever was here with the same origin is not any more. A poll ends only polls: it
   * may have been under way for long, and the socket be newer.
   */
  enter(end: ServerEnd, token: string, origin: string, polls = false): Guest {
    const id = token.replace(/^agent-/, 'a-').replace(/^visitor-/, 'v-');
    const guest: Guest = {
      end,
      by: { kind: token.startsWith('agent-') ? 'agent' : 'visitor', id, name: id },
      token,
      origin,
      polls,
    };
    if (guest.by.kind === 'visitor') guest.conversation = id.replace('v-', 'c-');
    for (const other of this.guests) {
      if (other.origin !== origin || other.by.id !== id || (polls && !other.polls)) continue;
      this.guests.delete(other);
      other.end.close(4503, 'replaced');
    }
    this.guests.add(guest);
    return guest;
  }

  private welcomeAgent({ end, by, origin }: Guest) {
    const agent = { id: by.id!, name: by.name!, status: 'online' as const, held: 0, capacity: 5 };
    const conversations = [...this.rooms.values()].map(({ head, heard }) => ({
      ...head,
      n: heard.get(`${by.id}/${origin}`)?.n ?? 0,
    }));
    const { epoch, heartbeat } = this;
    end.send({ type: 'welcome', v: 1, role: 'agent', epoch, heartbeat, agent, conversations, agents: [agent] });
  }

  welcomeVisitor(guest: Guest, hello: Pick<Hello, 'origin' | 'after' | 'epoch'>) {
    const id = guest.conversation!;
    const { head, log, heard } = this.room(id);
    const known = hello.after !== undefined && hello.epoch === this.epoch && hello.after <= log.length;
    guest.end.send({
      type: 'welcome',
      v: 1,
      role: 'visitor',
      token: guest.token,
      epoch: this.epoch,
      heartbeat: this.heartbeat,
      features: this.features,
      n: heard.get(`${guest.by.id}/${hello.origin}`)?.n ?? 0,
      ...(hello.after !== undefined && !known && { reset: true }),
      visitor: { id: guest.by.id! },
      site: { name: 'Shop', greeting: this.greeting, ...this.site },
      conversation: { ...head },
      events: (known ? log.slice(hello.after) : log.slice(-50)).map((e) => this.seenBy(guest, e)),
      more: false,
    });
  }

  serve(guest: Guest, frame: Exclude<ClientFrame, Hello>) {
    if (frame.type === 'ping') {
      const heads = Object.fromEntries([...this.rooms].map(([id, { log }]) => [id, log.length]));
      const mine = guest.conversation && this.room(guest.conversation).log.length;
      return guest.end.send({ type: 'pong', at: this.now(), heads: mine || mine === 0 ? mine : heads });
    }
    if (frame.type === 'status' || frame.type === 'watch' || frame.type === 'page') return;
    const id = guest.conversation ?? frame.conversation ?? '';
    if ('n' in frame) return this.hear(guest, id, frame);
    if (frame.type === 'after' || frame.type === 'before') return this.read(guest, id, frame);
    const shown: ServerFrame =
      frame.type === 'read'
        ? { type: 'read', conversation: id, by: guest.by, seq: frame.seq }
        : { type: 'typing', conversation: id, by: guest.by, ...('text' in frame && { text: frame.text! }) };
    for (const other of this.guests) if (other !== guest) this.show(other, id, shown);
    if (frame.type === 'read') {
      const { head } = this.room(id);
      head.read = { ...head.read, [guest.by.kind]: frame.seq };
    }
  }

  private read(guest: Guest, id: string, { type, seq, limit = 50 }: { type: 'after' | 'before'; seq: number; limit?: number }) {
    const { log } = this.room(id);
    const events = type === 'after' ? log.slice(seq, seq + limit) : log.slice(Math.max(0, seq - 1 - limit), seq - 1);
    const more = type === 'after' ? seq + limit < log.length : seq - 1 - limit > 0;
    guest.end.send({ type: 'events', conversation: id, events: events.map((e) => this.seenBy(guest, e)), more });
  }

  /** The rules of "Numbering: never lost, never doubled". */
  private hear(guest: Guest, id: string, frame: Sent) {
    const { origin, n } = frame;
    const room = this.room(id);
    const name = `${guest.by.id}/${origin}`;
    const last = room.heard.get(name);
    const refuse = (code: Code, more: Partial<Refusal> = {}) =>
      guest.end.send({ type: 'error', code, message: code, origin, n, ...more });

    const fault = this.fault(frame);
    if (fault) return refuse(fault.code, fault);
    const digest = JSON.stringify(frame);
    if (last && n <= last.n) {
      if (n === last.n && digest !== last.digest) return refuse('conflict');
      const { prev, ...again } = last.ack;
      return guest.end.send(again);
    }
    if (n > (last?.n ?? 0) + 1) return refuse('gap', { expect: (last?.n ?? 0) + 1 });

    const ack = this.perform(guest, id, frame);
    room.heard.delete(name);
    room.heard.set(name, { n, ack, digest });
    if (room.heard.size > REMEMBERED) room.heard.delete([...room.heard.keys()][0]!);
    guest.end.send(ack);
  }

  /** Every accepted frame leaves an event. */
  private perform(guest: Guest, id: string, frame: Sent): Ack {
    const { head } = this.room(id);
    const from = { guest, origin: frame.origin, n: frame.n };
    if (frame.type === 'send' && (head.phase === 'none' || head.phase === 'closed')) {
      head.session++;
      this.append(id, { kind: 'system' }, { kind: 'opened' });
      this.change(id, { phase: 'waiting' });
    }
    const body: Body | SystemBody =
      frame.type === 'send'
        ? frame.body
        : frame.type === 'rate'
          ? { kind: 'rated', session: frame.session, score: frame.score }
          : frame.type === 'end'
            ? { kind: 'closed', reason: 'ended', by: guest.by }
            : frame.type === 'edit'
              ? { kind: 'edited', seq: frame.seq, body: frame.body }
              : frame.type === 'recall'
                ? { kind: 'recalled', seq: frame.seq }
                : { kind: frame.type === 'human' ? 'handoff' : 'noted', of: frame.type, reason: '' };
    const event = this.append(id, frame.type === 'send' ? guest.by : { kind: 'system' }, body, from);
    const phase: Phase | undefined = frame.type === 'end' ? 'closed' : frame.type === 'human' ? 'waiting' : undefined;
    if (phase) this.change(id, { phase });
    return { type: 'ack', origin: frame.origin, n: frame.n, conversation: id, seq: event.seq, prev: event.prev, at: event.at };
  }
}
