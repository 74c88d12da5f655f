/** Sites: every key of the settings, how the widget looks, the snippet to copy. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PageProps } from '../route.ts';
import { Foot, WithSettings } from './Foot.tsx';
import { Fields, get, put, type Spec, type Value } from './form.tsx';
import { LookOf } from './Look.tsx';
import { Sure } from './parts.tsx';
import { own } from './Sites.words.ts';
import type { Draft } from './settings.tsx';
import { siteParts, zoneHere } from './specs.ts';
import { w } from './words.ts';

type Site = Record<string, Value> & { id: string };

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

/**
 * A part of the form that can be folded away. It opens by itself when something in it is wrong, and never closes by itself. Of a
 * lazy one there is nothing while it is folded: the preview would be loaded at every change elsewhere.
 */
function Part(props: { title: string; opens: boolean; lazy: boolean; children: ComponentChildren }) {
  const { title, opens, lazy, children } = props;
  const [open, turn] = useState(opens);
  useEffect(() => {
    if (opens) turn(true);
  }, [opens]);
  return (
    <details class="setup-part" open={open} onToggle={(e) => turn(e.currentTarget.open)}>
      <summary>{title}</summary>
      <div class="setup-within">{(open || !lazy) && children}</div>
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
  const parts = siteParts().map(({ title, specs }) => (
    <Part key={title} title={own(title)} opens={title === (open || 'basics') || wrong(specs)} lazy={title === 'look'}>
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
      {title === 'look' && <LookOf site={site} saved={!draft.changed} />}
    </Part>
  ));
  return <>{parts}</>;
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
