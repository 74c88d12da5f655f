/** What there is to set, as descriptions of forms; see form.tsx. The server says what fits. */
import type { Spec, Value } from './form.tsx';
import { get } from './form.tsx';
import { own as general } from './General.words.ts';
import { own } from './Sites.words.ts';
import { w } from './words.ts';

export const roles = () => (['agent', 'supervisor', 'admin'] as const).map((r) => [r, w(r)] as const);
const MIB = 1 / 2 ** 20;
/** The time zone of this browser. */
export const zoneHere = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
const zones = () => Intl.supportedValuesOf?.('timeZone') ?? [zoneHere()];
const week = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const days = () => week.map((d) => [d, own(d)] as const);
const types = () => (['text', 'email', 'tel', 'select', 'textarea'] as const).map((d) => [d, own(d)] as const);

/** A duration; `zero` says what none at all means, where it means something. */
export const time = (k: string, label: string, zero?: string): Spec => ({ k, label, kind: 'time', ...(zero ? { zero } : {}) });

/** The timeouts below a place. */
export const timeoutsAt = (at: string): readonly Spec[] => [
  time(`${at}agent`, own('tAgent'), w('never')),
  time(`${at}visitor`, own('tVisitor'), w('never')),
  time(`${at}warning`, own('tWarning'), w('never')),
  time(`${at}abandoned`, own('tAbandoned'), w('never')),
  time(`${at}assistant`, own('tAssistant')),
  time(`${at}return`, own('tReturn'), w('never')),
];

