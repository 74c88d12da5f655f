import { h, icon, plain } from '../dom.ts';
import { invitationOf } from '../invited.ts';
import type { Invite } from '../wire.ts';
import type { Notice, NoticeOptions, NoticeWords } from './notice.ts';

const CROSS = 'M7 7l10 10M17 7L7 17';
const LOOK = 1_000; // ms between looks at the page, which may change under us
const DAY = 86_400;
const KEY = 'me/invite/';
const SAID = '@'; // the id of an agent's

/** Whether an invitation is meant for who is on this page, from there, for so many seconds. */
export function fits({ after = 0, path, referrer = '' }: Invite, at: { path: string; referrer: string; seconds: number }): boolean {
  const glob = path?.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '.*');
  return at.seconds >= after && at.referrer.includes(referrer) && (!glob || new RegExp(`^${glob}$`).test(at.path));
}

/**
 * Words beside the launcher, for visitors who have not asked for a chat: the site's, once each, on the pages that it names,
 * and an agent's, who comes before those and stays until there is an answer.
 */
export function createInvites({ client, launcher, isOpen, open }: NoticeOptions, { dismiss }: NoticeWords): Notice {
  const place = h('div', { role: 'status' }); // there before there is something to say, or nobody would hear it
  let path = '';
  let since = 0;
  let seen: Map<string, number> | undefined;
  let shown = '';
  let timer: ReturnType<typeof setInterval> | undefined;
  launcher.root.insertBefore(place, launcher.button);

  const load = async () => {
    const kept = (await (await client.store())?.read<number>(KEY)) ?? [];
    seen = new Map(kept.map(([key, at]) => [key.slice(KEY.length), at]));
  };
  const hide = () => place.replaceChildren();

  const show = (id: string, text: string, name = '') => {
    shown = id;
    hide();
    seen!.set(id, Date.now());
    void client.store().then((kv) => kv?.write([[KEY + id, Date.now()]]));
    const close = () => {
      hide();
      launcher.button.focus();
    };
    const accept = h('button', { type: 'button', onclick: open }, name && h('b', {}, plain(name)), text);
    place.append(
      h('div', { className: 'vi' }, accept, h('button', { type: 'button', 'aria-label': dismiss, onclick: close }, icon(CROSS))),
    );
  };

  const look = () => {
    if (location.pathname !== path) {
      path = location.pathname;
      since = Date.now();
      if (shown !== SAID) hide();
    }
    const idle = /^(none|closed)$/.test(client.head?.phase ?? 'none');
    if (!idle || isOpen()) hide();
    else if (seen && !document.hidden) offer();
  };

  const offer = () => {
    const said = invitationOf(client);
    if (said && said.at > (seen?.get(SAID) ?? 0)) show(SAID, said.text, said.by.name);
    if (place.firstChild) return;
    const at = { path, referrer: document.referrer, seconds: (Date.now() - since) / 1000 };
    const due = (i: Invite) => Date.now() - (seen?.get(i.id) ?? 0) > (i.again ?? DAY) * 1000;
    const next = client.site.invite?.find((i) => due(i) && fits(i, at));
    if (next) show(next.id, next.text);
  };

  return {
    draw() {
      if (timer) return look();
      if (!client.site.invite?.[0] && !client.site.invited) return;
      timer = setInterval(look, LOOK);
      void load().then(look);
    },
    destroy() {
      clearInterval(timer);
      place.remove();
    },
  };
}
