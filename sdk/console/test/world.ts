/** What the tests of the live side share: an agent's page without a browser, on a clock that the test moves. */
import { type Clock, createClock } from '../../testing/clock.ts';
import { Device } from '../../testing/memory.ts';
import type { Socket } from '../../visitor/env.ts';
import type { ClientFrame, LogEvent } from '../../visitor/wire.ts';
import { type Api, createApi } from '../api.ts';
import { createLive, type Live, type LiveOptions } from '../live.ts';
import type { Chat, Me } from '../model.ts';
import { FakeDesk } from './fake.ts';
import { type Answer, answer } from './http.ts';

/** The API of a fake desk without HTTP in between. */
export function apiOf(desk: FakeDesk, token: () => string | undefined): Api {
  globalThis.fetch = async (url, init) => {
    const headers = new Headers(init?.headers);
    if (String(url).includes('/events')) await desk.slow;
    const found = answer(
      desk,
      init?.method ?? 'GET',
      String(url),
      headers.get('Authorization')?.slice(7),
      JSON.parse(String(init?.body ?? '{}')),
    );
    return response(found);
  };
  return createApi('http://desk', token);
}

export function response({ status, body, headers = {} }: Answer): Response {
  return new Response(status === 204 ? null : JSON.stringify(body), { status, headers });
}

class DeskSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: string }) => void) | null = null;
  onclose: ((e: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  private end: ReturnType<FakeDesk['connect']> | undefined;

  constructor(clock: Clock, desk: FakeDesk, reachable: boolean) {
    clock.after(1, () => {
      if (!reachable) return this.onclose?.({ code: 1006, reason: '' });
      this.end = desk.connect({
        // Whatever is sent arrives later, as it does in life: an answer never comes before its question has returned.
        send: (data) => clock.after(1, () => this.onmessage?.({ data })),
        close: (code) => clock.after(2, () => this.onclose?.({ code, reason: '' })),
      });
      this.onopen?.();
    });
  }

  send(text: string): void {
    this.end?.message(text);
  }

  close(): void {
    this.end?.gone();
  }
}

/** An agent's page, its desk, and what it was told. */
export class World {
  readonly clock = createClock();
  readonly desk = new FakeDesk(() => this.clock.now());
  readonly device = new Device();
  readonly news: [kind: string, conversation: string][] = [];
  readonly heard: LogEvent[] = [];
  readonly lost: string[] = [];
  reachable = true;
  readonly api: Api = apiOf(this.desk, () => 'token-lina');

  constructor() {
    this.desk.account({ id: 'lina', display: 'Li Na' });
    this.desk.account({ id: 'bob', display: 'Bob' });
    const lina = this.desk.agents.get('lina');
    if (lina) lina.status = 'online';
  }

  /** A page that is connected. */
  async page(): Promise<Live> {
    const live = await this.offlinePage();
    live.start();
    await this.clock.until(() => live.link.value.at === 'open');
    await this.clock.run(20);
    return live;
  }

  offlinePage(): Promise<Live> {
    return this.open(
      { id: 'lina', name: 'Li Na', role: 'agent', groups: ['default'] },
      {
        token: () => 'token-lina',
        onNews: (kind, head) => this.news.push([kind, head.id]),
        onMessage: (_chat, e) => this.heard.push(e),
        onLost: (why) => this.lost.push(why),
      },
    );
  }

  /** The live side of a page, with the desk behind it and this device under it. */
  open(me: Me, hooks: Pick<LiveOptions, 'token' | 'onNews' | 'onMessage' | 'onLost'>): Promise<Live> {
    const { now, random, after } = this.clock;
    return createLive({
      url: 'ws://desk/ws',
      env: { now, random, after, socket: () => new DeskSocket(this.clock, this.desk, this.reachable) },
      kv: this.device.kv(),
      claim: this.device.claim,
      api: this.api,
      me,
      ...hooks,
    });
  }

  /** The frames of a type that the desk got. */
  got<T extends ClientFrame['type']>(type: T): Extract<ClientFrame, { type: T }>[] {
    return this.desk.got.filter((f): f is Extract<ClientFrame, { type: T }> => f.type === type);
  }
}

/** A chat that must be there. */
export function chatOf(live: Live, id: string): Chat {
  const chat = live.desk.value.chats.get(id);
  if (!chat) throw new Error(`no chat ${id}`);
  return chat;
}

/** What was said in a chat, as its log has it. */
export function saidIn(live: Live, id: string): string[] {
  return chatOf(live, id).log.flatMap((e) => (e.body.kind === 'text' ? [e.body.text] : []));
}
