/** Files of knowledge: each is taken whole or refused by its name. */
import { useState } from 'preact/hooks';
import { useStore } from '../context.ts';
import { fileSize } from '../format.ts';
import { lang } from '../i18n.ts';
import { reasonOf } from '../setup/parts.tsx';
import { type Bad, badFile, base64, MOST } from './files.ts';
import { own } from './Import.words.ts';

/** What became of a file. */
type Result = { readonly name: string } & (
  | { readonly is: 'busy' }
  | { readonly is: 'taken'; readonly n: number }
  | { readonly is: 'refused'; readonly why: string }
);

const whyOf = (bad: Bad, file: File) => own(`bad.${bad}`, { size: fileSize(lang.value, file.size) });

export function Import({ site, done }: { site: string; done: () => void }) {
  const { api } = useStore();
  const [results, set] = useState<readonly Result[]>([]);
  const [busy, setBusy] = useState(false);
  const take = async (file: File): Promise<Result> => {
    const { name } = file;
    try {
      // Of a file that is too large nothing is read.
      const bytes = file.size > MOST ? new Uint8Array(MOST + 1) : new Uint8Array(await file.arrayBuffer());
      const bad = badFile(name, bytes);
      if (bad) return { name, is: 'refused', why: whyOf(bad, file) };
      const { articles } = await api.ask<{ articles: unknown[] }>(
        'POST',
        '/knowledge/import',
        { site, name, data: base64(bytes) },
        60_000,
      );
      return { name, is: 'taken', n: articles.length };
    } catch (e) {
      const why = reasonOf(e);
      return { name, is: 'refused', why: why.startsWith(`${name}: `) ? why.slice(name.length + 2) : why };
    }
  };
  const takeAll = async (files: FileList | null | undefined) => {
    const all = [...(files ?? [])].slice(0, 50);
    if (!all.length || busy) return;
    setBusy(true);
    const so: Result[] = [];
    for (const file of all) {
      set([...so, { name: file.name, is: 'busy' }]);
      so.push(await take(file)); // one after the other: each changes what the next one finds
    }
    set(so);
    setBusy(false);
    if (so.some((x) => x.is === 'taken')) done();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a place to drop files on, besides the button that chooses them
    <div
      class="rec-import"
      onDragOver={(e) => e.dataTransfer?.types.includes('Files') && e.preventDefault()}
      onDrop={(e) => {
        e.preventDefault();
        void takeAll(e.dataTransfer?.files);
      }}
    >
      <div class="setup-actions">
        <label class="button rec-file">
          {own('import')}
          <input
            type="file"
            class="spoken"
            multiple
            accept=".md,.markdown,.txt,.csv"
            disabled={busy}
            aria-describedby="rec-import-hint"
            onChange={(e) => {
              const { currentTarget: input } = e;
              void takeAll(input.files).finally(() => {
                input.value = ''; // the same file may be chosen again
              });
            }}
          />
        </label>
        <span class="hint rec-drop">{own('dropHere')}</span>
      </div>
      <p class="hint" id="rec-import-hint">
        {own('importHint')}
      </p>
      <ul class="rec-results" aria-label={own('results')} aria-live="polite">
        {results.map((x, i) => (
          <li key={`${i} ${x.name}`} class={x.is}>
            {x.is === 'busy' && own('importing', { name: x.name })}
            {x.is === 'taken' && own('took', { name: x.name, n: x.n })}
            {x.is === 'refused' && own('tookNone', { name: x.name, why: x.why })}
          </li>
        ))}
      </ul>
    </div>
  );
}
