/**
 * What a shop's page says to Kefu, and hears from it. These types are published as types/kefu.d.ts, and stand alone: they
 * import nothing, so that the file can be copied.
 */

/** Puts the chat on the page. Throws a TypeError if `endpoint` is no ws: or wss: URL. A second call returns the first chat. */
export type Init = (options: InitOptions) => Kefu;

/** The chat without anything to see. Throws a TypeError if `endpoint` is no ws: or wss: URL. */
export type CreateClient = (options: ClientOptions) => KefuClient;

/** `window.Kefu`, once kefu.js is there; before, the page's own stub with `q`, the calls that came too early. */
export interface KefuGlobal {
  init: Init;
  /** @example console.log(Kefu.version) */
  readonly version?: string;
  q?: InitOptions[];
}

/** What `createClient` takes, and `init` too. */
export interface ClientOptions {
  /**
   * Where the desk is. Long-polling and everything else is derived from it.
   * @example endpoint: 'wss://your.domain/ws'
   */
  endpoint: string;
  /**
   * The brand or web site at this desk; `default` if left out.
   * @example site: 'tea'
   */
  site?: string;
  /**
   * Who the visitor is: a JWT signed by the site's own server. Without it they are anonymous.
   * @example user: { token: '<%= kefuToken %>' }
   */
  user?: { token: string };
  /**
   * Brings such a token: at the start if there is no `user`, and once more when it is not accepted any more. If that is of
   * no use either the chat is `denied`, and `onError` says so.
   * @example getToken: () => fetch('/kefu-token').then((r) => r.text())
   */
  getToken?(): Promise<string>;
  /**
   * A language tag; `zh…` is Chinese, all others English. The page's, then the browser's, if left out.
   * @example lang: 'zh-CN'
   */
  lang?: string;
  /**
   * What the chat is about, for routing.
   * @example tag: 'returns'
   */
  tag?: string;
  /**
   * Where the connection lives. `auto`: in a Web Worker where the page's CSP allows one, else on the page. A URL: of a copy
   * of kefu-core.mjs on the page's own origin, for a CSP that allows no `blob:`. False: on the page.
   * @example worker: false
   */
  worker?: 'auto' | false | string;
  /**
   * Connect, and store anything on this device, only when the visitor opens the chat or the page sends something. `new`: so
   * for who has not been connected on this device before; the others are at once, so that what they have not read shows. A
   * page that is only looked at then loads the launcher and no more, and costs the desk nothing; invitations need `false`.
   * @example lazy: 'new'
   */
  lazy?: boolean | 'new';
  /**
   * `manual`: as `lazy`, for pages that have to ask first; `consent()` starts it too.
   * @example consent: 'manual'
   */
  consent?: 'auto' | 'manual';
  /**
   * Each new message of an agent or the assistant. Its bubble is drawn by itself; return false to draw it yourself.
   * @example onMessage: (message) => console.log(message.by.name, message.body)
   */
  onMessage?(message: Message): unknown;
  /**
   * False: WebSocket or nothing. Else the chat long-polls where a network lets no WebSocket through, until one gets through.
   * A function is called before it does so for the first time; it may return false: no.
   * @example fallback: ({ reason }) => console.info('long-polling:', reason)
   */
  fallback?: boolean | ((info: Fallback) => unknown);
  /** @example onState: (state) => document.body.classList.toggle('offline', state === 'offline') */
  onState?(state: ConnState): void;
  /** @example onError: ({ code, message }) => report(code, message) */
  onError?(error: KefuError): void;
}

/** What `init` takes. */
export interface InitOptions extends ClientOptions {
  /**
   * The heading of the chat, where the site has no name of its own.
   * @example title: 'Halfhill Tea'
   */
  title?: string;
  /**
   * Any CSS colour.
   * @example color: '#2f5d50'
   */
  color?: string;
  /**
   * False: nothing to see; send and listen with the object that `init` returns.
   * @example ui: { side: 'start', theme: 'dark' }
   */
  ui?: UiOptions | false;
  /**
   * Words of the shop's own, by their names in visitor/words.ts.
   * @example strings: { placeholder: 'Ask us anything' }
   */
  strings?: { [word: string]: string };
  /**
   * For a CSP with nonces, in browsers that know no constructed style sheets (before 2023).
   * @example nonce: document.currentScript.nonce
   */
  nonce?: string;
}

