/**
 * The keys of the console: Alt with a letter, so that none meets an input method or a browser, and `?` where nothing is
 * typed. The position of the key counts, not its character: Alt+J types ∆ on a Mac.
 */
import type { Key } from './i18n.ts';

/** What a key can ask for; see commands.ts. */
export type Command = 'next' | 'previous' | 'close' | 'take' | 'reply' | 'note' | 'help' | 'back';

/** What the help shows, in its order. The last three are the work of the composer and of dialogs. */
export const shortcuts: readonly { readonly keys: string; readonly label: Key }[] = [
  { keys: 'Alt+J', label: 'help.next' },
  { keys: 'Alt+K', label: 'help.previous' },
  { keys: 'Alt+T', label: 'help.take' },
  { keys: 'Alt+L', label: 'help.reply' },
  { keys: 'Alt+P', label: 'help.note' },
  { keys: 'Alt+E', label: 'help.close' },
  { keys: '?', label: 'help.help' },
  { keys: 'Enter', label: 'help.send' },
  { keys: 'Shift+Enter', label: 'help.newline' },
  { keys: 'Esc', label: 'help.escape' },
];

const byCode: Readonly<Record<string, Command>> = {
  KeyJ: 'next',
  KeyK: 'previous',
  KeyT: 'take',
  KeyL: 'reply',
  KeyP: 'note',
  KeyE: 'close',
};

/** The part of a keyboard event that a command depends on. */
export type Press = Pick<KeyboardEvent, 'key' | 'code' | 'altKey' | 'ctrlKey' | 'metaKey' | 'isComposing'>;

/** The command of a key press. `typing`: the focus is where characters go. */
export function commandOf(e: Press, typing: boolean): Command | undefined {
  if (e.isComposing || e.ctrlKey || e.metaKey) return undefined;
  if (e.altKey) return byCode[e.code];
  if (e.key === 'Escape') return 'back';
  return e.key === '?' && !typing ? 'help' : undefined;
}
