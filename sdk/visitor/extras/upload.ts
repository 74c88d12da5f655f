import type { FileBody } from '../wire.ts';
import type { ExtraWord } from './words.ts';

/** What went wrong, in a word for the visitor; `again`: it may go well the next time. */
export interface UploadError {
  word: ExtraWord;
  again: boolean;
}

export interface UploadOptions {
  /** Of the desk: `https://host/…`. */
  base: string;
  token: string | undefined;
  file: File;
  /** The desk takes name and size only, and says where the file goes. */
  post: boolean;
  /** A part of 1. */
  onProgress(part: number): void;
  signal: AbortSignal;
}

const refusals: { [status: number]: UploadError } = {
  400: { word: 'badType', again: false },
  413: { word: 'tooBig', again: false },
  415: { word: 'badType', again: false },
  429: { word: 'tooMany', again: true },
  501: { word: 'noUpload', again: false },
};

/** Uploads a file. Resolves to the body that names it; rejects with an UploadError. */
export async function upload(o: UploadOptions): Promise<FileBody> {
  const { base, token, file, post } = o;
  const about = { token: token ?? '', name: file.name || 'image' };
  // The order of the fields is that of the wire: who it is comes before what there is to read.
  const text = await send(
    new URL('/v1/uploads', base).href,
    post ? { ...about, size: file.size, mime: file.type } : { ...about, file },
    o,
  );
  const said = JSON.parse(text);
  if (said.post) await send(said.post.url, { ...said.post.fields, file }, o);
  const { url, name, size, mime, width, height } = said;
  // Only what the desk has looked into has a width.
  return { kind: width ? 'image' : 'file', url, name, size, mime, ...(width && { width, height }) };
}

/** XMLHttpRequest, for `fetch` does not tell how far it got. No header of ours: no CORS preflight. */
function send(
  url: string,
  fields: { [name: string]: string | number | File },
  { onProgress, signal }: UploadOptions,
): Promise<string> {
  const form = new FormData();
  for (const name in fields) {
    const value = fields[name]!;
    value instanceof File ? form.append(name, value, value.name || 'image') : form.append(name, `${value}`);
  }
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    const lost = () => fail(refusals[request.status] ?? { word: 'noUpload', again: true });
    request.open('POST', url);
    if ('file' in fields) request.upload.onprogress = (e) => e.lengthComputable && onProgress(e.loaded / e.total);
    request.onload = () => (request.status >= 200 && request.status < 300 ? done(request.responseText) : lost());
    request.onerror = request.onabort = request.ontimeout = lost;
    signal.addEventListener('abort', () => request.abort());
    request.send(form);
  });
}
