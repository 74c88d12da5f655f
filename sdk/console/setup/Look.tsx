/** How the widget of a site looks: the snippet for its pages, and the widget with all that is in the form, saved or not. */
import { useEffect, useState } from 'preact/hooks';
import { DRAFT } from '../../demo/preview.ts';
import type { FormField, Site as Shown } from '../../visitor/wire.ts';
import { lang } from '../i18n.ts';
import { secondsOf } from './duration.ts';
import { get, type Value } from './form.tsx';
import { Copied } from './parts.tsx';
import { own } from './Sites.words.ts';

interface Look {
  readonly color?: string;
  readonly theme?: string;
  readonly side?: string;
  readonly lang?: string;
}

/** The lines for a page of the site's. Text in quotes of JSON, where `</script>` can not end it. */
export function snippetOf(site: string, look: Look, origin: string): string {
  const ui = { ...(look.side === 'start' ? { side: 'start' } : {}), ...(look.theme ? { theme: look.theme } : {}) };
  const init = {
    endpoint: `${origin.replace('http', 'ws')}/ws`,
    ...(site === 'default' ? {} : { site }),
    ...(look.color ? { color: look.color } : {}),
    ...(look.lang ? { lang: look.lang } : {}),
    ...(Object.keys(ui).length ? { ui } : {}),
  };
  const json = JSON.stringify(init, null, 2).replaceAll('<', '\\u003c');
  return `<script>\n  window.Kefu = window.Kefu || { q: [], init(o) { this.q.push(o); } };\n  Kefu.init(${json.replaceAll('\n', '\n  ')});\n</script>\n<script async src="${origin}/kefu.js"></script>`;
}

/** A text in a language as a visitor would be shown it; core.Texts.In does the same. */
export function inLang(texts: Value, l: string): string {
  const all = (texts ?? {}) as Record<string, string>;
  const [base = ''] = l.toLowerCase().split('-');
  for (const k of [l.toLowerCase(), base, 'en']) if (all[k] !== undefined) return all[k];
  return all[Object.keys(all).sort()[0] ?? ''] ?? '';
}

/** What a visitor would be told of the site as it is in the form. */
export function shownTo(site: Value, l: string, open: boolean): Shown {
  const list = (v: Value) => ((v ?? []) as Value[]).map((x) => inLang(x, l));
  const fields = (get(site, 'form.fields') ?? []) as Value[];
  const text = inLang(get(site, 'privacy.text'), l);
  const url = String(get(site, 'privacy.url') ?? '');
  return {
    name: String(get(site, 'name') ?? ''),
    greeting: inLang(get(site, 'greeting'), l),
    lang: l,
    open,
    offline: inLang(get(site, 'offline'), l),
    quick: list(get(site, 'quick')),
    edit: secondsOf(String(get(site, 'edit'))) ?? 0,
    ...(fields.length ? { form: { text: inLang(get(site, 'form.text'), l), fields: fields.map((f) => questionOf(f, l)) } } : {}),
    ...(text || url ? { privacy: { text, ...(url ? { url } : {}) } } : {}),
  };
}

function questionOf(f: Value, l: string): FormField {
  const options = ((get(f, 'options') ?? []) as Value[]).map((o) => inLang(o, l));
  return {
    id: String(get(f, 'id')),
    label: inLang(get(f, 'label'), l),
    type: get(f, 'type') as FormField['type'],
    required: get(f, 'required') === true,
    ...(options.length ? { options } : {}),
  };
}

/** Whether only this machine finds the address of this page. */
const onlyHere = () => /^(localhost|127\.|\[::1\])/.test(location.hostname);

/** What follows from the choices. `saved`: there is nothing in the form that the server does not have. */
export function LookOf({ site, saved }: { site: Value; saved: boolean }) {
  const look = (get(site, 'look') ?? {}) as Look;
  const [closed, close] = useState(false);
  const l = look.lang || lang.value;
  const p = new URLSearchParams({ color: look.color ?? '', theme: look.theme ?? '', side: look.side ?? '', lang: l });
  return (
    <>
      <h3>{own('snippet')}</h3>
      <Copied text={snippetOf(String(get(site, 'id')), look, location.origin)} />
      <p class="hint">
        {own('copyAgain')} {!saved && own('saveToo')} {own('snippetNext')} {onlyHere() && own('onlyHere')}
      </p>
      <h3>{own('livePreview')}</h3>
      <p class="hint">{own('previewHint')}</p>
      <label class="check">
        <input type="checkbox" checked={closed} onChange={(e) => close(e.currentTarget.checked)} />
        {own('previewClosed')}
      </label>
      <Preview draft={JSON.stringify(shownTo(site, l, !closed))} query={String(p)} />
    </>
  );
}

/** A page with the widget. It is loaded anew once what it shows has been the same for a moment: not at every key. */
function Preview({ draft, query }: { draft: string; query: string }) {
  const [src, load] = useState<string>();
  useEffect(() => {
    const timer = setTimeout(
      () => {
        try {
          sessionStorage.setItem(DRAFT, draft);
        } catch {
          // This browser keeps nothing: what is saved is shown.
        }
        load((old) => `/demo/?${query}&draft=${Number(/\d+$/.exec(old ?? '')?.[0] ?? 0) + 1}`);
      },
      src ? 400 : 0,
    );
    return () => clearTimeout(timer);
  }, [draft, query]);
  return src ? <iframe class="setup-preview" title={own('livePreview')} src={src} /> : null;
}
