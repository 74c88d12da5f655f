/**
 * The desk's answers to POST /v1/poll: stateless but for the polls it holds, exactly as the protocol says. What a test
 * does to the answers on their way is the business of net.ts.
 */
import type { ClientFrame, ServerFrame } from '../visitor/wire.ts';
import type { Clock } from './clock.ts';
import type { Desk, Guest } from './desk.ts';

export interface Answer {
  status: number;
  text: string;
}

interface Body {
  token?: string;
  origin: string;
  after?: number;
  epoch?: string;
  head?: string;
  wait: number;
  frames: ClientFrame[];
}

const unauthorized: Answer = { status: 401, text: '{"code":"unauthorized","detail":"no such token"}' };

export class Polls {
  /** Seconds in `next`: 0 of a server that holds polls. */
  next = 0;
  /** Bodies of all polls that came. */
  got: Body[] = [];

  constructor(
    private readonly desk: Desk,
    private readonly clock: Pick<Clock, 'after'>,
  ) {}

  serve(text: string): Promise<Answer> {
    const body: Body = JSON.parse(text);
    this.got.push(body);
    const hello = body.frames[0]?.type === 'hello';
    if (hello ? body.token && !this.knows(body.token) : !this.knows(body.token)) return Promise.resolve(unauthorized);
    return new Promise((done) => this.answer(body, hello, done));
  }

  private knows(token: string | undefined): boolean {
    return !!token?.startsWith('visitor-');
  }

  private answer(body: Body, hello: boolean, done: (answer: Answer) => void) {
    const { desk } = this;
    const out: ServerFrame[] = [];
    let guest: Guest | undefined;
    let wake = () => {};
    const end = {
      send: (frame: ServerFrame) => {
        out.push(frame);
        wake();
      },
      close: () => wake(), // a newer poll of the same origin, or its WebSocket
    };
    if (hello) {
      const { receive } = desk.connect(end);
      receive(JSON.stringify(body.frames.shift()));
      guest = [...desk.guests].find((g) => g.end === end);
    } else guest = desk.enter(end, body.token!, body.origin, true);
    if (!guest) return done(unauthorized);
    const here = guest;
    if (!hello && body.epoch !== desk.epoch) desk.welcomeVisitor(here, { origin: '', after: body.after!, epoch: body.epoch! });
    for (const frame of body.frames) {
      desk.frames.push(frame);
      desk.serve(here, frame as Parameters<Desk['serve']>[1]);
    }
    const tell = () => {
      wake = () => {};
      stop();
      desk.guests.delete(here);
      done({ status: 200, text: JSON.stringify(this.inOrder(here, body, out)) });
    };
    const stop = this.clock.after(body.wait * 1000, tell);
    if (this.inOrder(here, body, out).length > 1 || !body.wait) tell();
    else wake = tell;
  }

  /** What there is to say: `welcome`, events after the cursor, answers, the head if it changed, `next`. */
  private inOrder(guest: Guest, body: Body, out: ServerFrame[]): ServerFrame[] {
    const welcome = out.find((f) => f.type === 'welcome');
    const after = welcome?.role === 'visitor' ? welcome.conversation.seq : (body.after ?? 0);
    const { log, head } = this.desk.room(guest.conversation!);
    const events = log.filter((e) => e.seq > after);
    const pushed = /^(welcome|event|conversation|typing|read)$/;
    const tag = JSON.stringify(head);
    const said: ServerFrame[] = welcome ? [welcome] : [];
    said.push(...events.map((e): ServerFrame => ({ ...this.desk.seenBy(guest, e), type: 'event' })));
    said.push(...out.filter((f) => !pushed.test(f.type)));
    if (body.head && body.head !== tag) said.push({ type: 'conversation', conversation: { ...head } });
    return [...said, { type: 'next', seconds: this.next, head: tag }];
  }
}
