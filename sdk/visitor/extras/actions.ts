import { h } from '../dom.ts';
import { isSaid, type Logged } from '../log.ts';
import type { Extras, Scene } from './extras.ts';

/** Edit and recall of one's own messages, for as long as the site allows. */
export function createActions(scene: Scene): Extras {
  const { client, composer, tray, tx, notice } = scene;
  let shown = new Map<number, HTMLElement>(); // by seq
  let timer: ReturnType<typeof setTimeout> | undefined;
  let use: typeof composer.use.take; // what it was before
  let draft = '';
  const changes = new Set<unknown>(); // ids of what was sent
  const bar = h(
    'div',
    { className: 'i', hidden: true },
    tx('editing'),
    h('button', { type: 'button', className: 'u', onclick: () => stop() }, tx('cancel')),
  );
  tray.append(bar);

  const change = async (frame: Parameters<typeof client.send>[0]) => changes.add(await client.send(frame));

  const stop = () => {
    if (bar.hidden) return;
    bar.hidden = true;
    composer.use.take = use;
    composer.write(draft);
  };

  const edit = ({ seq, body }: Logged) => {
    stop();
    if (body.kind !== 'text') return;
    const old = body.text;
    draft = composer.input.value;
    use = composer.use.take;
    bar.hidden = false;
    composer.use.take = (text) => {
      if (text && text !== old) void change({ type: 'edit', seq, body: { kind: 'text', text } });
      stop();
      return null; // the draft is there again
    };
    composer.write(old);
  };

  /** How long an event may still be changed, ms. */
  const left = ({ at, by, ...event }: Logged) =>
    by.kind === 'visitor' && isSaid(event) && client.head?.phase !== 'closed'
      ? Date.parse(at) + (client.site.edit ?? 0) * 1000 - Date.now()
      : 0;

  const make = (event: Logged) => {
    const more = h('button', { type: 'button', className: 'mm', 'aria-label': tx('actions'), 'aria-expanded': 'false' }, '⋯');
    const say = (word: 'edit' | 'recall', f: () => void) => {
      const onclick = () => {
        more.click();
        f();
      };
      return h('button', { type: 'button', className: 'o', onclick }, tx(word));
    };
    const { seq, body } = event;
    const recall = say('recall', () => void change({ type: 'recall', seq }));
    const choice = h('div', { hidden: true }, body.kind === 'text' && say('edit', () => edit(event)), recall);
    more.onclick = () => {
      choice.hidden = !choice.hidden;
      more.setAttribute('aria-expanded', `${!choice.hidden}`);
      if (!choice.hidden) choice.scrollIntoView({ block: 'nearest' });
    };
    return h('div', { className: 'act' }, more, choice);
  };

  const off = client.on('failed', ({ id }) => changes.has(id) && notice(tx('tooLate')));
  return {
    draw() {
      clearTimeout(timer);
      const now = new Map<number, HTMLElement>();
      const open = client.log.events.filter((e) => left(e) > 0);
      for (const event of open) {
        const row = scene.of(event.key ?? `#${event.seq}`);
        const el = shown.get(event.seq) ?? make(event);
        if (row && el.parentNode !== row) row.append(el);
        now.set(event.seq, el);
      }
      for (const [seq, el] of shown) if (!now.has(seq)) el.remove();
      shown = now;
      const [next] = open;
      if (next) timer = setTimeout(scene.draw, left(next));
    },
    destroy() {
      clearTimeout(timer);
      off();
    },
  };
}
