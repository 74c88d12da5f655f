/**
 * What the server says is wrong, in the page's language. It says so in English; whoever reads Chinese is told in Chinese, as long
 * as the sentence is one of these. What is not known here is shown as it came: told.test.ts finds what the server has learnt to say.
 */
import type { Lang } from '../i18n.ts';
import { durationsIn } from './duration.ts';

/** As the server formats them: `{}` is what differs, in its order. */
const sentences: readonly (readonly [said: string, zh: string])[] = [
  ['at most {} are expected, not {}', '最多 {} 项，现有 {} 项'],
  ['at most {} characters are expected', '最多 {} 个字符'],
  ['at most {} characters', '最多 {} 个字符'],
  ['at most {} bytes are expected', '最多 {} 字节'],
  ['at most {} bytes', '最多 {} 字节'],
  ['at most {}', '最多 {} 项'],
  ['at least one is needed', '至少需要一项'],
  ['at least one group must work for a site', '每个站点至少需要一个客服组'],
  ['there is no group {}', '没有客服组 {}'],
  ['there is no site {}', '没有站点 {}'],
  ['there is a group {} already', '已有客服组 {}'],
  ['{} is there twice', '{} 重复了'],
  ['1 to 64 of A-Z a-z 0-9 - _ . are expected, not {}', '应为 1 至 64 个字母、数字或 - _ .，而不是 {}'],
  ['1 to {} characters without spaces are expected', '应为 1 至 {} 个字符，不含空格'],
  ['1 to {} characters are expected, not {}', '应为 1 至 {} 个字符，而不是 {}'],
  ['1 to {} characters are expected', '应为 1 至 {} 个字符'],
  ['1 to {} bytes are expected', '应为 1 至 {} 字节'],
  ['1 to {} seconds are expected', '应为 1 至 {} 秒'],
  ['1 to {} addresses are expected', '应为 1 至 {} 个地址'],
  ['1 to {} frames a second are expected, not {}', '应为每秒 1 至 {} 帧，而不是 {}'],
  ['1 to {} frames are expected, not {}', '应为 1 至 {} 帧，而不是 {}'],
  ['{} to {} bytes are expected, not {}', '应为 {} 至 {} 字节，而不是 {}'],
  ['at least limits.batch ({}) and at most {} frames are expected, not {}', '应不小于每批帧数（{}）且不大于 {}，而不是 {}'],
  ['an origin such as https://shop.example is expected, not {}', '应为 https://shop.example 这样的地址，而不是 {}'],
  ['an address such as {} is expected, not {}', '应为 {} 这样的地址，而不是 {}'],
  ['an address such as {} is expected', '应为 {} 这样的地址'],
  ['an https URL or a path of this host is expected', '应为 https 地址，或本服务器上的路径'],
  ['an address or a range is expected, such as {} or {}', '应为 IP 地址或网段，如 {} 或 {}'],
  ['a visitor or a network is expected', '请填写访客或网段'],
  ['a path such as /cart/* is expected', '应为 /cart/* 这样的路径'],
  ['a media type such as image/png is expected, not {}', '应为 image/png 这样的文件类型，而不是 {}'],
  ['a time zone such as Asia/Shanghai is expected', '应为 Asia/Shanghai 这样的时区'],
  ['a day such as 2026-10-01 is expected, not {}', '应为 2026-10-01 这样的日期，而不是 {}'],
  ['from must lie before until, within 0:00 and 24:00 of a weekday', '开始时间须早于结束时间，且在同一天的 0:00 至 24:00 之内'],
  ['from must lie before until, within 0:00 and 24:00', '开始时间须早于结束时间，且在 0:00 至 24:00 之内'],
  ['a time to come is expected', '应为将来的时间'],
  ['a text in at least one language is expected', '至少需要一种语言的文字'],
  ['a language such as en or zh-tw is expected, not {}', '应为 en 或 zh-tw 这样的语言，而不是 {}'],
  ['what visitors are shown has {} bytes in one language, and may have {}', '展示给访客的文字共 {} 字节，最多 {} 字节'],
  ['a select has some, and nothing else has', '只有“选择”类型需要选项，且至少一个'],
  ['text, email, tel, select or textarea is expected, not {}', '没有 {} 这种类型'],
  ['must be shorter than visitor ({})', '须短于无消息结束的时间（{}）'],
  ['one is needed, for users are required', '要求登录用户时，至少需要一个密钥'],
  ['at most two are expected: a new one, and the one it replaces', '最多两个：新的，和被它替换的'],
  ['0 ({}) or at least 1s is expected, not {}', '应为 0（关闭）或至少 1s，而不是 {1}'],
  ['0 (the default) to {} bytes are expected, not {}', '应为 0（默认）至 {} 字节，而不是 {}'],
  ['0 (the default) to {} bytes a day are expected, not {}', '应为 0（默认）至每天 {} 字节，而不是 {}'],
  ['0 (the default) to {} files a day are expected, not {}', '应为 0（默认）至每天 {} 个文件，而不是 {}'],
  ['0 (the default) to {} answers are expected, not {}', '应为 0（默认）至 {} 次，而不是 {}'],
  ['0 (the default) or more is expected', '应为 0（默认）或更大'],
  ['0 ({}) to {} is expected, not {}', '应为 0 至 {1}，而不是 {2}'],
  ['0 or more is expected, not {}', '不能小于 0（{}）'],
  ['0 to {} is expected, not {}', '应为 0 至 {}，而不是 {}'],
  ['0 to {} is expected', '应为 0 至 {}'],
  ['above 0 and at most 100 is expected', '应大于 0 且不大于 100'],
  ['a password has {} to {} characters', '密码应为 {} 至 {} 个字符'],
  ['this password is among the first that anybody tries', '这个密码太常见，容易被猜到'],
  ['the name of a model is expected', '请填写模型名称'],
  ['what a million tokens cost is expected', '应为每百万 token 的价格'],
  ['a key has no spaces, and at most 500 bytes', '密钥不含空格，最多 500 字节'],
  ['a variable whose name begins with {} is expected, not {}', '变量名应以 {} 开头，而不是 {}'],
  ['a base URL such as {} or {} is expected', '应为 {} 或 {} 这样的基础地址'],
  [
    'https:// is expected, for a key would travel in the clear; http:// is for hosts of your own network',
    '应为 https://，否则密钥会明文传输；http:// 只用于内网主机',
  ],
  ['this address is not one of a model', '这不是模型的地址'],
  ['agent, supervisor or admin is expected', '应为客服、主管或管理员'],
  ['at most {} letters, digits, dots and dashes are expected', '最多 {} 个字母、数字、点和连字符'],
  ['{} is taken by {}', '{} 已被“{}”使用'],
  ['{} is not known; there are {}', '不认识 {}，可用的有 {}'],
  ['at least one of waiting and unread is expected', '“无人接待”和“未读”至少选一项'],
  ['zh or en is expected', '应为中文或英文'],
  ['this is not the present password', '当前密码不对'],
  ['the present password is needed to choose another', '修改密码需要填写当前密码'],
  ['this is not what the authenticator shows now', '与身份验证器现在显示的不一致'],
  ['only admins do that', '只有管理员可以这样做'],
  ['supervisors and admins keep the replies of others', '他人的快捷回复由主管和管理员维护'],
  ['your own is removed with a code of it', '自己的两步验证须用验证码移除'],
  ['there is a second factor already: remove it first', '已启用两步验证，请先移除'],
  ['there is a second factor already', '已启用两步验证'],
  ['no secret was given out yet', '还没有生成密钥'],
  ['group {} has agents ({}): move them first', '客服组 {} 还有 {} 位客服，请先移走'],
  ['group {} has sessions that wait or are held: transfer or end them first', '客服组 {} 还有排队或接待中的会话，请先转接或结束'],
  ['group {} works for site {}: take it off there first', '客服组 {} 正在服务站点 {}，请先在站点中移除'],
  ['it did not arrive: {}', '未送达：{}'],
  ['somebody changed the settings at the same time: read them again', '其他人刚刚修改了设置，请重新读取'],
  ['somebody changed this reply meanwhile: it has version {}', '其他人刚刚修改了这条快捷回复，请重新打开'],
  ['somebody changed this account meanwhile: it has version {}', '其他人刚刚修改了这个账号，请重新打开'],
  ['somebody changed this group meanwhile', '其他人刚刚修改了这个客服组，请重新打开'],
  ['version {} is the newest, not {}: read it and change that', '其他人刚刚修改过，请重新打开'],
  ['there are {} channels already, as many as there can be', '已有 {} 个提醒，不能再添加'],
  ['there are {} replies already, as many as there can be', '已有 {} 条快捷回复，不能再添加'],
  ['there are {} webhooks already, as many as there can be', '已有 {} 个 Webhook，不能再添加'],
  ['you have {} replies already, as many as there can be', '您已有 {} 条快捷回复，不能再添加'],
  ['this visitor is blocked', '该访客已被拉黑'],
  ['is in UTF-16; save it as UTF-8', '是 UTF-16 编码，请另存为 UTF-8'],
  ['is not in UTF-8 (GBK, perhaps); save it as UTF-8', '不是 UTF-8 编码（可能是 GBK），请另存为 UTF-8'],
  ['{}: is no text in UTF-8', '{} 不是 UTF-8 文本'],
  ['is no text', '不是文本文件'],
  ['{}: has no text', '{} 没有正文'],
  ['an article has one, a pair has a question', '文章需要标题，问答需要问题'],
  ['at most {} characters are expected, a question has {}', '标题最多 {} 个字符，问题最多 {} 个'],
  ['a file that ends in .md, .txt or .csv is expected', '应为 .md、.txt 或 .csv 文件'],
  [
    'a first line that names the columns is expected: question,answer or title,text',
    '第一行应为列名：question,answer 或 title,text（也可用“问题,答案”）',
  ],
  ['there is nothing in it', '文件是空的'],
  ['has more than {} articles', '超过 {} 篇'],
  ['record on line {}: wrong number of fields', '第 {} 行的列数不对'],
  ['parse error on line {}, column {}: {}', '第 {} 行第 {} 列的引号不成对'],
  ['a color such as {} is expected, not {}', '应为 {} 这样的颜色，而不是 {}'],
  ['{} is expected, not {}', '应为 {}，而不是 {}'],
  ['{} is expected', '应为 {}'],
];

