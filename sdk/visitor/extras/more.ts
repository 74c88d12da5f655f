import { h, icon } from '../dom.ts';
import type { Extras, Scene } from './extras.ts';

const DOTS = 'M5 12h.01M12 12h.01M19 12h.01';

/** The button of the menu; what is in it is brought when it is opened: menu/menu.ts. */
export function createMore(scene: Scene): Extras {
  const { header, panel, tx, notice } = scene;
  const list = h('div', { className: 'menu', hidden: true });
  const button = h('button', { type: 'button', 'aria-label': tx('menu'), 'aria-expanded': 'false' }, icon(DOTS));
  header.insertBefore(button, header.lastChild);
  header.after(list);

  const toggle = (open: boolean) => {
    if (!open && list.contains(scene.launcher.root.activeElement)) button.focus();
    list.hidden = !open;
    button.setAttribute('aria-expanded', `${open}`);
  };
  const open = async () => {
    if (!list.hidden || !scene.menu) return toggle(false);
    try {
      const { fillMenu } = await scene.menu();
      toggle(true);
      await fillMenu(scene, list, () => toggle(false));
    } catch {
      notice(tx('noMenu'));
    }
  };
  button.onclick = open;
  panel.addEventListener(
    'keydown',
    (e) => {
      if (e.key !== 'Escape' || list.hidden) return;
      e.stopImmediatePropagation();
      toggle(false);
    },
    true,
  );
  panel.addEventListener('pointerdown', (e) => {
    if (!list.contains(e.target as Node) && !button.contains(e.target as Node)) toggle(false);
  });
  return { draw() {}, destroy() {} };
}