export interface UiOptions {
  /** The corner it stands in: `end` (right, in left-to-right pages) or `start`. */
  side?: 'start' | 'end';
  theme?: 'auto' | 'light' | 'dark';
  zIndex?: number;
  /** A sound for what comes in while nobody looks; on, if left out. */
  sound?: boolean;
}

/**
 * `idle`: not started, or stopped. `ws`, `longpoll`: connected. `offline`: trying again by itself. `denied`: not trying any
 * more; `onError` says why.
 */
export type ConnState = 'idle' | 'connecting' | 'ws' | 'longpoll' | 'offline' | 'denied';

/** `closed`: refused, or cut soon after it was opened. `timeout`: no answer. `forbidden`: by the page's CSP. */
export interface Fallback {
  from: 'ws';
  to: 'longpoll';
  reason: 'closed' | 'timeout' | 'forbidden';
}

/**
 * `unauthorized`, `forbidden`: the desk does not want this visitor, or this page's origin. `token`: `getToken` failed, or
 * brought another user's. `storage`: what is not sent yet will not outlive the page. `stopped`: the desk ended it for good.
 */
export interface KefuError {
  code: string;
  message: string;
}

export interface Party {
  kind: 'visitor' | 'agent' | 'bot' | 'system';
  id?: string;
  name?: string;
  avatar?: string;
}

/** What people and the assistant say. */
export type Body =
  | { kind: 'text'; text: string }
  /** `size` in bytes, `width` and `height` in pixels. */
  | { kind: 'image' | 'file'; url: string; name: string; size: number; mime: string; width?: number; height?: number }
  /** Quick replies: a tap sends the option's text. */
  | { kind: 'options'; text: string; options: string[] };

export interface Message {
  conversation: string;
  /** Its place in the conversation. */
  seq: number;
  /** RFC 3339. */
  at: string;
  session: number;
  by: Party;
  body: Body;
  edited?: boolean;
}

export interface KefuEvents {
  message: Message;
  state: ConnState;
  /** One's own message is in the log; `id` is what `send` resolved to. */
  sent: { id: string; seq: number };
  /** It was refused for good; the visitor may tap on it. `expired`: it waited for over two days. */
  fail: { id: string; code: string };
  typing: Party;
  unread: number;
  error: KefuError;
  open: undefined;
  close: undefined;
}

/** The connection of a page, shared with its other tabs. */
export interface KefuClient {
  /** @example if (chat.state === 'denied') showPhoneNumber() */
  readonly state: ConnState;
  /**
   * Messages of others that the visitor has not seen.
   * @example badge.textContent = `${chat.unread}`
   */
  readonly unread: number;
  /**
   * What was said, ascending by seq, edits and recalls applied.
   * @example chat.messages.map((m) => m.body)
   */
  readonly messages: readonly Message[];
  /**
   * Sends a text or another body. Resolves to its id once it is stored on this device; it is delivered when that is
   * possible, once.
   * @example await chat.send('Where is my order?')
   */
  send(message: string | Body): Promise<string>;
  /**
   * Everything up to the end has been seen.
   * @example chat.read()
   */
  read(): void;
  /**
   * Returns its own off.
   * @example const off = chat.on('unread', (n) => { badge.textContent = `${n}` })
   */
  on<K extends keyof KefuEvents>(type: K, f: (value: KefuEvents[K]) => void): () => void;
  /**
   * The visitor has agreed: see `consent: 'manual'`.
   * @example banner.onaccept = () => chat.consent()
   */
  consent(): void;
  /**
   * Somebody has signed in, or out. What the other one said and is not sent stays theirs.
   * @example chat.identify({ token }); chat.identify(undefined)
   */
  identify(user: { token: string } | undefined): void;
  /**
   * Ends the connection. What was not sent yet waits for the next page.
   * @example chat.destroy()
   */
  destroy(): void;
}

/** The chat on a page. */
export interface Kefu extends KefuClient {
  /** @example button.onclick = () => chat.open() */
  open(): void;
  /** @example chat.close() */
  close(): void;
}
