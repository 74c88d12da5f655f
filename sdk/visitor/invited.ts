import type { Client } from './client.ts';

/** What an agent has said to a visitor who had not asked for a chat, until a session begins. */
export const invitationOf = ({ head, site: { invited } }: Pick<Client, 'head' | 'site'>) =>
  invited?.session === (head?.session ?? 0) ? invited : undefined;
