/**
 * A shop that does not exist, to see the widget at work on an H5 page. All it does for the chat is `Kefu.init` with the
 * address it was served from itself; everything else is a shop.
 */
import type { InitOptions, Kefu } from '../visitor/api.ts';
import { draftOf, rehearse } from './preview.ts';

const words = {
  'zh-CN': {
    brand: '半山茶事',
    season: '秋茶新到',
    headline: '一杯好茶，半山清风',
    lead: '海拔 900 米的小茶园，手采手制。冲泡、保存、送礼，有问题随时问我们。',
    ask: '问问茶师',
    teas: '本季茶品',
    about: '咨询这款茶',
    foot: '这是 Kefu 的演示商店，商品均为虚构。',
    agent: '小李',
    answer: '这是预览：客服的回复会这样显示。',
  },
  en: {
    brand: 'Halfhill Tea',
    season: 'Autumn harvest',
    headline: 'Good tea, a breeze from halfway up the hill',
    lead: 'From a small garden at 900 metres, picked and made by hand. Ask us about brewing, keeping, giving.',
    ask: 'Ask our tea maker',
    teas: 'This season',
    about: 'Ask about it',
    foot: 'This is the demo shop of Kefu. Nothing here is for sale.',
    agent: 'Li',
    answer: 'This is a preview: an answer looks like this.',
  },
};
type Lang = keyof typeof words;

const teas: { name: Record<Lang, string>; note: Record<Lang, string>; price: number; tone: string }[] = [
  {
    name: { 'zh-CN': '雾脊白毫', en: 'Misty Ridge White' },
    note: { 'zh-CN': '白茶 · 50 克 · 清甜', en: 'White · 50 g · sweet hay' },
    price: 128,
    tone: 'white',
  },
  {
    name: { 'zh-CN': '石涧乌龙', en: 'Stonebrook Oolong' },
    note: { 'zh-CN': '乌龙 · 100 克 · 兰香', en: 'Oolong · 100 g · orchid' },
    price: 168,
    tone: 'oolong',
  },
  {
    name: { 'zh-CN': '晚樵红', en: 'Woodcutter Black' },
    note: { 'zh-CN': '红茶 · 100 克 · 蜜香', en: 'Black · 100 g · honey' },
    price: 98,
    tone: 'black',
  },
  {
    name: { 'zh-CN': '春笋绿', en: 'Bamboo Spring Green' },
    note: { 'zh-CN': '绿茶 · 50 克 · 栗香', en: 'Green · 50 g · chestnut' },
    price: 118,
    tone: 'green',
  },
  {
    name: { 'zh-CN': '十年陈皮普洱', en: 'Ten-Year Tangerine Pu-erh' },
    note: { 'zh-CN': '普洱 · 200 克 · 醇厚', en: 'Pu-erh · 200 g · deep' },
    price: 218,
    tone: 'dark',
  },
  {
    name: { 'zh-CN': '桂子花茶', en: 'Osmanthus Bloom' },
    note: { 'zh-CN': '花茶 · 80 克 · 桂花', en: 'Scented · 80 g · osmanthus' },
    price: 88,
    tone: 'bloom',
  },
];

const all = <T extends Element>(selector: string) => [...document.querySelectorAll<T>(selector)];
const draft = draftOf();
/** What a preview says is kept apart from what is said here. */
const endpoint = `${location.protocol.replace('http', 'ws')}//${location.host}/${draft ? 'preview' : 'ws'}`;
let chat: Kefu | undefined;

/** A caddy with a cup before it, coloured by the tea. */
function picture(tone: string): Element {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 160 120');
  svg.setAttribute('class', tone);
  svg.setAttribute('aria-hidden', 'true');
  const shapes: [name: string, d: string][] = [
    ['tin', 'M52 34h44v58a6 6 0 0 1-6 6H58a6 6 0 0 1-6-6z'],
    ['lid', 'M50 24a4 4 0 0 1 4-4h40a4 4 0 0 1 4 4v10H50z'],
    ['label', 'M60 52h28v28H60z'],
    ['leaf', 'M66 74c0-10 6-16 16-16 0 10-6 16-16 16zM66 74l9-9'],
    ['cup', 'M88 78h34c0 14-6 22-17 22s-17-8-17-22z'],
    ['tea', 'M92 82h26c-1 3-1 4-2 6H94c-1-2-1-3-2-6z'],
    ['steam', 'M100 72c-4-6 4-8 0-14M110 72c-4-6 4-8 0-14'],
  ];
  for (const [name, d] of shapes) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('class', name);
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}

function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const el = document.createElement(tag);
  el.className = className;
  el.append(...children);
  return el;
}

function card(tea: (typeof teas)[number], lang: Lang): HTMLElement {
  const ask = element('button', 'about', words[lang].about);
  ask.setAttribute('aria-label', `${words[lang].about}: ${tea.name[lang]}`);
  ask.onclick = () => chat?.open();
  const price = element('span', 'price', `¥${tea.price}`);
  const row = element('div', 'row', price, ask);
  return element('li', 'tea', picture(tea.tone), element('h3', '', tea.name[lang]), element('p', 'note', tea.note[lang]), row);
}

function speak(lang: Lang) {
  document.documentElement.lang = lang;
  document.title = words[lang].brand;
  for (const el of all<HTMLElement>('[data-t]')) el.textContent = words[lang][el.dataset.t as keyof (typeof words)[Lang]];
  for (const el of all<HTMLElement>('[data-lang]')) el.setAttribute('aria-pressed', `${el.dataset.lang === lang}`);
  all('.teas')[0]?.replaceChildren(...teas.map((tea) => card(tea, lang)));
  chat?.destroy();
  chat = window.Kefu?.init({ endpoint, lang, ...(draft ? {} : { color: '#2f5d50', title: words[lang].brand }), ...wished() });
}

/** What the address wishes besides: the console shows a site by it. */
function wished(): Partial<InitOptions> {
  const p = new URLSearchParams(location.search);
  const [site, color, theme, side] = ['site', 'color', 'theme', 'side'].map((k) => p.get(k) ?? '');
  return {
    ...(site ? { site } : {}),
    ...(color && CSS.supports('color', color) ? { color } : {}),
    ui: {
      ...(side === 'start' || side === 'end' ? { side } : {}),
      ...(theme === 'light' || theme === 'dark' ? { theme } : {}),
    },
  };
}

/** `?lang=en`, or else what the browser prefers. */
function preferred(): Lang {
  const wish = new URLSearchParams(location.search).get('lang') ?? navigator.language;
  return /^zh/i.test(wish) ? 'zh-CN' : 'en';
}

for (const el of all<HTMLElement>('[data-lang]'))
  el.onclick = () => {
    const lang = el.dataset.lang as Lang;
    history.replaceState(null, '', `?lang=${lang}`);
    speak(lang);
  };
for (const el of all<HTMLElement>('.ask')) el.onclick = () => chat?.open();
if (draft) rehearse(draft, { agent: words[preferred()].agent, text: words[preferred()].answer });
speak(preferred());
