/** What must compile, and what must not: `npm run check` reads it. Nobody runs it. */
import { type ConnState, createClient, init, type Kefu, type KefuClient, type Message } from './kefu.js';

export function compiles() {
  const chat: Kefu = init({
    endpoint: 'wss://desk.example/ws',
    site: 'tea',
    user: { token: 'a.b.c' },
    getToken: async () => 'a.b.c',
    lang: 'zh-CN',
    tag: 'returns',
    title: 'Tea',
    color: '#2f5d50',
    worker: 'auto',
    lazy: true,
    consent: 'manual',
    nonce: 'r4nd0m',
    strings: { placeholder: 'Ask us' },
    ui: { side: 'start', theme: 'dark', zIndex: 5, sound: false },
    onMessage: ({ by, body }: Message) => body.kind === 'text' && console.log(by.name, body.text),
    fallback: ({ reason }) => reason !== 'forbidden',
    onState: (state: ConnState) => console.log(state),
    onError: ({ code, message }) => console.log(code, message),
  });
  const off: () => void = chat.on('unread', (n: number) => console.log(n.toFixed()));
  off();
  chat.on('sent', ({ id, seq }) => console.log(id.length, seq.toFixed()));
  const sent: Promise<string> = chat.send('hello');
  void chat.send({ kind: 'options', text: 'Which?', options: ['a', 'b'] });
  chat.open();
  const client: KefuClient = createClient({ endpoint: 'ws://localhost/ws', worker: false, fallback: false, lazy: 'new' });
  window.Kefu?.init({ endpoint: 'ws://localhost/ws' }).destroy();
  return [sent, client.messages.map((m) => m.seq), client.state === 'longpoll'];
}

export function doesNot(chat: Kefu, client: KefuClient) {
  // @ts-expect-error there is no desk without an endpoint
  init({});
  // @ts-expect-error one of three
  init({ endpoint: '', ui: { theme: 'blue' } });
  // @ts-expect-error true is no place for a worker
  init({ endpoint: '', worker: true });
  // @ts-expect-error new, or not
  init({ endpoint: '', lazy: 'old' });
  // @ts-expect-error there is nothing to see
  createClient({ endpoint: '', ui: { side: 'end' } });
  // @ts-expect-error and nothing to open
  client.open();
  // @ts-expect-error it is counted, not set
  chat.unread = 0;
  // @ts-expect-error no such event
  chat.on('mesage', () => {});
  // @ts-expect-error a number, not a string
  chat.on('unread', (n: string) => n);
  // @ts-expect-error a body says what kind it is
  void chat.send({ text: 'hello' });
  // @ts-expect-error there is no such state
  return chat.state === 'closed';
}
