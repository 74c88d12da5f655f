import { en as composer } from './composer.ts';
import { en as details } from './details.ts';
import { en as errors } from './errors.ts';
import { en as frame } from './frame.ts';
import { en as help } from './help.ts';
import { en as list } from './list.ts';
import { en as login } from './login.ts';
import { en as thread } from './thread.ts';
import { en as why } from './why.ts';

/**
 * The console's words in English; the keys of every other language. Each part of the page has a file with both languages.
 *
 * `{name}` is a placeholder. A text with a `|` has a singular and a plural, chosen by `{n}`. A key that code puts
 * together at run time (`status.` + status, `error.` + code …) is listed in full there, so the type checker knows it.
 */
export const en = { ...frame, ...login, ...list, ...thread, ...composer, ...details, ...why, ...errors, ...help };
