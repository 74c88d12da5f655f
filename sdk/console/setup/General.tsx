/** Routing, limits, and what protects the desk itself. */
import { Foot, WithSettings } from './Foot.tsx';
import { Fields } from './form.tsx';
import { own } from './General.words.ts';

import { limits, routing, security } from './specs.ts';
import { w } from './words.ts';

export const General = () => (
  <WithSettings>
    {(draft) => (
      <section>
        <h2>{w('general')}</h2>
        {[[own('routing'), routing()] as const, [own('limits'), limits()] as const, [w('security'), security()] as const].map(
          ([title, specs]) => (
            <div class="setup-part" key={title}>
              <h3>{title}</h3>
              <Fields specs={specs} value={draft.value} at="" faults={draft.faults} onChange={draft.set} />
            </div>
          ),
        )}
        <Foot draft={draft} />
      </section>
    )}
  </WithSettings>
);
