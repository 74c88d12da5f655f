/** Stores a file of an agent's: `POST /v1/uploads`, or what that says where the host takes no files itself. */
import type { FileBody } from '../visitor/wire.ts';
import { ApiError, problemOf } from './api.ts';

/** What is sent, and how. */
export interface UploadRequest {
  readonly token: string | undefined;
  readonly conversation: string;
  readonly file: File;
  /** The server takes name and size only, and says where the file goes. */
  readonly post: boolean;
  readonly stop: AbortSignal;
  /** A part of 1. */
  onProgress(part: number): void;
}

/** Resolves to the body that names the file; rejects with an ApiError. */
export async function upload(r: UploadRequest): Promise<FileBody> {
  const { conversation, file, post } = r;
  const name = file.name || 'image.png';
  // The order of the fields is that of the wire: what it is about comes before what there is to read.
  const about = { conversation, name };
  const text = await send('/v1/uploads', post ? { ...about, size: `${file.size}`, mime: file.type } : { ...about, file }, r, true);
  const said = JSON.parse(text);
  if (said.post) await send(said.post.url, { ...said.post.fields, file }, r, false);
  const { url, size, mime, width, height } = said;
  // Only what the server has looked into has a width.
  return { kind: width ? 'image' : 'file', url, name: said.name, size, mime, ...(width && { width, height }) };
}

/** XMLHttpRequest, for `fetch` does not tell how far it got. */
function send(url: string, fields: Record<string, string | File>, r: UploadRequest, ours: boolean): Promise<string> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof File) form.append(name, value, value.name || 'image.png');
    else form.append(name, value);
  }
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    const offline = () => fail(new ApiError('offline', 'no answer'));
    request.open('POST', url);
    // The token is for us, not for a bucket.
    if (ours && r.token) request.setRequestHeader('Authorization', `Bearer ${r.token}`);
    if ('file' in fields) request.upload.onprogress = (e) => e.lengthComputable && r.onProgress(e.loaded / e.total);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) done(request.responseText);
      else fail(problemOf(request.status, request.responseText, request.getResponseHeader('Retry-After')));
    };
    request.onerror = request.onabort = request.ontimeout = offline;
    r.stop.addEventListener('abort', () => request.abort());
    request.send(form);
  });
}
