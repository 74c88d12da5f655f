import { describe } from 'vitest';
import { startEngine } from './engines.ts';
import { scenarios } from './scenarios.ts';

/** The other two engines there are; KEFU_ENGINE names one of them. For make test-long: they are slow to start and to talk to. */
const names = ['firefox', 'webkit'] as const;
for (const name of names.filter((name) => (process.env.KEFU_ENGINE ?? name) === name))
  describe(name, () => scenarios(() => startEngine(name)));
