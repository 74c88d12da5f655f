import { describe, expect, it } from 'vitest';
import type { Reply } from './api.ts';
import { askedFor, filledIn, matching } from './replies.ts';

const reply = (id: string, title: string, text: string, shortcut?: string): Reply => ({
  id,
  title,
  text,
  ...(shortcut ? { shortcut } : {}),
});

describe('canned replies', () => {
  it('are asked for by a slash at the start, on one line', () => {
    expect(askedFor('/')).toBe('');
    expect(askedFor('/ReFund')).toBe('refund');
    for (const text of ['', 'a /b', '/a\nb', ' /a', `/${'x'.repeat(41)}`]) expect(askedFor(text), text).toBeUndefined();
  });

  it('fit by every word, the shortcut first', () => {
    const all = [
      reply('1', 'Zeit', 'about hi'),
      reply('2', 'Greeting', 'hello', 'hi'),
      reply('3', 'Hi there', 'x'),
      reply('4', 'Other', 'y', 'hint'),
    ];
    expect(matching(all, 'hi').map((r) => r.id)).toEqual(['2', '4', '3', '1']);
    expect(matching(all, 'hello greet').map((r) => r.id)).toEqual(['2']);
    expect(matching(all, 'nothing')).toEqual([]);
    expect(matching(all, '', 2)).toHaveLength(2);
  });

  it('have their variables filled in, and those that are not known stay to be seen', () => {
    const values = { 'visitor.name': 'Ann {{agent.name}}', 'agent.name': 'Li' };
    expect(filledIn('Hi {{visitor.name}}, {{ agent.name }} here. {{order.id}} {{toString}} {visitor.name}', values)).toBe(
      'Hi Ann {{agent.name}}, Li here. {{order.id}} {{toString}} {visitor.name}',
    );
  });
});
