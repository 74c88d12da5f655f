/** The words of what a model does for an agent. */
import { words } from '../i18n.ts';

const en = {
  tools: 'With the help of the model',
  suggest: 'Suggest a reply',
  suggesting: 'The model writes…',
  summary: 'Summary so far',
  summing: 'The model reads…',
  translate: 'Translate',
  translating: 'Translating…',
  translation: 'Translation by the model',
  suggested: 'Suggested by the model. Read it before you send it.',
  instead: 'The model suggests',
  sources: 'It rests on: {titles}',
  noSources: 'It rests on what was said, not on your knowledge.',
  use: 'Take it instead of mine',
  undo: 'Take it back',
  dismiss: 'Dismiss',
  summed: 'Summary by the model, for you alone',
  noted: 'The summary is in the log, for colleagues alone.',
  'no.conflict': 'Nothing was said yet.',
  'no.unsupported': 'There is no model for this site any more.',
  'no.rate_limited': 'The model has been used as much as this site allows today.',
  'no.unavailable': 'The model gives no answer at the moment. Try again, or write yourself.',
  'no.offline': 'No answer came: the connection or the model is too slow. Try again, or write yourself.',
  'no.other': 'That did not work. Try again, or write yourself.',
};

type Key = keyof typeof en;

const zh: Record<Key, string> = {
  tools: '模型协助',
  suggest: '建议回复',
  suggesting: '模型正在写…',
  summary: '会话小结',
  summing: '模型正在读…',
  translate: '翻译',
  translating: '正在翻译…',
  translation: '模型翻译',
  suggested: '由模型建议，请过目后再发送。',
  instead: '模型建议',
  sources: '依据：{titles}',
  noSources: '依据对话内容，知识库中没有相关资料。',
  use: '替换我写的内容',
  undo: '撤回建议',
  dismiss: '关闭',
  summed: '模型小结，仅您可见',
  noted: '小结已写入会话记录，仅同事可见。',
  'no.conflict': '还没有人说话。',
  'no.unsupported': '该站点已没有模型。',
  'no.rate_limited': '该站点今天的模型用量已到上限。',
  'no.unavailable': '模型暂时没有回应，请再试，或自己书写。',
  'no.offline': '没有收到回应：网络或模型太慢。请再试，或自己书写。',
  'no.other': '没有成功，请再试，或自己书写。',
};

export const a = words({ en, 'zh-CN': zh });

/** Why the model did not help, for whoever asked it. */
export function whyNot(code: string): string {
  const key = `no.${code}`;
  return a(Object.hasOwn(en, key) ? (key as Key) : 'no.other');
}
