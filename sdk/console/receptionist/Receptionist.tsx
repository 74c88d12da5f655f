/** Set up, the receptionist: how it answers, what it knows, a talk with it, what it left to people, and how it does. */
import type { ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import { useStore } from '../context.ts';
import { useInView } from '../inview.ts';
import type { PageProps } from '../route.ts';
import { Asked } from '../setup/parts.tsx';
import { Answers } from './Answers.tsx';
import { Figures } from './Figures.tsx';
import { Knowledge } from './Knowledge.tsx';
import { Questions } from './Questions.tsx';
import { Try } from './Try.tsx';
import { r } from './words.ts';

/** A site as its settings have it; supervisors see no secrets. */
export interface Site {
  readonly id: string;
  readonly name: string;
  readonly assistant: boolean;
  readonly receptionist: { readonly providers: readonly { readonly url: string; readonly model: string }[] };
}

/** What a part is about. */
export interface PartProps {
  readonly site: Site;
}

interface Part {
  readonly name: 'answers' | 'knowledge' | 'try' | 'questions' | 'figures';
  readonly Body: ComponentType<PartProps>;
  /** For who administers. */
  readonly admin?: boolean;
}

const parts: readonly Part[] = [
  { name: 'answers', Body: Answers, admin: true },
  { name: 'knowledge', Body: Knowledge },
  { name: 'try', Body: Try },
  { name: 'questions', Body: Questions },
  { name: 'figures', Body: Figures },
];

/** The address of a part. */
export const addressOf = (name: Part['name']) => `#/setup/receptionist/${name}`;

export default function Receptionist({ path }: PageProps) {
  const admin = useStore().desk.value.me.role === 'admin';
  const [chosen, choose] = useState('');
  const mine = parts.filter((p) => admin || !p.admin);
  const here = mine.find((p) => p.name === path) ?? mine[0];
  const tabs = useInView(here?.name);
  if (!here) return null;
  return (
    <section class="rec">
      <h2>{r('title')}</h2>
      <p class="hint">{r('about')}</p>
      <nav aria-label={r('parts')}>
        <div class="rec-parts" ref={tabs}>
          {mine.map(({ name }) => (
            <a key={name} href={addressOf(name)} aria-current={name === here.name ? 'page' : undefined}>
              {r(name)}
            </a>
          ))}
        </div>
      </nav>
      {/* Asked anew with each part: what one saved, the next one goes by. */}
      <Asked<{ sites: Site[] }> key={here.name} path="/settings">
        {({ sites }) => {
          const site = sites.find((s) => s.id === chosen) ?? sites[0];
          return (
            <>
              {sites.length > 1 && (
                <div class="field rec-site">
                  <label for="rec-site">{r('site')}</label>
                  <select id="rec-site" class="input" value={site?.id} onChange={(e) => choose(e.currentTarget.value)}>
                    {sites.map((s) => (
                      <option key={s.id} value={s.id}>
                        {s.name || s.id}
                      </option>
                    ))}
                  </select>
                </div>
              )}
              {site && <here.Body key={site.id} site={site} />}
            </>
          );
        }}
      </Asked>
    </section>
  );
}
