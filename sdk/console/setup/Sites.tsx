/** Sites: every key of the settings, how the widget looks, the snippet to copy. */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { lang } from '../i18n.ts';
import type { PageProps } from '../route.ts';
import { Foot, WithSettings } from './Foot.tsx';
import { Fields, get, put, type Spec, type Value } from './form.tsx';
import { Copied, Sure } from './parts.tsx';
import { own } from './Sites.words.ts';
import type { Draft } from './settings.tsx';
import { siteParts, zoneHere } from './specs.ts';
import { w } from './words.ts';

type Site = Record<string, Value> & { id: string };

/** What the snippet sets that the server does not know of. */
interface Look {
  color: string;
  theme: string;
  side: string;
  lang: string;
}

const lookSpecs = (): readonly Spec[] => [
  { k: 'color', label: own('color'), kind: 'color' },
  { k: 'theme', label: own('theme'), kind: 'choice', options: (['auto', 'light', 'dark'] as const).map((k) => [k, own(k)]) },
  { k: 'side', label: own('side'), kind: 'choice', options: (['end', 'start'] as const).map((k) => [k, own(k)]) },
  {
    k: 'lang',
    label: w('lang'),
    kind: 'choice',
    options: [
      ['', own('langAuto')],
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

/** Whether only this machine finds the address of this page. */
const onlyHere = () => /^(localhost|127\.|\[::1\])/.test(location.hostname);

function LookOf({ site }: { site: string }) {
  const [look, setLook] = useState<Look>({ color: '#1c5bd0', theme: 'auto', side: 'end', lang: '' });
  const src = useSettled(
    useMemo(() => {
      const p = new URLSearchParams({ site, color: look.color, theme: look.theme, side: look.side, lang: look.lang || lang.value });
      return `/demo/?${p}`;
    }, [site, look]),
  );
  return (
    <>
      <p class="hint">{own('lookHint')}</p>
      <Fields specs={lookSpecs()} value={look} at="" faults={[]} onChange={(v) => setLook(v as Look)} />
      <h3>{own('snippet')}</h3>
      <Copied text={snippetOf(site, look)} />
      <p class="hint">
        {own('snippetNext')} {onlyHere() && own('onlyHere')}
      </p>
      <h3>{own('livePreview')}</h3>
      <p class="hint">{own('previewHint')}</p>
      <iframe class="setup-preview" title={own('livePreview')} src={src} />
    </>
  );
}

/** A text as it is once it has been the same for a moment: a colour that is dragged would load the preview at every step. */
function useSettled(now: string): string {
  const [settled, settle] = useState(now);
  useEffect(() => {
    const timer = setTimeout(() => settle(now), 250);
    return () => clearTimeout(timer);
  }, [now]);
  return settled;
}

function secretOf(): string {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...raw))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** What was changed, with the time zone of here if there are hours now and no zone: UTC is hardly ever meant. */
function zoned(v: Value): Value {
  const any = ['hours.spans', 'hours.special'].some((k) => (get(v, k) as Value[] | undefined)?.length);
  return any && !get(v, 'hours.zone') ? put(v, 'hours.zone', zoneHere()) : v;
}

/** A part of the form that can be folded away. It opens by itself when something in it is wrong, and never closes by itself. */
function Part({ title, opens, children }: { title: string; opens: boolean; children: ComponentChildren }) {
  const [open, turn] = useState(opens);
  useEffect(() => {
    if (opens) turn(true);
  }, [opens]);
  return (
    <details class="setup-part" open={open} onToggle={(e) => turn(e.currentTarget.open)}>
      <summary>{title}</summary>
      <div class="setup-within">{children}</div>
    </details>
  );
}

function OneSite({ draft, at, site, open }: { draft: Draft; at: number; site: Site; open: string }) {
  const sites = get(draft.value, 'sites') as Site[];
  const place = `sites[${at}]`;
  const change = (v: Value) =>
    draft.set(
      put(
        draft.value,
        'sites',
        sites.map((s, i) => (i === at ? v : s)),
      ),
    );
  const wrong = (specs: readonly Spec[]) =>
    draft.faults.some((f) => specs.some((s) => f.location.startsWith(`body.${place}.${s.k}`)));
  const addSecret = () =>
    change(put(site, 'users.secrets', [secretOf(), ...((get(site, 'users.secrets') as string[]) ?? [])].slice(0, 2)));
  const [basics, ...rest] = siteParts().map(({ title, specs }) => (
    <Part key={title} title={own(title)} opens={title === (open || 'basics') || wrong(specs)}>
      <Fields
        specs={specs}
        value={site}
        at={place}
        faults={draft.faults}
        onChange={(v) => change(title === 'hours' && !get(site, 'hours.zone') ? zoned(v) : v)}
      />
      {title === 'users' && (
        <button type="button" class="button" onClick={addSecret}>
          {own('newSecret')}
        </button>
      )}
    </Part>
  ));
  return (
    <>
      {basics}
      <Part title={own('look')} opens={open === 'look'}>
        <LookOf site={site.id} />
      </Part>
      {rest}
    </>
  );
}

/** A site that is new: as the first one is, but for what is its own. */
function fresh(sites: readonly Site[], id: string): Site {
  const [like] = sites;
  return { ...(structuredClone(like) as Site), id, name: id, origins: [], users: { required: false, secrets: [] } };
}

/** The form of one more site. */
function NewSite({ taken, add }: { taken: readonly string[]; add(id: string): void }) {
  const [open, setOpen] = useState(false);
  const [id, setId] = useState('');
  const [wrong, setWrong] = useState('');
  if (!open)
    return (
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {own('newSite')}
      </button>
    );
  const submit = (e: Event) => {
    e.preventDefault();
    if (!/^[\w.-]{1,64}$/.test(id)) return setWrong(own('siteIdBad'));
    if (taken.includes(id)) return setWrong(own('siteIdTaken'));
    add(id);
    setOpen(false);
    setId('');
    setWrong('');
  };
  return (
    <form class="setup-form" aria-label={own('newSite')} onSubmit={submit}>
      <div class="field">
        <label for="setup-new-site">{w('id')}</label>
        <input
          id="setup-new-site"
          class="input"
          autocomplete="off"
          spellcheck={false}
          ref={(e) => {
            if (!id) e?.focus();
          }}
          aria-invalid={wrong ? 'true' : undefined}
          aria-describedby="setup-new-site-below"
          value={id}
          onInput={({ currentTarget: { value } }) => setId(value.trim())}
        />
        <p id="setup-new-site-below" class={wrong ? 'hint setup-fault' : 'hint'}>
          {wrong || own('siteIdHint')}
        </p>
      </div>
      <div class="setup-actions">
        <button type="submit" class="button primary">
          {w('add')}
        </button>
        <button type="button" class="button" onClick={() => setOpen(false)}>
          {w('cancel')}
        </button>
      </div>
    </form>
  );
}

/** The page of the sites. `path` names the part of the form that is open. */
export function Sites({ path }: PageProps) {
  const [chosen, choose] = useState(0);
  return (
    <WithSettings>
      {(draft) => {
        const sites = get(draft.value, 'sites') as Site[];
        const at = Math.min(chosen, sites.length - 1);
        const site = sites[at];
        const setSites = (list: Site[]) => draft.set(put(draft.value, 'sites', list));
        const add = (id: string) => {
          setSites([...sites, fresh(sites, id)]);
          choose(sites.length);
        };
        return (
          <section>
            <h2>{w('sites')}</h2>
            <p class="hint">{own('about')}</p>
            <div class="setup-bar">
              {sites.length > 1 && (
                <div class="field">
                  <label for="setup-site">{own('site')}</label>
                  <select id="setup-site" class="input" value={String(at)} onChange={(e) => choose(Number(e.currentTarget.value))}>
                    {sites.map((s, i) => (
                      <option key={s.id} value={String(i)}>
                        {String(s.name || s.id)}
                      </option>
                    ))}
                  </select>
                </div>
              )}
              <NewSite taken={sites.map((s) => s.id)} add={add} />
            </div>
            {site && <OneSite key={site.id} draft={draft} at={at} site={site} open={path} />}
            {site && sites.length > 1 && (
              <Sure
                text={own('removeSite', { name: String(site.name || site.id) })}
                question={own('removeSiteSure', { name: String(site.name || site.id) })}
                onSure={async () => setSites(sites.filter((_, i) => i !== at))}
              />
            )}
            <Foot draft={draft} />
          </section>
        );
      }}
    </WithSettings>
  );
}
