import type { Client } from '../client.ts';
import { h } from '../dom.ts';
import type { Extras, Scene } from './extras.ts';

const SKIPPED = 'me/rated'; // the last session that was scored or skipped

/** The session to score: one that a person held, once it is closed, until it is scored. */
export function toRate({ head, site, log, entries }: Pick<Client, 'head' | 'site' | 'log' | 'entries'>): number | undefined {
  if (head?.phase !== 'closed' || !site.rating) return;
  const { session } = head;
  const served = log.events.some((e) => e.session === session && e.body.kind === 'assigned');
  const rated = log.events.some(({ body }) => body.kind === 'rated' && body.session === session);
  const rating = entries.some(({ frame }) => frame.type === 'rate' && frame.session === session);
  return served && !rated && !rating ? session : undefined;
}

/** Asks for a score, then for words to go with it; either may be skipped, and is not asked for again. */
export function createRating({ client, tail, tx, draw }: Scene): Extras {
  let done = Number.POSITIVE_INFINITY; // until it is known what was skipped
  let card: { session: number; el: HTMLElement; scored?: boolean } | undefined;
  const store = async () => {
    const kv = await client.store();
    done = (await kv?.read<number>(SKIPPED))?.[0]?.[1] ?? 0;
    draw();
  };
  void store();

  const finish = (session: number) => {
    done = session;
    card?.el.remove();
    card = undefined;
    void client.store().then((kv) => kv?.write([[SKIPPED, session]]));
  };

  const comment = (session: number, score: number) => {
    const text = h('textarea', { rows: 2, maxLength: 1000, 'aria-label': tx('comment'), placeholder: tx('comment') });
    const skip = h('button', { type: 'button', className: 'u', onclick: () => finish(session) }, tx('skip'));
    const send = h('button', { type: 'submit', className: 'go' }, tx('comment'));
    const form = h('form', { className: 'k' }, h('p', {}, tx('thanks')), text, h('div', {}, skip, send));
    form.onsubmit = (e) => {
      e.preventDefault();
      // The last score of a session counts, with its comment.
      if (text.value.trim()) void client.send({ type: 'rate', session, score, comment: text.value.trim() });
      finish(session);
    };
    return form;
  };

  const score = (session: number, n: number) => {
    void client.send({ type: 'rate', session, score: n });
    card!.scored = true;
    card!.el.replaceChildren(comment(session, n));
    card!.el.scrollIntoView({ block: 'nearest' });
  };

  const make = (session: number) => {
    const star = (n: number) =>
      h('button', { type: 'button', 'aria-label': tx('score', { n }), onclick: () => score(session, n) }, '★');
    const skip = h('button', { type: 'button', className: 'u', onclick: () => finish(session) }, tx('skip'));
    const stars = h('p', { role: 'group', 'aria-label': tx('rate') }, ...[1, 2, 3, 4, 5].map(star));
    const el = h('div', { className: 'r' }, tx('rate'), stars, skip);
    tail.append(el);
    return { session, el };
  };

  return {
    draw() {
      const session = toRate(client) ?? 0;
      // A card that was scored stays for its comment, until the next session begins.
      if (card && card.session !== (card.scored ? client.head?.session : session)) {
        card.el.remove();
        card = undefined;
      }
      if (session > done && !card) card = make(session);
    },
    destroy() {},
  };
}
