import { expect, it } from 'vitest';
import { fits } from './invites.ts';

const here = { path: '/tea/oolong', referrer: 'https://search.example/?q=tea', seconds: 10 };

it.each([
  [{}, true],
  [{ after: 10 }, true],
  [{ after: 11 }, false],
  [{ path: '/tea/*' }, true],
  [{ path: '*oolong' }, true],
  [{ path: '/tea' }, false],
  [{ path: '/t.a/*' }, false], // * alone means more than itself
  [{ path: '(/+' }, false],
  [{ referrer: 'search.example' }, true],
  [{ referrer: 'other.example' }, false],
  [{ after: 5, path: '/tea/*', referrer: 'search' }, true],
])('%j: %s', (rule, is) => {
  expect(fits({ id: 'i', text: 'Hello', ...rule }, here)).toBe(is);
});
