/** Where a model helps: only for sites that have one, and its part of the page comes when it is first of use. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useStore } from '../context.ts';
import type { Chat } from '../model.ts';

type Part = typeof import('../assist/Assist.tsx');

const part = signal<Part | undefined>(undefined);

/** What a model does for whoever answers this conversation; nothing where there is none, or not yet. */
export function useAssist(chat: Chat): Part | undefined {
  const has = !!useStore().live.value?.assist.value.includes(chat.head.site);
  useEffect(() => {
    if (!has || part.value) return;
    import('../assist/Assist.tsx').then(
      (found) => {
        part.value = found;
      },
      () => {}, // the next conversation tries again; one answers without
    );
  }, [has, chat.id]);
  return has ? part.value : undefined;
}
