/** A button that has the server try something, and says how it went. */
import { useState } from 'preact/hooks';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { reasonOf } from './parts.tsx';
import { w } from './words.ts';

export function Try({ path, name, text, done }: { path: string; name: string; text: string; done?: () => void }) {
  const { api } = useStore();
  const [said, say] = useState<{ good?: string; bad?: string }>({});
  const go = () =>
    api.ask('POST', path).then(
      () => {
        say({ good: w('tested') });
        done?.();
      },
      (e) => say({ bad: reasonOf(e) }),
    );
  return (
    <>
      <button type="button" class="button" aria-label={`${text}: ${name}`} onClick={() => void go()}>
        {text}
      </button>
      {said.good && (
        <span class="done" role="status">
          {said.good}
        </span>
      )}
      {said.bad && <Trouble text={said.bad} />}
    </>
  );
}
