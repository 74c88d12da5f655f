/** Routing, limits and what protects the desk itself. */
import { words } from '../i18n.ts';

const en = {
  routing: 'Routing',
  share: 'Share of a group that a tag prefers (%)',
  least: 'But at least so many agents',
  affinity: 'The same agent again, within',
  pace: 'Usual time to a first answer',
  limits: 'Limits',
  lText: 'Characters a message',
  lFrame: 'Bytes a message on the wire',
  lBatch: 'Frames a batch',
  lRate: 'Frames a second of a visitor',
  lBurst: 'Frames at once of a visitor',
  must: 'Administrators must have a second factor',
  mustHint: 'Who has none counts as an agent until they do.',
};

const zh: Record<keyof typeof en, string> = {
  routing: '分配',
  share: '标签优先的客服比例（%）',
  least: '至少多少名客服',
  affinity: '多久内优先分给上次的客服',
  pace: '通常的首次响应时间',
  limits: '限制',
  lText: '每条消息字符数',
  lFrame: '每条消息传输字节数',
  lBatch: '每批帧数',
  lRate: '访客每秒帧数',
  lBurst: '访客瞬时帧数',
  must: '管理员必须启用两步验证',
  mustHint: '未启用者在启用之前按普通客服对待。',
};

export const own = words({ en, 'zh-CN': zh });
