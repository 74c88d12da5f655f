/** Asking for what a model takes part in: it takes longer, and what goes wrong has words of its own. */
import { type Api, codeOf } from '../api.ts';
import { reasonOf as plainReason } from '../setup/parts.tsx';
import { r } from './words.ts';

const PATIENCE = 60_000; // ms; a server gives a model less

/** Like `api.ask`. */
export const ask = <T>(api: Api, method: string, path: string, body?: unknown): Promise<T> =>
  api.ask<T>(method, path, body, PATIENCE);

/** Why it failed. */
export function reasonOf(e: unknown): string {
  const code = codeOf(e);
  switch (code) {
    case 'unsupported':
    case 'rate_limited':
    case 'unavailable':
    case 'offline':
      return r(`no.${code}`);
    default:
      return plainReason(e);
  }
}
