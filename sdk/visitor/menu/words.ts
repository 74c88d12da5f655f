import type { Words } from '../i18n.ts';

/** What the menu says. */
const en = {
  sound: 'Sound',
  transcript: 'Save this chat',
  copied: 'The chat was copied.',
  unsaved: 'The chat could not be saved.',
  end: 'End this chat',
  privacy: 'Privacy notice',
  forget: 'Clear this device',
  sure: 'Sure? Tap again',
  hours: 'Opening hours',
};

export type MenuWord = keyof typeof en;

export const words: Words<MenuWord> = {
  en,
  zh: {
    sound: '提示音',
    transcript: '保存聊天记录',
    copied: '聊天记录已复制',
    unsaved: '聊天记录保存失败',
    end: '结束会话',
    privacy: '隐私说明',
    forget: '清除本机记录',
    sure: '确定吗？再点一次',
    hours: '服务时间',
  },
};
