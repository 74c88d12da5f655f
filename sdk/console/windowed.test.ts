import { expect, it } from 'vitest';
import { offsetsOf, rangeOf } from './components/Windowed.tsx';

it('a window shows what is between two heights, and a few rows more, of rows of several heights', () => {
  const heights = Array.from({ length: 5_000 }, (_, i) => (i % 3 ? 70 : 96));
  const offsets = offsetsOf(heights, (h) => h);
  expect(offsets).toHaveLength(5_001);
  for (const top of [0, 1, 69, 5_000, 200_000, (offsets.at(-1) ?? 0) - 800]) {
    const [first, end] = rangeOf(offsets, top, top + 800);
    // The dumb way: whatever touches the view must be in it.
    const seen = heights.flatMap((h, i) => ((offsets[i] ?? 0) < top + 800 && (offsets[i] ?? 0) + h > top ? [i] : []));
    expect(first).toBeLessThanOrEqual(seen[0] ?? 0);
    expect(end).toBeGreaterThan(seen.at(-1) ?? 0);
    expect(end - first).toBeLessThan(32);
  }
  expect(
    rangeOf(
      offsetsOf([], () => 1),
      0,
      800,
    ),
  ).toEqual([0, 0]);
});
