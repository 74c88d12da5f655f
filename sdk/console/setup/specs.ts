/** What there is to set, as descriptions of forms; see form.tsx. The server says what fits. */
import type { Spec, Value } from './form.tsx';
import { get } from './form.tsx';
import { w } from './words.ts';

export const roles = () => (['agent', 'supervisor', 'admin'] as const).map((r) => [r, w(r)] as const);
const days = () => (['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const).map((d) => [d, w(d)] as const);
const types = () => (['text', 'email', 'tel', 'select', 'textarea'] as const).map((d) => [d, w(d)] as const);

const time = (k: string, label: Spec['label']): Spec => ({ k, label, kind: 'text', hint: 'duration' });

/** The timeouts below a place. */
const timeoutsAt = (at: string): readonly Spec[] => [
  time(`${at}agent`, 'tAgent'),
  time(`${at}visitor`, 'tVisitor'),
  time(`${at}warning`, 'tWarning'),
  time(`${at}abandoned`, 'tAbandoned'),
  time(`${at}assistant`, 'tAssistant'),
  time(`${at}return`, 'tReturn'),
];

/** A site's, in parts. */
export const siteParts = (): readonly {
  readonly title: 'basics' | 'hours' | 'form' | 'invite' | 'users' | 'uploads' | 'timeouts';
  readonly specs: readonly Spec[];
}[] => [
  {
    title: 'basics',
    specs: [
      { k: 'name', label: 'siteName', kind: 'text' },
      { k: 'groups', label: 'siteGroups', kind: 'inOrder', hint: 'siteGroupsHint' },
      { k: 'origins', label: 'origins', kind: 'lines', hint: 'originsHint' },
      { k: 'greeting', label: 'greeting', kind: 'texts' },
      { k: 'offline', label: 'offline', kind: 'texts' },
      { k: 'quick', label: 'quick', kind: 'textRows', blank: {} },
      { k: 'assistant', label: 'assistant', kind: 'bool' },
      { k: 'preview', label: 'preview', kind: 'bool' },
      { k: 'rating', label: 'rating', kind: 'bool' },
      time('edit', 'editFor'),
      { k: 'privacy.text', label: 'privacy', kind: 'texts' },
      { k: 'privacy.url', label: 'url', kind: 'text' },
    ],
  },
  {
    title: 'hours',
    specs: [
      { k: 'hours.zone', label: 'zone', kind: 'text', hint: 'zoneHint' },
      {
        k: 'hours.spans',
        label: 'spans',
        hint: 'spansHint',
        kind: 'rows',
        blank: { day: 'mon', from: '09:00', until: '18:00' },
        of: [
          { k: 'day', label: 'day', kind: 'choice', options: days() },
          { k: 'from', label: 'from', kind: 'text' },
          { k: 'until', label: 'until', kind: 'text' },
        ],
      },
      {
        k: 'hours.special',
        label: 'special',
        hint: 'specialHint',
        kind: 'rows',
        blank: { date: '', name: '', spans: [] },
        of: [
          { k: 'date', label: 'date', kind: 'date' },
          { k: 'name', label: 'title_', kind: 'text' },
          {
            k: 'spans',
            label: 'open',
            kind: 'rows',
            blank: { from: '09:00', until: '18:00' },
            of: [
              { k: 'from', label: 'from', kind: 'text' },
              { k: 'until', label: 'until', kind: 'text' },
            ],
          },
        ],
      },
    ],
  },
  {
    title: 'form',
    specs: [
      { k: 'form.text', label: 'formText', kind: 'texts' },
      {
        k: 'form.fields',
        label: 'fields',
        kind: 'rows',
        blank: { id: '', label: {}, type: 'text', required: false, options: [] },
        of: [
          { k: 'id', label: 'id', kind: 'text' },
          { k: 'type', label: 'type', kind: 'choice', options: types() },
          { k: 'label', label: 'label', kind: 'texts' },
          { k: 'required', label: 'required', kind: 'bool' },
          { k: 'options', label: 'options', kind: 'textRows', blank: {}, when: (v: Value) => get(v, 'type') === 'select' },
        ],
      },
    ],
  },
  {
    title: 'invite',
    specs: [
      {
        k: 'invite',
        label: 'invite',
        kind: 'rows',
        blank: { id: '', text: {}, after: '30s', path: '', referrer: '', again: '24h' },
        of: [
          { k: 'id', label: 'id', kind: 'text' },
          { k: 'text', label: 'text', kind: 'texts' },
          time('after', 'inviteAfter'),
          { k: 'path', label: 'path', kind: 'text', hint: 'pathHint' },
          { k: 'referrer', label: 'referrer', kind: 'text' },
          time('again', 'inviteAgain'),
        ],
      },
    ],
  },
  {
    title: 'users',
    specs: [
      { k: 'users.required', label: 'usersRequired', kind: 'bool' },
      { k: 'users.secrets', label: 'secrets', kind: 'lines', hint: 'secretsHint' },
    ],
  },
  {
    title: 'uploads',
    specs: [
      { k: 'uploads.off', label: 'uploadsOff', kind: 'bool' },
      { k: 'uploads.size', label: 'size', kind: 'number', hint: 'zeroDefault' },
      { k: 'uploads.count', label: 'count', kind: 'number', hint: 'zeroDefault' },
      { k: 'uploads.total', label: 'total', kind: 'number', hint: 'zeroDefault' },
      { k: 'uploads.types', label: 'types', kind: 'lines', hint: 'typesHint' },
    ],
  },
  { title: 'timeouts', specs: timeoutsAt('timeouts.') },
];

export const routing: readonly Spec[] = [
  { k: 'routing.share', label: 'share', kind: 'number', step: 'any' },
  { k: 'routing.least', label: 'least', kind: 'number' },
  time('routing.affinity', 'affinity'),
  time('routing.pace', 'pace'),
];
export const limits: readonly Spec[] = [
  { k: 'limits.text', label: 'lText', kind: 'number' },
  { k: 'limits.rate', label: 'lRate', kind: 'number' },
  { k: 'limits.burst', label: 'lBurst', kind: 'number' },
  { k: 'limits.batch', label: 'lBatch', kind: 'number' },
  { k: 'limits.frame', label: 'lFrame', kind: 'number' },
];
export const security: readonly Spec[] = [{ k: 'security.second', label: 'must', kind: 'bool', hint: 'mustHint' }];
export { timeoutsAt };
