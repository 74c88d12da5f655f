import { zh as composer } from './composer.ts';
import { zh as details } from './details.ts';
import type { en } from './en.ts';
import { zh as errors } from './errors.ts';
import { zh as frame } from './frame.ts';
import { zh as help } from './help.ts';
import { zh as list } from './list.ts';
import { zh as login } from './login.ts';
import { zh as thread } from './thread.ts';
import { zh as why } from './why.ts';

/** The console's words in simplified Chinese. A missing or superfluous key does not compile. */
export const zh: Record<keyof typeof en, string> = {
  ...frame,
  ...login,
  ...list,
  ...thread,
  ...composer,
  ...details,
  ...why,
  ...errors,
  ...help,
};
