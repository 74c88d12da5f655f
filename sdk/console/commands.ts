/** What the keys do. Each command does what a button does, and only where that button would be. */
import type { Mode } from './drafts.ts';
import type { Command } from './keys.ts';
import { tabs } from './listing.ts';
import { pagesOf } from './route.ts';
import { busyWith, rightsOf } from './select.ts';
import type { Store } from './store.ts';

const anywhere = new Set<Command>(['next', 'previous', 'inbox', 'visitors', 'floor', 'setup', 'palette', 'help']);

/** Carries a command out. False: there was nothing to do, and the key is left to the browser. */
export function act(store: Store, command: Command): boolean {
  // What can not be seen is not acted on: elsewhere than in the inbox only what leads there has a meaning.
  if (store.place.value.page && !anywhere.has(command)) return false;
  switch (command) {
    case 'next':
      return !!store.step(1);
    case 'previous':
      return !!store.step(-1);
    case 'tab':
      return nextTab(store);
    case 'reply':
    case 'note':
      return write(store, command);
    case 'attach':
      return attach();
    case 'close':
      return session(store, 'end');
    case 'closeNext':
      return closeNext(store);
    case 'take':
      return session(store, 'take');
    case 'transfer':
      return transfer(store);
    case 'snooze':
    case 'suggest':
    case 'summary':
    case 'translate':
      return press(command);
    case 'details':
      if (!store.chat.value) return false;
      store.toggleDetails();
      return true;
    case 'inbox':
      store.go({ page: '', id: store.selected.value });
      return true;
    case 'visitors':
    case 'floor':
    case 'setup':
      return open(store, command);
    case 'palette':
    case 'help':
      store.dialog.value = command;
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

function nextTab(store: Store): boolean {
  const i = tabs.indexOf(store.lists.tab.value) + 1;
  store.lists.show(tabs[i % tabs.length] ?? 'mine');
  return true;
}

function open(store: Store, name: string): boolean {
  if (!pagesOf(store.people.value.me.role).some((p) => p.name === name)) return false;
  store.go({ page: name, path: '' });
  return true;
}

function write(store: Store, mode: Mode): boolean {
  const chat = store.chat.value;
  if (!chat || !rightsOf(store.people.value.me, chat.head)[mode]) return false;
  store.editing.value = undefined;
  store.drafts.value?.set(chat.id, { mode });
  requestAnimationFrame(() => document.getElementById('composer-text')?.focus());
  return true;
}

function attach(): boolean {
  const input = document.getElementById('composer-files');
  input?.click();
  return !!input;
}

// A button of another part of the page, which knows when it can be pressed; of several the last: that of the newest message.
function press(command: Command): boolean {
  const button = [...document.querySelectorAll<HTMLButtonElement>(`[data-command=${command}]`)].at(-1);
  button?.click();
  return !!button && !button.disabled;
}

function transfer(store: Store): boolean {
  const chat = store.chat.value;
  if (!chat || !rightsOf(store.people.value.me, chat.head).transfer) return false;
  store.dialog.value = 'transfer';
  return true;
}

function session(store: Store, type: 'end' | 'take'): boolean {
  const chat = store.chat.value;
  if (!chat || busyWith(chat) || !store.connected.value) return false;
  if (!rightsOf(store.people.value.me, chat.head)[type]) return false;
  void store.live.value?.act(chat.id, { type, session: chat.head.session });
  return true;
}

/** The next one is chosen first, for the list may be another when this one has left it. */
function closeNext(store: Store): boolean {
  const rows = store.lists.rows.value;
  const i = rows.indexOf(store.selected.value ?? '');
  const next = rows[i + 1] ?? rows[i - 1];
  if (!session(store, 'end')) return false;
  if (next) {
    store.select(next);
    store.revealRow(next);
  }
  return true;
}
