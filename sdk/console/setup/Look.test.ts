import { describe, expect, it } from 'vitest';
import { inLang, shownTo, snippetOf } from './Look.tsx';

describe('the snippet', () => {
  it('has what is chosen, and nothing that is as usual', () => {
    const plain = snippetOf('default', {}, 'https://kefu.example');
    expect(plain).toContain('"endpoint": "wss://kefu.example/ws"\n');
    expect(plain).not.toMatch(/color|"site"|"ui"|"lang"/);
    const look = { color: '#aa3355', theme: 'dark', side: 'start', lang: 'en' };
    const whole = snippetOf('shop</script>', look, 'http://localhost:8080');
    for (const part of [
      '"color": "#aa3355"',
      '"theme": "dark"',
      '"side": "start"',
      '"lang": "en"',
      'src="http://localhost:8080/kefu.js"',
    ])
      expect(whole).toContain(part);
    expect(whole.match(/<\/script>/g)).toHaveLength(2); // those of the snippet
  });
});

describe('what a visitor would be shown', () => {
  it.each([
    [{ en: 'Hello', zh: '您好' }, 'zh-CN', '您好'],
    [{ en: 'Hello', 'zh-tw': '您好' }, 'zh-TW', '您好'],
    [{ en: 'Hello' }, 'fr', 'Hello'],
    [{ fr: 'Salut', de: 'Hallo' }, 'en', 'Hallo'],
    [undefined, 'en', ''],
  ])('of %j to %s is %s', (texts, l, shown) => {
    expect(inLang(texts, l)).toBe(shown);
  });

  it('is what is in the form', () => {
    const site = {
      name: 'Tea',
      greeting: { en: 'Hi' },
      offline: { en: 'Later' },
      quick: [{ en: 'Where?' }],
      edit: '2m',
      form: { text: { en: 'First' }, fields: [{ id: 't', label: { en: 'Topic' }, type: 'select', options: [{ en: 'Order' }] }] },
      privacy: { text: { en: 'We keep it' }, url: '' },
    };
    expect(shownTo(site, 'en', false)).toEqual({
      name: 'Tea',
      greeting: 'Hi',
      lang: 'en',
      open: false,
      offline: 'Later',
      quick: ['Where?'],
      edit: 120,
      form: { text: 'First', fields: [{ id: 't', label: 'Topic', type: 'select', required: false, options: ['Order'] }] },
      privacy: { text: 'We keep it' },
    });
    expect(shownTo({ name: 'Tea', form: { fields: [] } }, 'en', true)).toMatchObject({ open: true, quick: [] });
  });
});
