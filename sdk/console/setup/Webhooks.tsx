/** Servers that are told what happens. */
import { useState } from 'preact/hooks';
import { Dialog } from '../components/Dialog.tsx';
import { List } from './List.tsx';
import { Asked, Copied, type Item, removable, when } from './parts.tsx';
import { Try } from './Try.tsx';
import { own } from './Webhooks.words.ts';
import { w } from './words.ts';

/** The kinds of events that somebody outside may want, as protocol.md has them; a server may know more. */
const kinds = [
  ...['opened', 'queued', 'assigned', 'released', 'transferred', 'handoff', 'warned', 'closed', 'reopened', 'rated'],
  ...['text', 'image', 'file', 'form', 'options', 'edited', 'recalled', 'tagged', 'snoozed', 'identified', 'erased'],
] as const;

function state(h: Item) {
  if (!h.last) return null;
  const why = String(h.last);
  return <span class="setup-fault"> {h.disabled ? own('off', { why }) : own('failing', { at: when(String(h.since)), why })}</span>;
}

/** Webhooks. The secret of a new one is shown once. */
export function Webhooks() {
  const [secret, setSecret] = useState<string>();
  const close = () => setSecret(undefined);
  return (
    <Asked<{ sites: Item[] }> path="/sites">
      {({ sites }) => {
        const named = sites.map((s) => [String(s.id), String(s.name || s.id)] as const);
        const siteName = (id: string) => named.find(([known]) => known === id)?.[1] ?? id;
        return (
          <>
            <List
              of={{
                title: w('webhooks'),
                lead: own('about'),
                add: own('add'),
                empty: own('empty'),
                path: '/webhooks',
                member: 'webhooks',
                create: [
                  { k: 'url', label: own('url'), kind: 'text', hint: own('urlHint') },
                  { k: 'sites', label: own('hookSites'), kind: 'ticks', options: named, hint: w('noneAll') },
                  {
                    k: 'kinds',
                    label: own('kinds'),
                    kind: 'ticks',
                    options: kinds.map((k) => [k, own(`kind.${k}`)]),
                    hint: w('noneAll'),
                  },
                  { k: 'internal', label: own('internal'), kind: 'bool' },
                ],
                blank: { url: '', sites: [], kinds: [], internal: false },
                onMade: (made) => setSecret(String(made.secret)),
                name: (h) => String(h.url),
                about: (h) => (
                  <>
                    {(h.sites as string[]).map(siteName).join(', ') || own('allSites')} ·{' '}
                    {(h.kinds as string[]).map(kindName).join(', ') || own('allKinds')}
                    {h.sent ? ` · ${w('lastSent', { at: when(String(h.sent)) })}` : ''}
                    {state(h)}
                  </>
                ),
                more: (h, again) =>
                  h.last ? <Try path={`/webhooks/${h.id}/resume`} name={String(h.url)} text={own('resume')} done={again} /> : null,
                remove: removable(),
              }}
            />
            {secret && (
              <Dialog title={own('secret')} onClose={close}>
                <p>{own('hookOnce')}</p>
                <Copied text={secret} />
                <div class="setup-actions">
                  <button type="button" class="button primary" onClick={close}>
                    {w('kept_')}
                  </button>
                </div>
              </Dialog>
            )}
          </>
        );
      }}
    </Asked>
  );
}

const kindName = (k: string) => (kinds.some((known) => known === k) ? own(`kind.${k as (typeof kinds)[number]}`) : k);
