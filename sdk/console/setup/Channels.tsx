/** Notifications: whom a robot or a mail calls when visitors wait. */
import { lang } from '../i18n.ts';
import { own } from './Channels.words.ts';
import { durationText } from './Duration.tsx';
import { get, type Spec } from './form.tsx';
import { List } from './List.tsx';
import { only, removable, when } from './parts.tsx';
import { Try } from './Try.tsx';
import { w } from './words.ts';

/** The API has it in seconds. */
const waitFor = (): Spec => ({ k: 'after', label: own('waitFor'), kind: 'time', per: 1 });

const channelFields = (): readonly Spec[] => [
  { k: 'name', label: own('name'), kind: 'text', hint: own('nameHint') },
  {
    k: 'kind',
    label: own('kind'),
    kind: 'choice',
    options: (['wecom', 'dingtalk', 'feishu', 'mail', 'webhook'] as const).map((k) => [k, own(k)]),
  },
  { k: 'url', label: own('url'), kind: 'text', hint: own('urlHint'), when: (v) => get(v, 'kind') !== 'mail' },
  {
    k: 'secret',
    label: own('secret'),
    kind: 'text',
    hint: own('secretHint'),
    when: (v) => get(v, 'kind') !== 'mail' && get(v, 'kind') !== 'wecom',
  },
  { k: 'to', label: own('to'), kind: 'lines', hint: own('toHint'), when: (v) => get(v, 'kind') === 'mail' },
  waitFor(),
  { k: 'waiting', label: own('waiting'), kind: 'bool' },
  { k: 'unread', label: own('unread'), kind: 'bool' },
  { k: 'groups', label: own('onlyGroups'), kind: 'groups', hint: w('noneAll') },
  {
    k: 'lang',
    label: w('lang'),
    kind: 'choice',
    options: [
      ['zh', w('zh')],
      ['en', w('en')],
    ],
  },
  { k: 'link', label: own('link'), kind: 'text', hint: own('linkHint') },
  { k: 'off', label: own('off'), kind: 'bool' },
];

export const Channels = () => (
  <List
    of={{
      title: w('channels'),
      lead: own('about'),
      add: own('add'),
      empty: own('empty'),
      path: '/channels',
      member: 'channels',
      method: 'PUT',
      create: channelFields(),
      change: channelFields,
      blank: {
        name: '',
        kind: lang.value === 'en' ? 'mail' : 'wecom',
        url: '',
        secret: '',
        to: [],
        after: 60,
        waiting: true,
        unread: true,
        groups: [],
        lang: lang.value === 'en' ? 'en' : 'zh',
        link: location.origin + location.pathname,
        off: false,
      },
      begin: (c) => only(c, 'name', 'kind', 'url', 'secret', 'to', 'after', 'waiting', 'unread', 'groups', 'lang', 'link', 'off'),
      name: (c) => String(c.name),
      about: (c) => (
        <>
          {own(c.kind as 'mail')} · {own('afterSo', { time: durationText(c.after, waitFor()) })}{' '}
          {c.off === true && <span class="chip">{own('off')}</span>}
          {c.sent ? ` · ${w('lastSent', { at: when(String(c.sent)) })}` : ''}
          {c.last ? <span class="setup-fault"> {own('lastFailed', { why: String(c.last) })}</span> : null}
        </>
      ),
      more: (c, again) => <Try path={`/channels/${c.id}/test`} name={String(c.name)} text={own('test')} done={again} />,
      remove: removable(),
    }}
  />
);
