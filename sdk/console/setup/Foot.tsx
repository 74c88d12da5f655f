/** What every form of the settings has around it. */
import { useEffect } from 'preact/hooks';
import { Trouble } from '../components/Trouble.tsx';
import { lang } from '../i18n.ts';
import { focusFault, type Value } from './form.tsx';
import { placeName } from './places.ts';
import { type Draft, useSettings } from './settings.tsx';
import { own } from './settings.words.ts';
import { told } from './told.ts';
import { w } from './words.ts';

/** The bar at the end of a form of the settings: what is wrong, and the way to save. */
export function Foot({ draft }: { draft: Draft }) {
  const { faults } = draft;
  useEffect(() => {
    if (faults.length) focusFault(document);
  }, [faults]);
  return (
    <div class="setup-foot">
      {draft.trouble && <Trouble text={told(lang.value, draft.trouble)} />}
      {faults.length > 0 && (
        <ul class="hint setup-faults">
          {faults.map((f) => (
            <li key={f.location}>
              {placeName(f.location.replace(/^body\./, ''), draft.value)}: {told(lang.value, f.message)}
            </li>
          ))}
        </ul>
      )}
      <div class="setup-actions">
        <button type="button" class="button primary" onClick={draft.review}>
          {own('review')}
        </button>
        {draft.changed && (
          <button type="button" class="button" onClick={draft.drop}>
            {own('drop')}
          </button>
        )}
        <span class="done" role="status">
          {draft.said || (draft.changed ? own('unsaved') : '')}
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
