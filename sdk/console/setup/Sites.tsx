/** Sites: every key of the settings, how the widget looks, the snippet to copy. And the rest of the settings. */

import { useMemo, useState } from 'preact/hooks';
import { Trouble } from '../components/Trouble.tsx';
import { lang } from '../i18n.ts';
import { Fields, get, put, type Spec, type Value } from './form.tsx';
import { type Draft, useSettings } from './settings.tsx';
import { limits, routing, security, siteParts } from './specs.ts';
import { w } from './words.ts';

type Site = Record<string, Value> & { id: string };

/** The bar at the end of a form of the settings. */
export function Foot({ draft }: { draft: Draft }) {
  return (
    <div class="setup-foot">
      {draft.trouble && <Trouble text={draft.trouble} />}
      {draft.faults.length > 0 && (
        <ul class="hint">
          {draft.faults.map((f) => (
            <li key={f.location}>
              {f.location.replace(/^body\./, '')}: {f.message}
            </li>
          ))}
        </ul>
      )}
      <div class="setup-actions">
        <button type="button" class="button primary" onClick={draft.review}>
          {w('review')}
        </button>
        <span class="done" role="status">
          {draft.said}
        </span>
      </div>
      {draft.dialog}
    </div>
  );
}

/** A form of the settings, once they are here. */
export function WithSettings(props: { saved?: (settings: Value) => void; children: (d: Draft) => preact.ComponentChildren }) {
  const { children } = props;
  const draft = useSettings(props.saved);
  if ('value' in draft) return <>{children(draft)}</>;
  return draft.trouble ? (
    <>
      <Trouble text={draft.trouble} />
      <button type="button" class="button" onClick={draft.again}>
        {w('again')}
      </button>
    </>
  ) : (
    <p class="hint">{w('loading')}</p>
  );
}

/** What the snippet sets that the server does not know of. */
interface Look {
  color: string;
  theme: string;
  side: string;
  lang: string;
}

const lookSpecs = (): readonly Spec[] => [
  { k: 'color', label: 'color', kind: 'text' },
  { k: 'theme', label: 'theme', kind: 'choice', options: (['auto', 'light', 'dark'] as const).map((k) => [k, w(k)]) },
  { k: 'side', label: 'side', kind: 'choice', options: (['end', 'start'] as const).map((k) => [k, w(k)]) },
  {
    k: 'lang',
    label: 'lang',
    kind: 'choice',
    options: [
      ['', w('auto')],
      ['zh-CN', w('zh')],
      ['en', w('en')],
    ],
  },
];

/** The lines for a page of the site's. Text in quotes of JSON, where `</script>` can not end it. */
function snippetOf(site: string, look: Look): string {
  const ui = { ...(look.side === 'start' ? { side: 'start' } : {}), ...(look.theme === 'auto' ? {} : { theme: look.theme }) };
  const init = {
    endpoint: `${location.protocol.replace('http', 'ws')}//${location.host}/ws`,
    ...(site === 'default' ? {} : { site }),
    ...(look.color ? { color: look.color } : {}),
    ...(look.lang ? { lang: look.lang } : {}),
    ...(Object.keys(ui).length ? { ui } : {}),
  };
  const json = JSON.stringify(init, null, 2).replaceAll('<', '\\u003c');
  return `<script>\n  window.Kefu = window.Kefu || { q: [], init(o) { this.q.push(o); } };\n  Kefu.init(${json.replaceAll('\n', '\n  ')});\n</script>\n<script async src="${location.origin}/kefu.js"></script>`;
}

function LookOf({ site }: { site: string }) {
  const [look, setLook] = useState<Look>({ color: '#1c5bd0', theme: 'auto', side: 'end', lang: '' });
  const [said, say] = useState('');
  const snippet = snippetOf(site, look);
  const src = useMemo(() => {
    const p = new URLSearchParams({ site, color: look.color, theme: look.theme, side: look.side, lang: look.lang || lang.value });
    return `/demo/?${p}`;
  }, [site, look]);
  return (
    <>
      <Fields specs={lookSpecs()} value={look} at="" faults={[]} onChange={(v) => setLook(v as Look)} />
      <h3>{w('snippet')}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre class="setup-code" tabIndex={0}>
        {snippet}
      </pre>
      <div class="setup-actions">
        <button
          type="button"
          class="button"
          onClick={() =>
            void navigator.clipboard.writeText(snippet).then(
              () => say(w('copied')),
              () => say(''),
            )
          }
        >
          {w('copy')}
        </button>
        <span class="done" role="status">
          {said}
        </span>
      </div>
      <h3>{w('livePreview')}</h3>
      <iframe class="setup-preview" title={w('livePreview')} src={src} />
    </>
  );
}

