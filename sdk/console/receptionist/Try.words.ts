/** A talk with it. */
import { words } from '../i18n.ts';

const en = {
  tryAbout: 'Talk to it as a visitor would. Nothing of it is kept, no visitor sees it; it does use tokens.',
  trySay: 'Your message',
  trySend: 'Send',
  tryAgain: 'Begin again',
  tryWaits: 'It is thinking…',
  tryEmpty: 'Ask what your visitors ask. What it can not answer is what your knowledge lacks.',
  you: 'You',
  it: 'Receptionist',
  sources: 'Sources',
  handed: 'Here a person would be called: {why}.',
  noModel: 'This site has no model yet.',
  toAnswers: 'Add a model',
};

const zh: Record<keyof typeof en, string> = {
  tryAbout: '像访客一样与它对话。内容不会保存，访客也看不到；会消耗 token。',
  trySay: '您的消息',
  trySend: '发送',
  tryAgain: '重新开始',
  tryWaits: '正在思考…',
  tryEmpty: '问问您的访客会问的问题。它答不出的，就是知识库缺少的。',
  you: '您',
  it: '智能接待',
  sources: '参考资料',
  handed: '此时会转人工：{why}。',
  noModel: '该站点还没有模型。',
  toAnswers: '添加模型',
};

export const own = words({ en, 'zh-CN': zh });
