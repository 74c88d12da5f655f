import type { Client } from '../client.ts';
import { isSaid, type Logged } from '../log.ts';
import type { Party } from '../wire.ts';

const PAGE = 200;
const MOST = 5_000; // events
const PATIENCE = 5_000; // ms for one page of history

/** Fetches what was said before what this page holds. Resolves when all of it is there, or no more comes. */
export async function fetchAll(client: Pick<Client, 'log' | 'tell' | 'on'>): Promise<void> {
  while (client.log.older && client.log.events.length < MOST) {
    const seq = client.log.events[0]!.seq;
    const grown = new Promise<boolean>((done) => {
      const stop = () => {
        off();
        clearTimeout(timer);
      };
      const timer = setTimeout(() => {
        stop();
        done(false);
      }, PATIENCE);
      const off = client.on('change', () => {
        if (client.log.events[0]?.seq === seq) return;
        stop();
        done(true);
      });
    });
    if (!client.tell({ type: 'before', seq, limit: PAGE }) || !(await grown)) return;
  }
}

/** What was said, as text: a line for each message, a heading for each day. */
export function transcript(events: readonly Logged[], name: (by: Party) => string, base: string, lang: string): string {
  const lines: string[] = [];
  let day = '';
  for (const event of events.filter(isSaid)) {
    const { at, by } = event;
    const date = new Date(at).toLocaleDateString(lang, { dateStyle: 'full' });
    if (date !== day) lines.push('', date, '');
    day = date;
    lines.push(`${new Date(at).toLocaleTimeString(lang, { timeStyle: 'short' })} ${name(by)}: ${said(event, base)}`);
  }
  return `${lines.join('\n').trim()}\n`;
}

function said({ body }: Logged, base: string): string {
  if ('url' in body) return `${body.name} ${new URL(body.url, base).href}`;
  if (body.kind === 'form') return body.fields.map((f) => `${f.label}: ${f.value}`).join('; ');
  return 'text' in body ? body.text : '';
}
