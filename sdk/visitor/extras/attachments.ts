import { h, icon, plain } from '../dom.ts';
import type { FileBody, UploadLimits } from '../wire.ts';
import type { Extras, Scene } from './extras.ts';
import { type UploadError, upload } from './upload.ts';

/** A file on its way: chosen, pasted or dropped; uploaded at once, sent with the next message. */
interface Staged {
  el: HTMLElement;
  file: File;
  stop: AbortController;
  body?: FileBody;
  failed?: boolean;
}

const MAX = 10;
const CLIP = 'M19 11l-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4l8-8a3 3 0 0 1 4.3 4.3l-7.7 7.7a1.5 1.5 0 0 1-2.1-2.1l6.5-6.5';
const CROSS = 'M7 7l10 10M17 7L7 17';
const THUMB = 96;

/** Why a file need not be sent at all; undefined: the desk decides, by what is in it. */
export function refusal({ size, types }: UploadLimits, file: Pick<File, 'size' | 'type'>): UploadError | undefined {
  if (file.size > size) return { word: 'tooBig', again: false };
  const fits = types.some((type) => type === file.type || (type.endsWith('/*') && file.type.startsWith(type.slice(0, -1))));
  return fits || !file.type || !types.length ? undefined : { word: 'badType', again: false };
}

export function createAttachments(scene: Scene): Extras {
  const { client, composer, panel, tray, base, tx, notice } = scene;
  let staged: Staged[] = [];
  let waits = false; // it shall be sent as soon as everything is there
  const row = h('div', { className: 'q' });
  const input = h('input', { type: 'file', multiple: true, hidden: true });
  const button = h(
    'button',
    { type: 'button', hidden: true, 'aria-label': tx('attach'), onclick: () => input.click() },
    icon(CLIP),
  );
  tray.append(row);
  composer.el.prepend(button, input);

  const drop = (one: Staged) => {
    one.stop.abort();
    staged = staged.filter((s) => s !== one);
    one.el.remove();
    waits = false;
    composer.refresh();
    composer.input.focus();
  };

  const run = async (one: Staged) => {
    const limits = client.site.uploads!;
    const bar = h('progress', { max: 1, value: 0, 'aria-label': plain(one.file.name) });
    one.failed = false;
    one.el.querySelector('.e')?.remove();
    one.el.append(bar);
    try {
      const wrong = refusal(limits, one.file);
      if (wrong) throw wrong;
      const options = { base, token: await client.bearer(), file: one.file, post: !!limits.post, signal: one.stop.signal };
      one.body = await upload({ ...options, onProgress: (part) => Reflect.set(bar, 'value', part) });
    } catch (error) {
      one.failed = true;
      waits = false;
      const { word = 'noUpload', again = true } = error as Partial<UploadError>;
      const more = again && h('button', { type: 'button', className: 'u', onclick: () => void run(one) }, tx('again'));
      const text = tx(word, { n: Math.floor(limits.size / 1_048_576) || 1 });
      one.el.append(h('span', { className: 'e', role: 'alert' }, text, more));
    }
    bar.remove();
    composer.refresh();
    if (waits) composer.submit();
  };

  const stage = (files: Iterable<File>) => {
    if (!client.site.uploads || scene.asks()) return;
    for (const file of files) {
      if (staged.length >= MAX) {
        notice(tx('full', { n: MAX }));
        return;
      }
      const name = plain(file.name);
      const remove = h('button', { type: 'button', 'aria-label': tx('remove', { name }), onclick: () => drop(one) }, icon(CROSS));
      const one: Staged = { file, stop: new AbortController(), el: h('div', {}, h('span', { className: 'g' }, name), remove) };
      staged.push(one);
      row.append(one.el);
      void picture(file).then((canvas) => canvas && one.el.prepend(canvas));
      void run(one);
    }
    composer.refresh();
  };

  /** Pictures leave before the words that go with them. */
  const take = (text: string) => {
    if (!staged[0]) return false;
    if (staged.some((s) => s.failed)) return null;
    waits = staged.some((s) => !s.body);
    if (waits) return null;
    for (const { body, el } of staged) {
      void client.send({ type: 'send', body: body! });
      el.remove();
    }
    staged = [];
    return !text;
  };

  input.onchange = () => {
    stage([...(input.files ?? [])]);
    input.value = '';
  };
  const onPaste = (e: ClipboardEvent) => {
    const files = [...(e.clipboardData?.files ?? [])];
    if (!files[0]) return;
    e.preventDefault();
    stage(files);
  };
  const over = (is: boolean) => panel.toggleAttribute('drop', is && !!client.site.uploads && !scene.asks());
  const hasFiles = (e: DragEvent) => !!e.dataTransfer?.types.includes('Files');
  panel.dataset.drop = tx('drop');
  panel.ondragover = (e) => {
    if (!hasFiles(e)) return;
    e.preventDefault();
    over(true);
  };
  panel.ondragleave = (e) => over(panel.contains(e.relatedTarget as Node | null));
  panel.ondrop = (e) => {
    over(false);
    if (!hasFiles(e)) return;
    e.preventDefault();
    stage(e.dataTransfer!.files);
  };
  composer.input.addEventListener('paste', onPaste);
  composer.use.more = () => !!staged[0];
  composer.use.take = take;

  return {
    draw() {
      const { uploads } = client.site;
      button.hidden = !uploads;
      // Some browsers, WeChat's on Android among them, open nothing for a list of several types.
      input.accept = uploads?.types[0] && uploads.types.every((type) => type.startsWith('image/')) ? 'image/*' : '';
    },
    destroy() {
      for (const { stop } of staged) stop.abort();
    },
  };
}

/** A small picture of a picture, painted: a blob: URL would need a word in the page's CSP. */
async function picture(file: File): Promise<HTMLCanvasElement | undefined> {
  if (!/^image\/(png|jpeg|gif|webp)$/.test(file.type)) return;
  try {
    const image = await createImageBitmap(file);
    const side = Math.min(image.width, image.height);
    const canvas = h('canvas', { width: THUMB, height: THUMB, 'aria-hidden': 'true' });
    const [x, y] = [(image.width - side) / 2, (image.height - side) / 2];
    canvas.getContext('2d')!.drawImage(image, x, y, side, side, 0, 0, THUMB, THUMB);
    image.close();
    return canvas;
  } catch {
    return; // it says to be one
  }
}
