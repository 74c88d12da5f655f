import { h, plain, safeUrl } from '../dom.ts';
import type { Scene } from '../extras/extras.ts';
import { MUTED } from '../notice/alerts.ts';
import type { Party } from '../wire.ts';
import { foreignZone, openings } from './hours.ts';
import { fetchAll, transcript } from './transcript.ts';
import { type MenuWord, words } from './words.ts';

/**
 * Sound, transcript, opening hours, the end of the session, and of all that this device knows. It is a file of its own,
 * kefu-menu.mjs, brought when somebody asks for more.
 */
const SURE = 4_000; // ms for the second tap
const KEPT = 60_000; // ms until a browser has surely begun to save

/** Fills the menu's element with what can be done now. `done` closes it. */
export async function fillMenu(scene: Scene, el: HTMLElement, done: () => void): Promise<void> {
  const { client, lang, base, t, notice } = scene;
  const own: { [word: string]: string | undefined } = scene.strings ?? {};
  const tm = (word: MenuWord) => own[word] ?? words[/^zh/i.test(lang) ? 'zh' : 'en'][word];
  const kv = await client.store();
  const muted = !!(await kv?.read(MUTED))?.[0];
  const { head, log, site } = client;

  const item = (word: MenuWord, f: () => unknown, more: object = {}) => {
    const onclick = () => {
      done();
      f();
    };
    return h('button', { type: 'button', onclick, ...more }, tm(word));
  };

  /** What can not be undone takes two taps. */
  const grave = (word: MenuWord, f: () => void) => {
    const button = item(word, f);
    const { onclick } = button;
    const ask = () => {
      button.textContent = tm('sure');
      button.onclick = onclick;
      setTimeout(() => {
        button.textContent = tm(word);
        button.onclick = ask;
      }, SURE);
    };
    button.onclick = ask;
    return button;
  };

  const save = async () => {
    await fetchAll(client);
    const name = (by: Party) => plain(by.name || t(by.kind === 'visitor' ? 'you' : by.kind === 'bot' ? 'bot' : 'agent'));
    const text = transcript(client.log.events, name, base, lang);
    // WeChat downloads nothing.
    if (/MicroMessenger/i.test(navigator.userAgent)) {
      await navigator.clipboard.writeText(text);
      return notice(tm('copied'));
    }
    const href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
    h('a', { href, download: `${scene.siteName()}.txt` }).click();
    setTimeout(() => URL.revokeObjectURL(href), KEPT);
  };

  const hours = () => {
    const lines = openings(site.hours ?? [], lang);
    const rows = lines.flatMap(({ days, times }) => [h('dt', {}, days), h('dd', {}, times)]);
    return lines[0] && h('div', {}, h('b', {}, tm('hours')), h('dl', {}, ...rows), foreignZone(site.zone));
  };

  const runs = /^(bot|waiting|held)$/.test(head?.phase ?? '');
  const url = site.privacy?.url ?? '';
  const href = /^https:/i.test(url) && safeUrl(url, url);
  const all = [
    item('sound', () => kv?.write([[MUTED, muted ? undefined : true]]), { 'aria-pressed': `${!muted}` }),
    log.events[0] && item('transcript', () => save().catch(() => notice(tm('unsaved')))),
    runs && grave('end', () => void client.send({ type: 'end', session: head!.session })),
    href && h('a', { href, target: '_blank', rel: 'noopener' }, tm('privacy')),
    grave('forget', () => {
      scene.composer.write('');
      void client.clear();
    }),
    hours(),
  ];
  el.replaceChildren(...all.map((one) => one || ''));
  (el.firstChild as HTMLElement).focus();
}
