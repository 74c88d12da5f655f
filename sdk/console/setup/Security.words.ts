/** The second factor. */
import { words } from '../i18n.ts';

const en = {
  totpOn:
    'Your account has a second factor. {n} recovery code is left. | Your account has a second factor. {n} recovery codes are left.',
  totpOff:
    'Your account has no second factor: whoever has your password is you. With one, an app on your telephone shows a code that is asked for as well.',
  totpMust: 'Administrators must have a second factor. Until you have one you count as an agent.',
  current: 'Your present password',
  begin: 'Set it up',
  scan: 'Scan this with an authenticator app, or type the key. Then enter the six digits it shows.',
  key: 'Key',
  code: 'Code',
  confirm: 'Turn it on',
  recovery:
    'Keep these recovery codes where only you find them. Each signs in once, in the place of a code. They are shown only now.',
  done: 'I have kept them',
  end_: 'Remove it',
  codeNow: 'A code, or a recovery code',
};

const zh: Record<keyof typeof en, string> = {
  totpOn: '您的账号已启用两步验证，剩余 {n} 个恢复码。 | 您的账号已启用两步验证，剩余 {n} 个恢复码。',
  totpOff: '您的账号未启用两步验证：知道密码的人就能登录。启用后，登录时还需填写手机应用显示的验证码。',
  totpMust: '管理员必须启用两步验证；启用之前按普通客服对待。',
  current: '当前密码',
  begin: '开始设置',
  scan: '用身份验证器应用扫描二维码，或手动输入密钥，然后填写显示的六位数字。',
  key: '密钥',
  code: '验证码',
  confirm: '启用',
  recovery: '请妥善保存这些恢复码，每个可代替验证码登录一次。只显示这一次。',
  done: '我已保存',
  end_: '移除',
  codeNow: '验证码或恢复码',
};

export const own = words({ en, 'zh-CN': zh });
