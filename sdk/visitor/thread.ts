import { arrange, h, icon, safeUrl } from './dom.ts';
import type { Translate } from './i18n.ts';
import type { Bubble, Item, Rating } from './items.ts';
import type { Body } from './wire.ts';
import type { Word } from './words.ts';

/** Draws items into an element, each once: an item that is already there is brought up to date, not drawn again. */
export interface Thread {
  draw(items: Item[]): void;
}

export interface ThreadOptions {
  t: Translate<Word>;
  lang: string;
  /** What relative URLs belong to. */
  base: string;
  say(text: string): void;
  retry(key: string): void;
  rate(session: number, score: number): void;
}

interface Drawn {
  el: HTMLElement;
  content: string; // what it was drawn from
}

export function createThread(el: HTMLElement, { t, lang, base, say, retry, rate }: ThreadOptions): Thread {
  let drawn = new Map<string, Drawn>();

  const file = (body: Extract<Body, { url: string }>) => {
    const href = safeUrl(body.url, base);
    if (!href) return [body.name];
    const link = { href, target: '_blank', rel: 'noopener noreferrer' };
    if (body.kind === 'file')
      return [h('a', { ...link, className: 'f' }, icon(CLIP), `${body.name} · ${Math.ceil(body.size / 1024)} KB`)];
    const { width, height } = body;
    // Width and height are known before the picture is: the thread does not jump.
    return [h('a', link, h('img', { src: href, alt: body.name, loading: 'lazy', ...(width && height && { width, height }) }))];
  };

  const content = ({ body, fresh }: Bubble): (Node | string)[] => {
    if ('url' in body) return file(body);
    const text = body.text
      .split(LINK)
      .map((part, i) => (i % 2 ? h('a', { href: part, target: '_blank', rel: LINK_REL }, part) : part));
    if (body.kind !== 'options' || !fresh) return text;
    const chips = body.options.map((o) => h('button', { className: 'o', type: 'button', onclick: () => say(o) }, o));
    return [...text, h('div', { role: 'group' }, ...chips)];
  };

  const name = ({ by }: Bubble) => by.name || t(by.kind === 'visitor' ? 'you' : by.kind === 'bot' ? 'bot' : 'agent');

  const bubble = (item: Bubble) => {
    const time = item.at ? new Date(item.at).toLocaleTimeString(lang, { timeStyle: 'short' }) : '';
    return h(
      'div',
      {},
      h('span', { className: 'a', 'aria-hidden': 'true' }, [...name(item)][0]),
      h('span', { className: 'w' }, `${name(item)}: `),
      h('div', { className: 'b', dir: 'auto' }, ...content(item)),
      h('span', { className: 't' }, item.edited && `${t('edited')} · `, time),
      h('button', { className: 'x', type: 'button', onclick: () => retry(item.id) }, t('failed')),
    );
  };

  const rating = ({ session }: Rating) => {
    const star = (n: number) =>
      h('button', { type: 'button', 'aria-label': t('score', { n }), onclick: () => rate(session, n) }, '★');
    return h(
      'div',
      { className: 'r', role: 'group', 'aria-label': t('rate') },
      t('rate'),
      h('p', {}, ...[1, 2, 3, 4, 5].map(star)),
    );
  };

  const make = (item: Item): HTMLElement =>
    item.is === 'bubble' ? bubble(item) : item.is === 'rating' ? rating(item) : h('p', { className: 'l' }, item.text);

  const fresh = (item: Item): Drawn => {
    const { state: _, first: __, ...rest } = item as Bubble;
    const content = JSON.stringify(rest);
    const known = drawn.get(item.id);
    const el = known?.content === content ? known.el : make(item);
    // State is a class, for a change of it is no news to a screen reader.
    if (item.is === 'bubble') el.className = `m ${item.mine ? 'v' : 'g'} ${item.state ?? ''} ${item.first ? 'first' : ''}`;
    return { el, content };
  };

  return {
    draw(items) {
      drawn = new Map(items.map((item) => [item.id, fresh(item)]));
      arrange(
        el,
        [...drawn.values()].map((d) => d.el),
      );
    },
  };
}

const LINK = /(https?:\/\/[^\s<>"']+)/;
const LINK_REL = 'noopener noreferrer nofollow';
const CLIP = 'M19 11l-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4l8-8a3 3 0 0 1 4.3 4.3l-7.7 7.7a1.5 1.5 0 0 1-2.1-2.1l6.5-6.5';
