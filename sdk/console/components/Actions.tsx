/** What can be done with the open conversation: buttons in its head, and on a phone the chief one above the composer. */
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import type { Chat } from '../model.ts';
import { busyWith, rightsOf } from '../select.ts';
import type { Store } from '../store.ts';
import { Icon, type IconName } from './Icon.tsx';
import { Snooze } from './Snooze.tsx';

interface ActProps {
  icon: IconName;
  text: string;
  class: string;
  chat: Chat;
  onClick: () => void;
}

/** On narrow screens only the icon of a plain button is left; its label still names it. */
function Act({ icon, text, class: kind, chat, onClick }: ActProps) {
  const store = useStore();
  const disabled = !store.connected.value || !!busyWith(chat);
  return (
    <button type="button" class={`button ${kind}`} aria-label={text} title={text} disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
      <span class="button-text">{text}</span>
    </button>
  );
}

function act(store: Store, chat: Chat, type: 'take' | 'end' | 'reopen'): void {
  // The button that was pressed goes away with the phase; focus must not go with it.
  document.getElementById('thread-name')?.focus();
  void store.live.value?.act(chat.id, { type, session: chat.head.session });
}

/** The action that comes before all others: to take the conversation, or to reopen it. */
export function ChiefAct({ chat, place }: { chat: Chat; place: 'wide-only' | 'phone-only' }) {
  const store = useStore();
  const rights = rightsOf(store.people.value.me, chat.head);
  const kind = `primary ${place}`;
  if (rights.take) {
    const text = t(chat.head.phase === 'held' ? 'action.takeOver' : 'action.take');
    return <Act icon="inbox" class={kind} text={text} chat={chat} onClick={() => act(store, chat, 'take')} />;
  }
  if (!rights.reopen) return null;
  return <Act icon="reopen" class={kind} text={t('action.reopen')} chat={chat} onClick={() => act(store, chat, 'reopen')} />;
}

/** The buttons in the head of a conversation: only those that its state and one's role allow. */
export function Actions({ chat }: { chat: Chat }) {
  const store = useStore();
  const rights = rightsOf(store.people.value.me, chat.head);
  const transfer = () => {
    store.dialog.value = 'transfer';
  };
  return (
    <div class="thread-acts">
      {busyWith(chat) && <span class="spinner" role="img" aria-label={t('action.busy')} />}
      <ChiefAct chat={chat} place="wide-only" />
      {rights.transfer && <Act icon="transfer" class="plain" text={t('action.transfer')} chat={chat} onClick={transfer} />}
      {rights.snooze && <Snooze chat={chat} />}
      {rights.end && (
        <Act icon="check" class="plain" text={t('action.close')} chat={chat} onClick={() => act(store, chat, 'end')} />
      )}
    </div>
  );
}
