/** Who is kept out. */
import { words } from '../i18n.ts';

const en = {
  visitor: 'Visitor (id)',
  network: 'Or a network',
  networkHint: 'An address or a range, such as 203.0.113.7 or 203.0.113.0/24, in the place of a visitor.',
  reason: 'Reason',
  reasonHint: 'For agents; the visitor is not told.',
  minutes: 'For how long',
  about: 'Who is blocked can neither connect nor write.',
  add: 'Block somebody',
  empty: 'Nobody is blocked. A visitor is most easily blocked from their conversation, under Details.',
  visitorHint: 'It stands in the details of a conversation.',
  always: 'for good',
  letIn: 'Let in again',
};

const zh: Record<keyof typeof en, string> = {
  visitor: '访客（id）',
  network: '或网段',
  networkHint: 'IP 地址或网段，如 203.0.113.7 或 203.0.113.0/24，与访客二选一。',
  reason: '原因',
  reasonHint: '仅客服可见，不会告知访客。',
  minutes: '时长',
  about: '被拉黑的访客无法连接，也无法发消息。',
  add: '添加黑名单',
  empty: '黑名单是空的。在会话的“详情”中拉黑访客最方便。',
  visitorHint: '见会话的详情。',
  always: '永久',
  letIn: '移出黑名单',
};

export const own = words({ en, 'zh-CN': zh });
