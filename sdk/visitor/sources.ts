import type { Body, Source } from './wire.ts';

/** What an answer rests on: titles are text, and there is an address only where one may go there. */
export const sourcesOf = (body: Pick<Body, 'kind'> & { sources?: Source[] }): { title: string; href: string | undefined }[] =>
  (body.sources ?? []).map(({ title, url = '' }) => ({ title, href: /^https?:\/\//i.test(url) ? url : undefined }));
