/** Who is kept out. */

import { own } from './Blocks.words.ts';
import { get, put } from './form.tsx';
import { List } from './List.tsx';
import { filled, removable, when } from './parts.tsx';
import { w } from './words.ts';

export const Blocks = () => (
  <List
    of={{
      title: w('blocks'),
      lead: own('about'),
      add: own('add'),
      empty: own('empty'),
      path: '/blocks',
      member: 'blocks',
      key: 'visitor',
      create: [
        { k: 'visitor', label: own('visitor'), kind: 'text', hint: own('visitorHint') },
        { k: 'network', label: own('network'), kind: 'text', hint: own('networkHint') },
        { k: 'reason', label: own('reason'), kind: 'text', hint: own('reasonHint') },
        { k: 'minutes', label: own('minutes'), kind: 'time', per: 60, zero: own('always') },
      ],
      blank: { visitor: '', network: '', reason: '', minutes: 60 },
      body: (v) => filled(get(v, 'minutes') ? v : put(v, 'minutes', '')),
      name: (b) => String(b.visitor).replace(/^net:/, ''),
      about: (b) => `${b.reason ? `${b.reason} · ` : ''}${when(String(b.at))} – ${b.until ? when(String(b.until)) : own('always')}`,
      remove: { ...removable(), text: own('letIn') },
    }}
  />
);
