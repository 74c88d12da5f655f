import { dress, h } from '../dom.ts';
import { type Translate, translator } from '../i18n.ts';
import type { Stage } from '../panel.ts';
import { createActions } from './actions.ts';
import { createAttachments } from './attachments.ts';
import { createBelow } from './below.ts';
import css from './extras.css';
import { createForm } from './form.ts';
import { createHistory } from './history.ts';
import { createHuman } from './human.ts';
import { createLatest } from './latest.ts';
import { createMore } from './more.ts';
import { createPrivacy } from './privacy.ts';
import { createRating } from './rating.ts';
import { createSheet } from './sheet.ts';
import { type ExtraWord, words } from './words.ts';

/**
 * What a chat can begin without: attachments, edit and recall, the form before and the score after a session, transcript,
 * opening hours, and the way to clear the device. It is a file of its own, kefu-extras.mjs, brought as soon as the panel
 * is open; until then, and where it can not be loaded, people talk without it.
 */
export interface Extras {
  /** Something that is shown changed. */
  draw(): void;
  destroy(): void;
}

/** What each of them gets. */
export interface Scene extends Stage {
  tx: Translate<ExtraWord>;
  /** Says something above the composer, for a while. */
  notice(text: string): void;
}

const NOTICE = 6_000;

export function createExtras(stage: Stage): Extras {
  dress(stage.launcher.root, css, stage.nonce);
  const said = h('p', { className: 'i', role: 'status' });
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Its getters are of now, so it is not copied.
  const scene: Scene = Object.assign(Object.create(stage) as Stage, {
    tx: translator(stage.lang, words, stage.strings),
    notice(text: string) {
      clearTimeout(timer);
      said.textContent = text;
      timer = text ? setTimeout(() => scene.notice(''), NOTICE) : undefined;
    },
  });
  stage.tray.append(said);
  const parts: Extras[] = [
    createMore(scene),
    createSheet(scene),
    createBelow(scene),
    createLatest(scene),
    createHuman(scene),
    createHistory(scene),
    createPrivacy(scene),
    createForm(scene),
    createRating(scene),
    createActions(scene),
    createAttachments(scene),
  ];
  return {
    draw() {
      for (const part of parts) part.draw();
    },
    destroy() {
      clearTimeout(timer);
      for (const part of parts) part.destroy();
    },
  };
}
