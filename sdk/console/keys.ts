/**
 * The keys of the console: Chatwoot's, Alt with a letter, so that none meets an input method or a browser; Ctrl+K or ⌘K; and `?`
 * where nothing is typed. The position of the key counts, not its character: Alt+J types ∆ on a Mac.
 */
import type { Key } from './i18n.ts';

/** What a key can ask for; see commands.ts. */
export type Command =
  | 'next'
  | 'previous'
  | 'tab'
  | 'close'
  | 'closeNext'
  | 'take'
  | 'transfer'
  | 'snooze'
  | 'reply'
  | 'note'
  | 'attach'
  | 'details'
  | 'inbox'
  | 'visitors'
  | 'floor'
  | 'setup'
  | 'palette'
  | 'suggest'
  | 'summary'
  | 'translate'
  | 'help'
  | 'back';

/** What the help shows, in its order; `assist`: only where a model helps. The last ones are the work of the composer and of dialogs. */
export const shortcuts: readonly { readonly keys: string; readonly label: Key; readonly assist?: true }[] = [
  { keys: 'Ctrl+K', label: 'help.palette' },
  { keys: 'Alt+J', label: 'help.next' },
  { keys: 'Alt+K', label: 'help.previous' },
  { keys: 'Alt+N', label: 'help.tab' },
  { keys: 'Alt+T', label: 'help.take' },
  { keys: 'Alt+L', label: 'help.reply' },
  { keys: 'Alt+P', label: 'help.note' },
  { keys: 'Ctrl+Alt+A', label: 'help.attach' },
  { keys: 'Alt+G', label: 'help.suggest', assist: true },
  { keys: 'Alt+B', label: 'help.summary', assist: true },
  { keys: 'Alt+I', label: 'help.translate', assist: true },
  { keys: 'Alt+E', label: 'help.close' },
  { keys: 'Ctrl+Alt+E', label: 'help.closeNext' },
  { keys: 'Alt+M', label: 'help.snooze' },
  { keys: 'Alt+O', label: 'help.details' },
  { keys: 'Alt+C', label: 'help.inbox' },
  { keys: 'Alt+V', label: 'help.visitors' },
  { keys: 'Alt+R', label: 'help.floor' },
  { keys: 'Alt+S', label: 'help.setup' },
  { keys: '?', label: 'help.help' },
  { keys: '/', label: 'help.replies' },
  { keys: '↑', label: 'help.edit' },
  { keys: 'Enter', label: 'help.send' },
  { keys: 'Shift+Enter', label: 'help.newline' },
  { keys: 'Esc', label: 'help.escape' },
];

const byCode: Readonly<Record<string, Command>> = {
  KeyJ: 'next',
  KeyK: 'previous',
  KeyN: 'tab',
  KeyT: 'take',
  KeyL: 'reply',
  KeyP: 'note',
  KeyE: 'close',
  KeyM: 'snooze',
  KeyO: 'details',
  KeyC: 'inbox',
  KeyV: 'visitors',
  KeyR: 'floor',
  KeyS: 'setup',
  KeyG: 'suggest',
  KeyB: 'summary',
  KeyI: 'translate',
};
const withCtrl: Readonly<Record<string, Command>> = { KeyE: 'closeNext', KeyA: 'attach' };

/** The part of a keyboard event that a command depends on. */
export type Press = Pick<KeyboardEvent, 'key' | 'code' | 'altKey' | 'ctrlKey' | 'metaKey' | 'isComposing'>;

/** The command of a key press. `typing`: the focus is where characters go. */
export function commandOf(e: Press, typing: boolean): Command | undefined {
  if (e.isComposing) return undefined;
  if (e.ctrlKey || e.metaKey) {
    if (e.altKey) return withCtrl[e.code];
    return e.code === 'KeyK' ? 'palette' : undefined;
  }
  if (e.altKey) return byCode[e.code];
  if (e.key === 'Escape') return 'back';
  return e.key === '?' && !typing ? 'help' : undefined;
}