/** A site's, in parts. */
export const siteParts = (): readonly {
  readonly title: 'basics' | 'look' | 'talk' | 'hours' | 'form' | 'invite' | 'users' | 'uploads' | 'timeouts';
  readonly specs: readonly Spec[];
}[] => [
  {
    title: 'basics',
    specs: [
      { k: 'name', label: own('siteName'), kind: 'text', hint: own('siteNameHint') },
      { k: 'greeting', label: own('greeting'), kind: 'texts' },
      { k: 'origins', label: own('origins'), kind: 'lines', hint: own('originsHint') },
      { k: 'offline', label: own('offline'), kind: 'texts', hint: own('offlineHint') },
      { k: 'quick', label: own('quick'), kind: 'textRows', blank: {}, add: own('addQuick'), hint: own('quickHint') },
      { k: 'groups', label: own('siteGroups'), kind: 'inOrder', hint: own('siteGroupsHint') },
    ],
  },
  {
    title: 'look',
    specs: [
      { k: 'look.color', label: own('color'), kind: 'color', blank: '#0b63d9' },
      {
        k: 'look.theme',
        label: own('theme'),
        kind: 'choice',
        options: (['', 'light', 'dark'] as const).map((k) => [k, own(k || 'auto')]),
      },
      { k: 'look.side', label: own('side'), kind: 'choice', options: (['', 'start'] as const).map((k) => [k, own(k || 'end')]) },
      {
        k: 'look.lang',
        label: w('lang'),
        kind: 'choice',
        options: [
          ['', own('langAuto')],
          ['zh-CN', w('zh')],
          ['en', w('en')],
        ],
      },
    ],
  },
  {
    title: 'talk',
    specs: [
      { k: 'assistant', label: own('assistant'), kind: 'bool' },
      { k: 'preview', label: own('preview'), kind: 'bool' },
      { k: 'rating', label: own('rating'), kind: 'bool' },
      time('edit', own('editFor'), own('notAtAll')),
      { k: 'privacy.text', label: own('privacy'), kind: 'texts' },
      { k: 'privacy.url', label: own('privacyUrl'), kind: 'text' },
    ],
  },
  {
    title: 'hours',
    specs: [
      { k: 'hours.zone', label: own('zone'), kind: 'text', offers: zones(), hint: own('zoneHint') },
      {
        k: 'hours.spans',
        label: own('spans'),
        hint: own('spansHint'),
        kind: 'rows',
        adds: [
          { text: own('addWeek'), rows: week.slice(0, 5).map((day) => ({ day, from: '09:00', until: '18:00' })) },
          { text: own('addDay'), rows: [{ day: 'sat', from: '09:00', until: '18:00' }] },
        ],
        of: [
          { k: 'day', label: own('day'), kind: 'choice', options: days() },
          { k: 'from', label: own('from'), kind: 'text' },
          { k: 'until', label: own('until'), kind: 'text' },
        ],
      },
      {
        k: 'hours.special',
        label: own('special'),
        hint: own('specialHint'),
        kind: 'rows',
        blank: { date: '', name: '', spans: [] },
        add: own('addSpecial'),
        of: [
          { k: 'date', label: own('date'), kind: 'date' },
          { k: 'name', label: w('title_'), kind: 'text' },
          {
            k: 'spans',
            label: own('open'),
            kind: 'rows',
            blank: { from: '09:00', until: '18:00' },
            add: own('addOpen'),
            of: [
              { k: 'from', label: own('from'), kind: 'text' },
              { k: 'until', label: own('until'), kind: 'text' },
            ],
          },
        ],
      },
    ],
  },
  {
    title: 'form',
    specs: [
      { k: 'form.text', label: own('formText'), kind: 'texts' },
      {
        k: 'form.fields',
        label: own('fields'),
        kind: 'rows',
        blank: { id: '', label: {}, type: 'text', required: false, options: [] },
        add: own('addField'),
        of: [
          { k: 'id', label: w('id'), kind: 'text' },
          { k: 'type', label: own('type'), kind: 'choice', options: types() },
          { k: 'label', label: own('label'), kind: 'texts' },
          { k: 'required', label: own('required'), kind: 'bool' },
          {
            k: 'options',
            label: own('options'),
            kind: 'textRows',
            blank: {},
            add: own('addOption'),
            when: (v: Value) => get(v, 'type') === 'select',
          },
        ],
      },
    ],
  },
  {
    title: 'invite',
    specs: [
      {
        k: 'invite',
        label: own('invite'),
        kind: 'rows',
        blank: { id: '', text: {}, after: '30s', path: '', referrer: '', again: '24h' },
        add: own('addInvite'),
        of: [
          { k: 'id', label: w('id'), kind: 'text' },
          { k: 'text', label: own('text'), kind: 'texts' },
          time('after', own('inviteAfter'), own('atOnce')),
          { k: 'path', label: own('path'), kind: 'text', hint: own('pathHint') },
          { k: 'referrer', label: own('referrer'), kind: 'text' },
          time('again', own('inviteAgain')),
        ],
      },
    ],
  },
  {
    title: 'users',
    specs: [
      { k: 'users.required', label: own('usersRequired'), kind: 'bool' },
      { k: 'users.secrets', label: own('secrets'), kind: 'lines', hint: own('secretsHint') },
    ],
  },
  {
    title: 'uploads',
    specs: [
      { k: 'uploads.off', label: own('uploadsOff'), kind: 'bool' },
      { k: 'uploads.size', label: own('size'), kind: 'number', scale: MIB, step: 'any', hint: own('zeroDefault') },
      { k: 'uploads.count', label: own('count'), kind: 'number', hint: own('zeroDefault') },
      { k: 'uploads.total', label: own('total'), kind: 'number', scale: MIB, step: 'any', hint: own('zeroDefault') },
      { k: 'uploads.types', label: own('types'), kind: 'lines', hint: own('typesHint') },
    ],
  },
  { title: 'timeouts', specs: timeoutsAt('timeouts.') },
];

/** Routing. */
export const routing = (): readonly Spec[] => [
  { k: 'routing.share', label: general('share'), kind: 'number', scale: 100, step: 'any' },
  { k: 'routing.least', label: general('least'), kind: 'number' },
  time('routing.affinity', general('affinity'), w('never')),
  time('routing.pace', general('pace'), w('usual')),
];
/** What one visitor may send. */
export const limits = (): readonly Spec[] => [
  { k: 'limits.text', label: general('lText'), kind: 'number' },
  { k: 'limits.rate', label: general('lRate'), kind: 'number' },
  { k: 'limits.burst', label: general('lBurst'), kind: 'number' },
  { k: 'limits.batch', label: general('lBatch'), kind: 'number' },
  { k: 'limits.frame', label: general('lFrame'), kind: 'number' },
];
/** What protects the desk. */
export const security = (): readonly Spec[] => [
  { k: 'security.second', label: general('must'), kind: 'bool', hint: general('mustHint') },
];
