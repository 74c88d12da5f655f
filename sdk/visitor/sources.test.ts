import { expect, it } from 'vitest';
import { sourcesOf } from './sources.ts';

it('links only where one may go', () => {
  const sources = [
    { id: 'a', title: 'Returns', url: 'https://shop.example/returns' },
    { id: 'c', title: '<b>Tea</b>', url: 'javascript:alert(1)' },
    { id: 'd', title: 'Post', url: ' https://shop.example/' },
    { id: 'e', title: 'E', url: 'HTTP://shop.example/e' },
    { id: 'f', title: 'Of a book' },
  ];
  expect(sourcesOf({ kind: 'text', sources })).toEqual([
    { title: 'Returns', href: 'https://shop.example/returns' },
    { title: '<b>Tea</b>', href: undefined },
    { title: 'Post', href: undefined },
    { title: 'E', href: 'HTTP://shop.example/e' },
    { title: 'Of a book', href: undefined },
  ]);
  expect(sourcesOf({ kind: 'text' })).toEqual([]);
});
