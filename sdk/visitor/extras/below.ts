import { h, plain } from '../dom.ts';
import { invitationOf } from '../invited.ts';
import { sourcesOf } from '../sources.ts';
import type { Body } from '../wire.ts';
import type { Extras, Scene } from './extras.ts';

/** What the assistant's answers rest on, below each; and below all of them, what an agent has invited the visitor with. */
export function createBelow({ client, of, tail, tx }: Scene): Extras {
  const invited = h('p', { className: 'b' });
  const source = ({ title, href }: ReturnType<typeof sourcesOf>[number]) =>
    h('li', {}, href ? h('a', { href, target: '_blank', rel: 'noopener' }, plain(title)) : plain(title));

  return {
    draw() {
      for (const { seq, key, body } of client.log.events) {
        const found = sourcesOf(body as Body);
        const bubble = found[0] && of(key ?? `#${seq}`)?.querySelector('.b');
        if (bubble && !bubble.querySelector('ul')) bubble.append(h('ul', { 'aria-label': tx('sources') }, ...found.map(source)));
      }
      const said = invitationOf(client);
      if (!said) return invited.remove();
      invited.textContent = plain(`${said.by.name}: ${said.text}`);
      tail.prepend(invited);
    },
    destroy() {},
  };
}
