/** A message in one line, for lists and announcements. */
import type { Body } from '../visitor/wire.ts';
import { happenedText } from './happened.ts';
import { t } from './i18n.ts';
import { type Desk, type Head, isSaid, isTombstone, type LogEvent } from './model.ts';
import { partyName } from './names.ts';

/** Who said it (the visitor goes without saying) and its text, on one line; of what happened, what it was. */
export function preview(e: LogEvent, head: Head, desk: Desk): string {
  if (!isSaid(e)) return happenedText(e, head, desk);
  const text = e.internal ? `${t('thread.note')}: ${bodyText(e)}` : bodyText(e);
  if (e.by.kind === 'visitor') return text;
  const who = e.by.kind === 'agent' && e.by.id === desk.me.id ? t('list.you') : partyName(e.by, head);
  return `${who}: ${text}`;
}

function bodyText(e: LogEvent): string {
  if (isTombstone(e)) return t('thread.recalled');
  const body = e.body as Body;
  switch (body.kind) {
    case 'image':
      return t('thread.image', { name: body.name });
    case 'file':
      return body.name;
    case 'form':
      return body.fields[0]?.value ?? '';
    default:
      return body.text.replace(/\s+/g, ' ');
  }
}
