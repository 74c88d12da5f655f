import { h, icon } from '../dom.ts';
import type { Extras, Scene } from './extras.ts';

const DOWN = 'M12 5v14M6 13l6 6 6-6';

/** The way back to the newest message, for who has scrolled up; with a count of what came in meanwhile. */
export function createLatest(scene: Scene): Extras {
  const { client, composer, list, tray, tx } = scene;
  const n = h('span', { className: 'n', 'aria-hidden': 'true' });
  const button = h(
    'button',
    { className: 'j', type: 'button', 'aria-label': tx('latest'), onclick: () => scene.toEnd() },
    icon(DOWN),
    n,
  );
  tray.prepend(button);
  const draw = () => {
    button.hidden = scene.isAtEnd();
    n.hidden = !client.unread;
    n.textContent = `${client.unread}`;
  };
  list.addEventListener('scroll', draw);
  // What stands under it grows and shrinks: files, a form.
  const watch = globalThis.ResizeObserver && new ResizeObserver(scene.settle);
  watch?.observe(tray);
  watch?.observe(composer.el);
  return { draw, destroy: () => watch?.disconnect() };
}
