/** Who is on the pages and talks to nobody, with a word to invite them. */

import { useState } from 'preact/hooks';
import { codeOf, type LiveVisitor } from '../api.ts';
import { useStore } from '../context.ts';
import { duration, webAddress } from '../format.ts';
import { lang, t, words } from '../i18n.ts';
import { at } from '../select.ts';
import { useFresh } from './refresh.ts';

const w = words({
  en: {
    title: 'Visitors on the pages',
    hint: 'Those who are in no session, on this server. Invite one, and what they answer comes to you first.',
    none: 'Nobody is on the pages who is not talking to you already.',
    more: 'There are others; 200 are listed.',
    unsupported: 'This host does not know who is on the pages.',
    failed: 'The list can not be read now; it is tried again.',
    anonymous: 'Visitor {id}',
    here: 'here for {time}',
    pages: '{n} page | {n} pages',
    sessions: '{n} earlier session | {n} earlier sessions',
    invite: 'Invite',
    invited: 'Invited',
    text: 'What you say to them',
    usual: 'Hello! Can I help you with anything?',
    not_found: 'They have left.',
    conflict: 'They are in a session already.',
    other: 'That did not work; try again.',
  },
  'zh-CN': {
    title: '在线访客',
    hint: '本服务器上尚未进入会话的访客。发出邀请后，对方的回复会优先分配给您。',
    none: '目前没有未在会话中的访客。',
    more: '还有更多访客，仅列出 200 位。',
    unsupported: '此部署方式无法得知页面上的访客。',
    failed: '暂时无法读取列表，将自动重试。',
    anonymous: '访客 {id}',
    here: '已停留 {time}',
    pages: '{n} 个页面',
    sessions: '{n} 次历史会话',
    invite: '邀请',
    invited: '已邀请',
    text: '邀请语',
    usual: '您好，请问需要帮助吗？',
    not_found: '访客已离开。',
    conflict: '访客已在会话中。',
    other: '操作未成功，请重试。',
  },
});

function Invite({ visitor, done }: { visitor: LiveVisitor; done: () => void }) {
  const store = useStore();
  const [text, setText] = useState<string>();
  const [trouble, setTrouble] = useState('');
  const said = text ?? w('usual');
  const send = async (e: Event) => {
    e.preventDefault();
    setTrouble('');
    try {
      await store.api.invite(visitor.site, visitor.id, said.trim());
    } catch (e) {
      const code = codeOf(e);
      setTrouble(w(code === 'not_found' || code === 'conflict' ? code : 'other'));
    }
    done();
  };
  if (visitor.invited && !trouble) return <p class="hint">{w('invited')}</p>;
  return (
    <form class="invite" onSubmit={send}>
      <input
        class="input"
        aria-label={w('text')}
        maxLength={300}
        required
        value={said}
        onInput={({ currentTarget: { value } }) => setText(value)}
      />
      <button type="submit" class="button primary">
        {w('invite')}
      </button>
      {trouble && <p role="alert">{trouble}</p>}
    </form>
  );
}

function Visitor({ visitor, done }: { visitor: LiveVisitor; done: () => void }) {
  const store = useStore();
  const href = webAddress(visitor.page.url);
  const name = visitor.name || w('anonymous', { id: visitor.id.slice(-6) });
  const facts = [
    w('here', { time: duration(lang.value, store.now.value - at(visitor.since)) }),
    w('pages', { n: visitor.pages }),
    visitor.sessions > 0 && w('sessions', { n: visitor.sessions }),
    visitor.device,
    visitor.lang,
    visitor.site !== 'default' && visitor.site,
  ];
  return (
    <li class="card" data-visitor={visitor.id}>
      <h2>
        <bdi>{name}</bdi>
      </h2>
      <p class="where">
        {href ? (
          <a href={href} target="_blank" rel="noopener noreferrer">
            {visitor.page.title || visitor.page.url}
          </a>
        ) : (
          visitor.page.title || visitor.page.url
        )}
      </p>
      <p class="hint">{facts.filter(Boolean).join(' · ')}</p>
      <Invite visitor={visitor} done={done} />
    </li>
  );
}

export default function Visitors() {
  const store = useStore();
  const { value, code, again } = useFresh(() => store.api.visitors(), 5000);
  const trouble = code && w(code === 'unsupported' ? 'unsupported' : 'failed');
  return (
    <div class="visitors">
      <h1>{w('title')}</h1>
      {trouble ? <p role="alert">{trouble}</p> : <p class="hint">{w('hint')}</p>}
      {!value && !code && <p>{t('app.loading')}</p>}
      {value?.visitors.length === 0 && <p>{w('none')}</p>}
      <ul class="cards">
        {value?.visitors.map((v) => (
          <Visitor key={v.id} visitor={v} done={again} />
        ))}
      </ul>
      {value?.more && <p class="hint">{w('more')}</p>}
    </div>
  );
}
