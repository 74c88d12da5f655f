/** What it left to people. */
import { words } from '../i18n.ts';

const en = {
  asked: '{n} time | {n} times',
  questionsAbout: 'What the receptionist could not answer, the most frequent first. What you approve it knows at once.',
  noQuestions: 'Nothing is left over.',
  noQuestionsHint: 'When the receptionist calls a person, the question appears here with how that person answered.',
  lastAsked: 'last {at}',
  conversation: 'Open the conversation',
  noProposal: 'No person has answered it yet.',
  propose: 'Have the model write it',
  proposing: 'The model writes…',
  approve: 'Approve',
  reject: 'Reject',
  approved: '“{q}” is knowledge now.',
  rejected: '“{q}” is put away until it is asked again.',
};

const zh: Record<keyof typeof en, string> = {
  asked: '{n} 次',
  questionsAbout: '智能接待答不出的问题，最常见的在前。您采纳的回答它立刻就会用到。',
  noQuestions: '没有遗留的问题。',
  noQuestionsHint: '智能接待转人工时，问题会出现在这里，并附上客服的回答。',
  lastAsked: '最近一次 {at}',
  conversation: '打开会话',
  noProposal: '还没有客服回答过。',
  propose: '让模型来写',
  proposing: '模型正在写…',
  approve: '采纳',
  reject: '忽略',
  approved: '“{q}”已加入知识库。',
  rejected: '“{q}”已收起，再次被问到时会重新出现。',
};

export const own = words({ en, 'zh-CN': zh });
