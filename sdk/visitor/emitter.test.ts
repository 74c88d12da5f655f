import { expect, it, vi } from 'vitest';
import { createEmitter } from './emitter.ts';

it('tells everybody who listens, until they stop', () => {
  const { on, emit } = createEmitter<{ a: number }>();
  const got: string[] = [];
  const off = on('a', (n) => got.push(`one ${n}`));
  on('a', (n) => got.push(`two ${n}`));
  emit('a', 1);
  off();
  emit('a', 2);
  expect(got).toEqual(['one 1', 'two 1', 'two 2']);
});

it('a listener that throws is reported, and disturbs nobody', () => {
  const later = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {});
  const { on, emit } = createEmitter<{ a: number }>();
  const got: number[] = [];
  on('a', () => {
    throw new Error('mine');
  });
  on('a', (n) => got.push(n));
  emit('a', 1);
  expect(got).toEqual([1]);
  expect(later.mock.calls[0]![0]).toThrow('mine');
});
