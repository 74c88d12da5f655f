/** Why one can not simply reply, and what to do about it: a bar above the composer. */
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import type { Chat, Me } from '../model.ts';
import { agentName } from '../names.ts';
import { isMine, type Rights } from '../select.ts';
import { ChiefAct } from './Actions.tsx';

interface Words {
  readonly what: string;
  readonly hint?: string;
}

/** Nothing where one holds the conversation. `name` is that of whoever holds it. */
function words(chat: Chat, me: Me, rights: Rights, name: string): Words | undefined {
  switch (chat.head.phase) {
    case 'closed':
      return { what: t('composer.closed'), hint: t('composer.closedHint') };
    case 'waiting':
      return { what: t('composer.waiting'), hint: t('composer.waitingHint') };
    case 'bot':
      return { what: t('composer.bot'), hint: t('composer.botHint') };
    case 'held':
      if (isMine(me, chat.head)) return undefined;
      if (rights.reply) return { what: t('composer.otherSupervisor', { name }) };
      return rights.note
        ? { what: t('composer.other', { name }), hint: t('composer.otherHint') }
        : { what: t('composer.other', { name }) };
    default:
      return undefined;
  }
}

/** The bar, or nothing for whoever holds the conversation. */
export function Standing({ chat, rights }: { chat: Chat; rights: Rights }) {
  const store = useStore();
  const desk = store.people.value;
  const found = words(chat, desk.me, rights, agentName(desk, chat.head.agent));
  if (!found) return null;
  return (
    <div class="composer-bar">
      <p>
        {found.what}
        {found.hint && <span class="hint">{found.hint}</span>}
      </p>
      <ChiefAct chat={chat} place="phone-only" />
    </div>
  );
}
