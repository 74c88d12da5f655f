/** How parties and groups are called on the page. */
import { signal } from '@preact/signals';
import type { Party } from '../visitor/wire.ts';
import { t } from './i18n.ts';
import type { Desk, Head } from './model.ts';

/** A visitor's name; without one, the end of the id tells two apart. */
export function visitorName(head: Pick<Head, 'visitor'>): string {
  return head.visitor.name || t('visitor.anonymous', { id: head.visitor.id.slice(-4).toUpperCase() });
}

/** What stands for a visitor where there is room for two characters. */
export function visitorShort(head: Pick<Head, 'visitor'>): string {
  return head.visitor.name || [...head.visitor.id.slice(-2).toUpperCase()].join(' ');
}

/** The name of whoever wrote or did something in a conversation. */
export function partyName(p: Party | undefined, head: Head): string {
  if (p?.kind === 'visitor') return visitorName(head);
  if (p?.kind === 'bot') return p.name || t('bot.name');
  return p?.name || t('agent.unknown');
}

/** The name of an agent who is named by an event or an id. */
export function agentName(desk: Desk, a: { id?: string; name?: string } | string | undefined): string {
  const ref = typeof a === 'string' ? { id: a, name: undefined } : a;
  return ref?.name || (ref?.id && desk.agents[ref.id]?.name) || t('agent.unknown');
}

/** Names of groups by id, as the server has them. */
export const groupNames = signal<Readonly<Record<string, string>>>({});

/** Names of sites by id, as the server has them. */
export const siteNames = signal<Readonly<Record<string, string>>>({});

/** The name of a site. */
export const siteName = (site: string): string => siteNames.value[site] || site;

const stock = new Set(['default', 'Service']);

/** The name of a group. The one every desk begins with, while nobody has named it, has one in the page's language. */
export function groupName(group: string): string {
  const name = groupNames.value[group] || group;
  return group === 'default' && stock.has(name) ? t('group.default') : name;
}
