/** First steps. */
import { words } from '../i18n.ts';

const en = {
  about: 'From here to a talk with your first visitor takes about five minutes. Everything can be changed later.',
  go: 'Do it',
  look: 'Look again',
  done: 'Done',
  greeting: 'Name your site, and say hello',
  'greeting.hint': 'Its name, the greeting visitors meet, and the addresses of your pages.',
  widget: 'Put the widget on your pages',
  'widget.hint': 'Choose its colour, copy a few lines into your page, and write to yourself from there.',
  agents: 'Make accounts for your colleagues',
  'agents.hint': 'Each has a name, a password, and the groups whose visitors they answer.',
  hours: 'Say when you are there',
  'hours.hint': 'Opening hours and holidays; without any, visitors may always wait for a person.',
  replies: 'Write down what you say every day',
  'replies.hint': 'Canned replies, which agents put in by typing /.',
  channels: 'Be told when visitors wait',
  'channels.hint': 'In a group of WeCom, DingTalk or Feishu, or by mail, also while no console is open.',
  receptionist: 'Let a model answer first',
  'receptionist.hint': 'It answers from what you tell it, and calls a person when it should.',
};

const zh: Record<keyof typeof en, string> = {
  about: '大约五分钟就能接待第一位访客。所有设置以后都可以修改。',
  go: '去设置',
  look: '再看看',
  done: '已完成',
  greeting: '给站点起名，写欢迎语',
  'greeting.hint': '站点名称、访客看到的欢迎语，以及您网页的地址。',
  widget: '把聊天窗口放到网页上',
  'widget.hint': '选好颜色，把几行代码复制到网页里，再从那里给自己发一条消息。',
  agents: '给同事创建账号',
  'agents.hint': '每人有登录名、密码，以及负责的客服组。',
  hours: '设置营业时间',
  'hours.hint': '营业时间和节假日；不设置则访客随时可以排队等待人工。',
  replies: '写下每天都要说的话',
  'replies.hint': '快捷回复，客服输入 / 即可使用。',
  channels: '有人等待时收到提醒',
  'channels.hint': '发到企业微信、钉钉、飞书群或邮箱，没打开工作台也能收到。',
  receptionist: '让大模型先接待',
  'receptionist.hint': '它只根据您提供的资料回答，需要时转给人工。',
};

export const own = words({ en, 'zh-CN': zh });
