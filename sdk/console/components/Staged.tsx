/** The files that go with the next message: a picture or a name, how far each is, and what to do when one failed. */
import { useStore } from '../context.ts';
import type { Mode } from '../drafts.ts';
import { fileSize } from '../format.ts';
import { known, lang, t } from '../i18n.ts';
import type { Staged as File } from '../staging.ts';
import { codeText } from '../trouble.ts';
import { Icon } from './Icon.tsx';

function One({ file, remove, retry }: { file: File; remove: () => void; retry: () => void }) {
  const key = `error.upload.${file.failed}`;
  return (
    <li class={file.failed ? 'staged bad' : 'staged'}>
      {file.look ? <img src={file.look} alt="" /> : <Icon name={file.body?.kind === 'image' ? 'image' : 'file'} />}
      <span class="staged-body">
        <bdi class="staged-name">{file.name}</bdi>
        {file.failed ? (
          <span class="staged-state" role="alert">
            {known(key) ? t(key) : codeText(file.failed)}
            <button type="button" class="text-button" onClick={retry}>
              {t('app.retry')}
            </button>
          </span>
        ) : file.body ? (
          <span class="staged-state">{fileSize(lang.value, file.size)}</span>
        ) : (
          <progress value={file.part} max={1} aria-label={t('staged.uploading', { name: file.name })} />
        )}
      </span>
      <button type="button" class="icon-button" aria-label={t('staged.remove', { name: file.name })} onClick={remove}>
        <Icon name="close" size={18} />
      </button>
    </li>
  );
}

/** All of a conversation and mode; nothing where there are none. */
export function StagedFiles({ id, mode }: { id: string; mode: Mode }) {
  const staging = useStore().staging.value;
  const files = staging?.all.value[`${id}/${mode}`];
  if (!staging || !files) return null;
  return (
    <ul class="staged-list" aria-label={t('staged.label')}>
      {files.map((file) => (
        <One
          key={file.id}
          file={file}
          remove={() => staging.remove(id, mode, file.id)}
          retry={() => staging.retry(id, mode, file.id)}
        />
      ))}
    </ul>
  );
}
