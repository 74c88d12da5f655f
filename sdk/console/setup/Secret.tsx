/** The field of a secret. */
import { useId, useState } from 'preact/hooks';
import { Below } from './Below.tsx';
import type { Spec, Value } from './form.tsx';
import { w } from './words.ts';

/** How the server shows a secret that it keeps: four dots, and perhaps its end. */
const MASK = '\u2022'.repeat(4);

/**
 * A secret: what the server keeps is never in the field, only named beside it. An empty field leaves it as it is. What is no
 * secret, such as the name of a variable, can be read.
 */
export function Secret(p: { spec: Spec; value: string; said: string; onChange: (v: Value) => void }) {
  const { spec, value, said: wrong, onChange } = p;
  const id = useId();
  const [kept, keep] = useState('');
  if (value.startsWith(MASK) && value !== kept) keep(value); // a row may have moved
  const masked = kept !== '' && value === kept;
  return (
    <div class="field">
      <label for={id}>{spec.label}</label>
      <div class="setup-secret">
        <input
          id={id}
          class="input"
          type={(value.startsWith('env:') ? 'text' : 'password') as 'text'}
          autocomplete="new-password"
          spellcheck={false}
          placeholder={kept ? w('kept', { end: kept }) : ''}
          aria-invalid={wrong ? 'true' : undefined}
          aria-describedby={`${id}-below`}
          value={masked ? '' : value}
          onInput={(e) => onChange(e.currentTarget.value || kept)}
        />
        {masked && (
          <button
            type="button"
            class="button"
            onClick={() => {
              keep('');
              onChange('');
            }}
          >
            {w('remove')}
            <span class="spoken">: {spec.label}</span>
          </button>
        )}
      </div>
      <Below id={`${id}-below`} hint={spec.hint} said={wrong} />
    </div>
  );
}