/** What the API's own checks say, which is for programs: in both languages. */
const checks: readonly (readonly [said: string, en: string, zh: string])[] = [
  ['expected length >= 1', 'Something is needed here.', '请填写。'],
  ['expected length >= {}', 'At least {} characters are needed.', '至少 {} 个字符。'],
  ['expected length <= {}', 'At most {} characters are possible.', '最多 {} 个字符。'],
  ['expected number >= {}', '{} or more is expected.', '不能小于 {}。'],
  ['expected number > {}', 'More than {} is expected.', '应大于 {}。'],
  ['expected number <= {}', '{} or less is expected.', '不能大于 {}。'],
  ['expected required property {} to be present', 'Something is needed here.', '请填写。'],
  ['a duration such as {} is expected{}', 'A number is needed here.', '请填写数字。'],
  ['expected {}integer', 'A whole number is expected.', '应为整数。'],
  ['expected {}number', 'A number is expected.', '应为数字。'],
];

const escaped = (s: string) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const patternOf = (said: string) => new RegExp(`^${said.split('{}').map(escaped).join('(.*?)')}$`, 's');

type Table = readonly (readonly [RegExp, string])[];
const tables: Record<Lang, Table> = {
  en: checks.map(([s, en]) => [patternOf(s), en]),
  'zh-CN': [...checks.map(([s, , zh]) => [patternOf(s), zh] as const), ...sentences.map(([s, zh]) => [patternOf(s), zh] as const)],
};

const FILE = /^[^:\n]+\.\w+: /;
const LINE = /^line (\d+): (?:invalid: )?/;

/**
 * What the server said, in the language, and its durations in words. In Chinese the place that stands before it (`name: …`) is
 * left to the field.
 */
export const told = (lang: Lang, said: string): string => durationsIn(lang, sentenceOf(lang, said));

function sentenceOf(lang: Lang, said: string): string {
  const inFile = said.replace(FILE, '');
  const line = LINE.exec(inFile);
  if (lang === 'zh-CN' && line) return `第 ${line[1]} 行：${sentenceOf(lang, inFile.slice(line[0].length))}`;
  for (const text of [said.replace(/^[\w.[\]-]+: /, ''), inFile, said])
    for (const [pattern, words] of tables[lang]) {
      const found = pattern.exec(text);
      if (found) return filled(words, found.slice(1));
    }
  return said;
}

/** `{}` takes the next, `{1}` the one of that number. */
function filled(template: string, parts: readonly string[]): string {
  let next = 0;
  return template.replace(/\{(\d*)\}/g, (_, at: string) => parts[at ? Number(at) : next++] ?? '');
}
