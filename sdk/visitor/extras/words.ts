import type { Words } from '../i18n.ts';
import type { MenuWord } from '../menu/words.ts';
import type { NoticeWords } from '../notice/notice.ts';
import type { Word } from '../words.ts';

/** What the extras say. */
const en = {
  human: 'Talk to a person',
  attach: 'Attach files',
  drop: 'Drop files here',
  remove: 'Remove {name}',
  again: 'Retry',
  tooBig: 'Larger than {n} MB',
  badType: 'This kind of file is not accepted',
  tooMany: 'Enough files for today',
  noUpload: 'Not uploaded',
  full: 'No more than {n} files at once',
  actions: 'Edit or recall',
  edit: 'Edit',
  recall: 'Recall',
  editing: 'Editing your message',
  cancel: 'Cancel',
  tooLate: 'It is too late to change that message.',
  rate: 'How did we do?',
  score: '{n} of 5',
  thanks: 'Thank you! Is there anything to add?',
  comment: 'Comment',
  skip: 'Skip',
  start: 'Start chat',
  leave: 'Leave a message',
  choose: 'Please choose',
  optional: 'optional',
  menu: 'More',
  noMenu: 'No connection. Please try again.',
  latest: 'To the newest message',
  privacy: 'Privacy notice',
  sources: 'Sources',
};

export type ExtraWord = keyof typeof en;

/** A page's own words: for languages that are not built in, or another tone. */
export type Strings = Partial<Record<Word | ExtraWord | MenuWord | keyof NoticeWords | 'open' | 'unread', string>>;

export const words: Words<ExtraWord> = {
  en,
  zh: {
    human: '转人工客服',
    attach: '添加附件',
    drop: '松开即可添加',
    remove: '移除 {name}',
    again: '重试',
    tooBig: '超过 {n} MB',
    badType: '不支持此类文件',
    tooMany: '今天上传的文件太多了',
    noUpload: '上传失败',
    full: '一次最多 {n} 个文件',
    actions: '编辑或撤回',
    edit: '编辑',
    recall: '撤回',
    editing: '正在编辑消息',
    cancel: '取消',
    tooLate: '已超过可修改的时间',
    rate: '请为本次服务评分',
    score: '{n} 分',
    thanks: '感谢您的评价！还有什么想说的吗？',
    comment: '意见',
    skip: '跳过',
    start: '开始咨询',
    leave: '提交留言',
    choose: '请选择',
    optional: '选填',
    menu: '更多',
    noMenu: '网络不通，请重试',
    latest: '回到最新消息',
    privacy: '隐私说明',
    sources: '参考资料',
  },
};
