import { arrange, h, icon, plain, safeUrl } from './dom.ts';
import type { Translate } from './i18n.ts';
import type { Bubble, Item } from './items.ts';
import type { Body } from './wire.ts';
import type { Word } from './words.ts';

/** Draws items into an element, each once: an item that is already there is brought up to date, not drawn again. */
export interface Thread {
  draw(items: Item[]): void;
  /** The element of an item. */
  of(id: string): HTMLElement | undefined;
}

export interface ThreadOptions {
  t: Translate<Word>;
  lang: string;
  /** What relative URLs belong to. */
  base: string;
  /** What stands below the items, whatever they are. */
  tail: Element[];
  say(text: string): void;
  retry(key: string): void;
}

interface Drawn {
  el: HTMLElement;
  content: string; // what it was drawn from
}

const link = (href: string, className: string, ...children: (Node | string)[]) =>
  h('a', { href, className, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...children);

export function createThread(el: HTMLElement, { t, lang, base, tail, say, retry }: ThreadOptions): Thread {
  let drawn = new Map<string, Drawn>();

  const file = (body: Extract<Body, { url: string }>) => {
    const href = safeUrl(body.url, base);
    const label = plain(body.name);
    if (!href) return [label];
    const { kind, size, width, height } = body;
    const named = () => [icon(CLIP), `${label}\n${Math.ceil(size / 1024)}\u00a0KB`];
    // Pictures over plain http, from a stranger, would tell everybody on the way who looks at them.
    if (kind === 'file' || !(href.startsWith('https:') || href.startsWith(new URL('/v1/files/', base).href)))
      return [link(href, 'f', ...named())];
    // Width and height are known before the picture is: the thread does not jump.
    const picture = h('img', { src: href, alt: label, loading: 'lazy', ...(width && height && { width, height }) });
    const a = link(href, '', picture);
    picture.onerror = () => a.replaceChildren(...named());
    return [a];
  };

  const content = ({ body, fresh }: Bubble): (Node | string)[] => {
    if ('url' in body) return file(body);
    if (body.kind === 'form') return [body.fields.map((f) => `${f.label}: ${f.value}`).join('\n')];
    const text = body.text.split(LINK).map((part, i) => (i % 2 ? link(part, '', plain(part)) : part));
    if (body.kind !== 'options' || !fresh || !body.options[0]) return text;
    const chips = body.options.map((o) => h('button', { className: 'o', type: 'button', onclick: () => say(o) }, o));
    return [...text, h('div', { role: 'group' }, ...chips)];
  };

  const name = ({ by }: Bubble) => plain(by.name || t(by.kind === 'visitor' ? 'you' : by.kind === 'bot' ? 'bot' : 'agent'));

  const bubble = (item: Bubble) => {
    const time = item.at ? new Date(item.at).toLocaleTimeString(lang, { timeStyle: 'short' }) : '';
    return h(
      'div',
      {},
      h('span', { className: 'a', 'aria-hidden': 'true' }, [...name(item)][0]),
      h('span', { className: 'w' }, name(item), h('i', {}, ': ')),
      h('div', { className: 'b', dir: 'auto' }, ...content(item)),
      h('span', { className: 't' }, item.edited && `${t('edited')} · `, time),
      item.state === 'failed' && h('button', { className: 'x', type: 'button', onclick: () => retry(item.id) }, t('failed')),
    );
  };

  const make = (item: Item): HTMLElement => (item.is === 'bubble' ? bubble(item) : h('p', { className: 'l' }, item.text));

  const fresh = (item: Item): Drawn => {
    const { state, first: _, ...rest } = item as Bubble;
    const content = JSON.stringify([rest, state === 'failed']);
    const known = drawn.get(item.id);
    const el = known?.content === content ? known.el : make(item);
    // State is a class, for a change of it is no news to a screen reader.
    if (item.is === 'bubble') el.className = `m ${item.mine ? 'v' : 'g'} ${item.state ?? ''} ${item.first ? 'first' : ''}`;
    return { el, content };
  };

  return {
    draw(items) {
      drawn = new Map(items.map((item) => [item.id, fresh(item)]));
      arrange(el, [...[...drawn.values()].map((d) => d.el), ...tail]);
    },
    of: (id) => drawn.get(id)?.el,
  };
}

// What runs or is no address of the net is no link. Nothing but ASCII, and no full stop at its end: text goes on there.
const LINK = /((?:https?:\/\/|mailto:|tel:)[!#-&(-;=?-~]*[\w/=#&+-])/i;
const CLIP = 'M19 11l-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4l8-8a3 3 0 0 1 4.3 4.3l-7.7 7.7a1.5 1.5 0 0 1-2.1-2.1l6.5-6.5';
