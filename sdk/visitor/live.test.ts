import { expect, it } from 'vitest';
import { createLive } from './live.ts';

const delta = (run: number, at: number, text: string) => ({ type: 'delta' as const, conversation: 'c', answers: 2, run, at, text });
const heard = (...all: ReturnType<typeof delta>[]) => {
  const live = createLive();
  for (const one of all) live.hear(one);
  return live;
};

it('pieces are put together, counted in characters', () => {
  expect(heard(delta(1, 0, '茶🍵 '), delta(1, 3, 'is'), delta(1, 5, ' here')).text).toBe('茶🍵 is here');
  expect(heard(delta(1, 0, 'Hallo'), delta(1, 1, 'ello')).text).toBe('Hello');
});

it('what would leave a hole is not shown', () => {
  expect(heard(delta(1, 0, 'one '), delta(1, 9, 'three')).text).toBe('one ');
});

it('the newest run wins; one that was given up says nothing any more', () => {
  expect(heard(delta(1, 0, 'old'), delta(2, 0, 'new'), delta(1, 3, 'er')).text).toBe('new');
  const live = heard(delta(1, 0, 'The answer'));
  live.end();
  live.hear(delta(1, 10, ' late'));
  expect(live.text).toBe('');
});
