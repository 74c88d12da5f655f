/** What happened to a session, as one quiet line. */
import type { SystemBody } from '../visitor/wire.ts';
import { fullTime } from './format.ts';
import { known, lang, t, tOr } from './i18n.ts';
import type { Desk, Head, LogEvent } from './model.ts';
import { agentName, groupName, partyName } from './names.ts';
import { at } from './select.ts';

/** The line for a system event, in the page's language. */
export function happenedText(e: LogEvent, head: Head, desk: Desk): string {
  const body = e.body as SystemBody;
  const extra = body as { tag?: string; group?: string };
  switch (body.kind) {
    case 'opened':
      return extra.tag ? t('event.openedTag', { tag: extra.tag }) : t('event.opened');
    case 'queued':
      return extra.group ? t('event.queuedGroup', { group: groupName(extra.group) }) : t('event.queued');
    case 'assigned':
      return assignedText(body, desk);
    case 'released':
      return withReason('event.released', 'event.releasedReason', body.reason, { agent: agentName(desk, body.agent) });
    case 'transferred':
      return transferredText(body, desk);
    case 'handoff':
      return withReason('event.handoff', 'event.handoffReason', body.reason === 'request' ? 'visitor.request' : body.reason);
    case 'snoozed':
      return t('event.snoozed', { time: fullTime(lang.value, at(body.until)) });
    case 'closed':
      return closedText(body, head, desk);
    case 'rated':
      return body.comment
        ? t('event.ratedComment', { score: body.score, comment: body.comment })
        : t('event.rated', { score: body.score });
    case 'tagged':
      return t('event.tagged', {
        tags: [...(body.add ?? []).map((x) => `+${x}`), ...(body.remove ?? []).map((x) => `-${x}`)].join(' '),
      });
    default:
      return tOr(`event.${body.kind}`, 'event.other', { kind: body.kind });
  }
}

type Of<K extends SystemBody['kind']> = Extract<SystemBody, { kind: K }>;

function assignedText(body: Of<'assigned'>, desk: Desk): string {
  if (body.agent.id === desk.me.id) return t('event.assignedYou');
  const agent = agentName(desk, body.agent);
  return body.from ? t('event.assignedFrom', { agent, from: agentName(desk, body.from) }) : t('event.assigned', { agent });
}

function transferredText(body: Of<'transferred'>, desk: Desk): string {
  const to = body.to.agent ? agentName(desk, body.to.agent) : t('event.group', { group: groupName(body.to.group ?? '') });
  return body.from ? t('event.transferred', { from: agentName(desk, body.from), to }) : t('event.transferredTo', { to });
}

function closedText(body: Of<'closed'>, head: Head, desk: Desk): string {
  const by = body.by as Of<'closed'>['by'] | undefined;
  if (by?.kind === 'visitor') return t('event.closedBy', { by: t('event.visitor') });
  if (by?.kind === 'agent') return by.id === desk.me.id ? t('event.closedYou') : t('event.closedBy', { by: partyName(by, head) });
  return withReason('event.closed', 'event.closedReason', body.reason === 'silent' ? 'visitor.silent' : body.reason);
}

// A reason we have no word for is left out: a code is no help to anybody.
function withReason(
  plain: 'event.released' | 'event.handoff' | 'event.closed',
  full: 'event.releasedReason' | 'event.handoffReason' | 'event.closedReason',
  reason: string | undefined,
  args: Record<string, string> = {},
): string {
  const key = `reason.${reason}`;
  return known(key) ? t(full, { ...args, reason: t(key) }) : t(plain, args);
}
