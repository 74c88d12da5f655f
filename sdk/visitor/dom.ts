/** Elements without innerHTML: whatever is a string becomes text. */

type Props = { [name: string]: unknown };
type Child = Node | string | null | undefined | false;

/**
 * Makes an element. Properties of the element are set as such (`className`, `onclick`, `hidden`), all others as
 * attributes (`role`, `aria-label`, `lang`).
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  for (const name in props)
    name in el && name !== 'role' ? Reflect.set(el, name, props[name]) : el.setAttribute(name, `${props[name]}`);
  el.append(...children.filter((c): c is Node | string => !!c));
  return el;
}

/** A line drawing on 24 x 24; decoration, so hidden from screen readers. */
export function icon(path: string): SVGElement {
  const make = (tag: string) => document.createElementNS('http://www.w3.org/2000/svg', tag);
  const svg = make('svg') as SVGElement;
  const line = make('path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** Adds a style sheet. A constructed one needs no permission of the page's CSP; browsers before 2023 get an element, with a nonce. */
export function dress(root: ShadowRoot, text: string, nonce = '') {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  } catch {
    root.append(h('style', { nonce }, text));
  }
}

/** Puts the children into el in this order, moving and removing as little as possible, so that focus and screen readers stay calm. */
export function arrange(el: Element, children: Element[]) {
  const keep = new Set(children);
  for (const old of [...el.children]) if (!keep.has(old)) old.remove();
  children.forEach((child, i) => {
    if (el.children[i] !== child) el.insertBefore(child, el.children[i] ?? null);
  });
}

/** The URL if it is one that a page may show or link to: http or https. Relative ones belong to the desk. */
export function safeUrl(url: string, base: string): string | undefined {
  try {
    const full = new URL(url, base);
    return /^https?:$/.test(full.protocol) ? full.href : undefined;
  } catch {
    return undefined;
  }
}

/** A name without the characters that turn the order of what follows round: `invoice\u202Egpj.exe` is no picture. */
export const plain = (name: string) => name.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
