import { h, safeUrl } from '../dom.ts';
import type { Extras, Scene } from './extras.ts';

/** What the site says about what it keeps: above the composer, until the first message. */
export function createPrivacy({ client, tray, tx }: Scene): Extras {
  const line = h('p', { className: 'i' });
  tray.append(line);
  return {
    draw() {
      const { text, url = '' } = client.site.privacy ?? {};
      const href = /^https:/i.test(url) && safeUrl(url, url);
      line.hidden = !(text || href) || !!client.entries[0] || client.log.events.some((e) => e.by.kind === 'visitor');
      if (line.hidden || line.firstChild) return;
      line.append(text ?? '', ' ', href ? h('a', { href, target: '_blank', rel: 'noopener' }, tx('privacy')) : '');
    },
    destroy() {},
  };
}