function secretOf(): string {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...raw))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function OneSite({ draft, at, site }: { draft: Draft; at: number; site: Site }) {
  const change = (v: Value) =>
    draft.set(
      put(
        draft.value,
        'sites',
        (get(draft.value, 'sites') as Site[]).map((s, i) => (i === at ? v : s)),
      ),
    );
  const place = `sites[${at}]`;
  const wrong = (specs: readonly Spec[]) =>
    draft.faults.some((f) => specs.some((s) => f.location.startsWith(`body.${place}.${s.k}`)));
  return (
    <>
      {siteParts().map(({ title, specs }) => (
        <details key={title} class="setup-part" open={title === 'basics' || wrong(specs)}>
          <summary>{w(title)}</summary>
          <Fields specs={specs} value={site} at={place} faults={draft.faults} onChange={change} />
          {title === 'users' && (
            <button
              type="button"
              class="button"
              onClick={() =>
                change(put(site, 'users.secrets', [secretOf(), ...((get(site, 'users.secrets') as string[]) ?? [])].slice(0, 2)))
              }
            >
              {w('newSecret')}
            </button>
          )}
        </details>
      ))}
      <details class="setup-part">
        <summary>{w('look')}</summary>
        <LookOf site={site.id} />
      </details>
    </>
  );
}

/** A site that is new: as the first one is, but for what is its own. */
function fresh(sites: readonly Site[], id: string): Site {
  const [like] = sites;
  return { ...(structuredClone(like) as Site), id, name: id, origins: [], users: { required: false, secrets: [] } };
}

/** The page of the sites. */
export function Sites() {
  const [chosen, choose] = useState(0);
  const [id, setId] = useState('');
  return (
    <WithSettings>
      {(draft) => {
        const sites = get(draft.value, 'sites') as Site[];
        const at = Math.min(chosen, sites.length - 1);
        const site = sites[at];
        const add = (e: Event) => {
          e.preventDefault();
          if (!id || sites.some((s) => s.id === id)) return;
          draft.set(put(draft.value, 'sites', [...sites, fresh(sites, id)]));
          choose(sites.length);
          setId('');
        };
        return (
          <section>
            <h2>{w('sites')}</h2>
            <div class="setup-bar">
              <div class="field">
                <label for="setup-site">{w('sites')}</label>
                <select id="setup-site" class="input" value={String(at)} onChange={(e) => choose(Number(e.currentTarget.value))}>
                  {sites.map((s, i) => (
                    <option key={s.id} value={String(i)}>
                      {String(s.name || s.id)}
                    </option>
                  ))}
                </select>
              </div>
              <form class="setup-actions" onSubmit={add}>
                <div class="field">
                  <label for="setup-new-site">{w('newSite')}</label>
                  <input
                    id="setup-new-site"
                    class="input"
                    placeholder="shop"
                    autocomplete="off"
                    value={id}
                    onInput={({ currentTarget: { value } }) => setId(value.trim())}
                  />
                </div>
                <button type="submit" class="button">
                  {w('add')}
                </button>
                {sites.length > 1 && (
                  <button
                    type="button"
                    class="button"
                    onClick={() =>
                      draft.set(
                        put(
                          draft.value,
                          'sites',
                          sites.filter((_, i) => i !== at),
                        ),
                      )
                    }
                  >
                    {w('remove')}: {String(site?.name ?? '')}
                  </button>
                )}
              </form>
            </div>
            {site && <OneSite key={site.id} draft={draft} at={at} site={site} />}
            <Foot draft={draft} />
          </section>
        );
      }}
    </WithSettings>
  );
}

/** Routing, limits, and what protects the desk itself. */
export const General = () => (
  <WithSettings>
    {(draft) => (
      <section>
        <h2>{w('general')}</h2>
        {[['routing', routing] as const, ['limits', limits] as const, ['security', security] as const].map(([title, specs]) => (
          <div class="setup-part" key={title}>
            <h3>{w(title)}</h3>
            <Fields specs={specs} value={draft.value} at="" faults={draft.faults} onChange={draft.set} />
          </div>
        ))}
        <Foot draft={draft} />
      </section>
    )}
  </WithSettings>
);
