/** What the chat uses of standard libraries after 2017, where it is missing, and no more of it than the chat uses. */

const define = (on: object, name: string, value: unknown) => {
  if (!(name in on)) Object.defineProperty(on, name, { value, writable: true, configurable: true });
};

if (typeof globalThis === 'undefined') Object.defineProperty(window, 'globalThis', { value: window });
define(window, 'queueMicrotask', (f: () => void) => void Promise.resolve().then(f));
// What is stored is JSON on the wire too.
define(window, 'structuredClone', (value: unknown) => value && JSON.parse(JSON.stringify(value)));
define(Array.prototype, 'at', function (this: unknown[], i: number) {
  return this[i < 0 ? this.length + i : i];
});
define(Array.prototype, 'flat', function (this: unknown[]) {
  return ([] as unknown[]).concat(...this);
});
define(Array.prototype, 'flatMap', function (this: unknown[], f: (value: unknown, i: number) => unknown) {
  return ([] as unknown[]).concat(...this.map(f));
});
define(Object, 'fromEntries', (pairs: Iterable<[string, unknown]>) => {
  const made: { [key: string]: unknown } = {};
  for (const [key, value] of pairs) made[key] = value;
  return made;
});
define(String.prototype, 'replaceAll', function (this: string, from: string, to: string) {
  return this.split(from).join(to);
});
define(Element.prototype, 'toggleAttribute', function (this: Element, name: string, on: boolean) {
  on ? this.setAttribute(name, '') : this.removeAttribute(name);
});
define(Element.prototype, 'replaceChildren', function (this: Element, ...children: (Node | string)[]) {
  while (this.lastChild) this.lastChild.remove();
  this.append(...children);
});
