/** Canned replies. */
import { words } from '../i18n.ts';

const en = {
  replyText: 'Text',
  replyHint: 'Filled in when it is used: {{visitor.name}}, {{agent.name}}, {{site.name}}.',
  shortcut: 'Shortcut',
  shortcutHint: 'Typed after / in a message.',
  shared: 'Everybody uses it',
  group: 'Only this group',
  exportCsv: 'Export as CSV',
  importCsv: 'Import CSV',
  imported: '{n} reply was imported. | {n} replies were imported.',
  about: 'Texts that agents put into a message by typing / and a shortcut or a word.',
  add: 'Add a reply',
  empty:
    'There is none yet. Begin with what your agents type every day: a greeting, where an order is, a goodbye. Or import a spreadsheet below.',
  csvHint: 'The first line of a CSV: title, shortcut, text, shared, group. UTF-8.',
  importFailed: 'Line {line} was not imported, and none after it: {why}',
};

const zh: Record<keyof typeof en, string> = {
  replyText: '内容',
  replyHint: '使用时自动替换：{{visitor.name}}、{{agent.name}}、{{site.name}}。',
  shortcut: '快捷词',
  shortcutHint: '在消息框中输入 / 后使用。',
  shared: '所有人可用',
  group: '仅此客服组',
  exportCsv: '导出 CSV',
  importCsv: '导入 CSV',
  imported: '已导入 {n} 条快捷回复。 | 已导入 {n} 条快捷回复。',
  about: '客服在消息框中输入 / 和快捷词即可插入的文字。',
  add: '添加快捷回复',
  empty: '还没有快捷回复。先添加每天都要说的话：问候、查订单、告别；也可以用下方的表格导入。',
  csvHint: 'CSV 第一行为：title, shortcut, text, shared, group；UTF-8 编码。',
  importFailed: '第 {line} 行及之后未导入：{why}',
};

export const own = words({ en, 'zh-CN': zh });
