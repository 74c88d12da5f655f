import { h } from '../dom.ts';
import type { Extras, Scene } from './extras.ts';

/** The way past the assistant. */
export function createHuman({ client, tray, tx }: Scene): Extras {
  const call = () => void client.send({ type: 'human', session: client.head!.session });
  const button = h('button', { className: 'o', type: 'button', hidden: true, onclick: call }, tx('human'));
  tray.append(button);
  return {
    draw() {
      button.hidden = client.head?.phase !== 'bot' || client.entries.some((e) => e.frame.type === 'human');
    },
    destroy() {},
  };
}
