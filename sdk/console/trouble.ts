/** Why an action was refused, in words for whoever clicked. */
import { known, t } from './i18n.ts';
import type { Chat, Desk, Trouble } from './model.ts';
import { agentName } from './names.ts';

/** The most particular text there is: of the action and its code, else of the code alone. */
export function troubleText(trouble: Trouble, chat: Chat, desk: Desk): string {
  const { action, code, to } = trouble;
  const holder = chat.head.phase === 'held' && chat.head.agent?.id !== desk.me.id ? chat.head.agent : undefined;
  if (action === 'take' && code === 'conflict' && !holder) return t('error.take.conflictUnknown');
  const name = agentName(desk, action === 'transfer' ? to : holder);
  const key = `error.${action}.${code}`;
  return known(key) ? t(key, { name }) : codeText(code);
}

/** What a code of the protocol means, without saying of what. */
export function codeText(code: string): string {
  const key = `error.${code}`;
  return known(key) ? t(key) : t('error.internal');
}

/** Why a message was not sent. */
export function sendTrouble(code: string): string {
  const key = `error.send.${code}`;
  return known(key) ? t(key) : `${t('mark.failed')}: ${codeText(code)}`;
}
