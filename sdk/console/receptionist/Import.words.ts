/** The import of files. */
import { words } from '../i18n.ts';

const en = {
  import: 'Import files',
  importHint:
    'Markdown: an article for each heading of the first two levels. Text: one article. CSV: a first line question,answer or title,text, and perhaps url. UTF-8, at most 1 MiB each. What has the same title or question is replaced.',
  dropHere: 'or drop them here',
  importing: '{name}: being read…',
  took: '{name}: {n} article | {name}: {n} articles',
  tookNone: '{name}: not imported. {why}',
  'bad.big': 'It has {size}; at most 1 MiB is taken. Split it.',
  'bad.type': 'A file that ends in .md, .txt or .csv is expected.',
  'bad.binary': 'It is no text.',
  'bad.utf16': 'It is in UTF-16. Save it as UTF-8.',
  'bad.encoding': 'It is not in UTF-8 but perhaps in GBK. Save it as UTF-8.',
  'bad.empty': 'There is nothing in it.',
  results: 'What became of the files',
};

const zh: Record<keyof typeof en, string> = {
  import: '导入文件',
  importHint:
    'Markdown：每个一、二级标题为一篇。文本：整个文件为一篇。CSV：第一行为 question,answer 或 title,text，可加 url。须为 UTF-8，每个文件最多 1 MiB。标题或问题相同的会被替换。',
  dropHere: '或拖放到这里',
  importing: '{name}：正在读取…',
  took: '{name}：{n} 篇',
  tookNone: '{name}：未导入。{why}',
  'bad.big': '大小为 {size}，最多 1 MiB。请拆分后再导入。',
  'bad.type': '只接受以 .md、.txt 或 .csv 结尾的文件。',
  'bad.binary': '不是文本文件。',
  'bad.utf16': '编码为 UTF-16，请另存为 UTF-8。',
  'bad.encoding': '编码不是 UTF-8，可能是 GBK，请另存为 UTF-8。',
  'bad.empty': '文件是空的。',
  results: '导入结果',
};

export const own = words({ en, 'zh-CN': zh });
