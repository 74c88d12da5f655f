/** What the keys do. Each command does what a button does, and only where that button would be. */
import type { Mode } from './drafts.ts';
import type { Command } from './keys.ts';
import { busyWith, rightsOf } from './select.ts';
import type { Store } from './store.ts';

const anywhere = new Set<Command>(['next', 'previous', 'help']);

/** Carries a command out. False: there was nothing to do, and the key is left to the browser. */
export function act(store: Store, command: Command): boolean {
  // What can not be seen is not acted on: elsewhere than in the inbox only what leads there has a meaning.
  if (store.place.value.page && !anywhere.has(command)) return false;
  switch (command) {
    case 'next':
      return step(store, 1);
    case 'previous':
      return step(store, -1);
    case 'reply':
    case 'note':
      return write(store, command);
    case 'close':
      return session(store, 'end');
    case 'take':
      return session(store, 'take');
    case 'help':
      store.dialog.value = 'help';
      return true;
    case 'back':
      return back(store);
  }
}

/** Leaves what lies on top: the details over the thread, then the thread over the list. */
function back(store: Store): boolean {
  if (store.details.value && matchMedia('(width < 1200px)').matches) store.toggleDetails();
  else if (store.selected.value && matchMedia('(width < 760px)').matches) store.select(undefined);
  else return false;
  return true;
}

function step(store: Store, by: 1 | -1): boolean {
  return !!store.step(by);
}

function write(store: Store, mode: Mode): boolean {
  const chat = store.chat.value;
  if (!chat || !rightsOf(store.desk.value.me, chat.head)[mode]) return false;
  store.drafts.value?.set(chat.id, { mode });
  requestAnimationFrame(() => document.getElementById('composer-text')?.focus());
  return true;
}

function session(store: Store, type: 'end' | 'take'): boolean {
  const chat = store.chat.value;
  if (!chat || busyWith(chat) || !store.connected.value) return false;
  if (!rightsOf(store.desk.value.me, chat.head)[type]) return false;
  void store.live.value?.act(chat.id, { type, session: chat.head.session });
  return true;
}
