/** What went wrong, in words, where the click was. Read aloud at once. */
import { t } from '../i18n.ts';
import { Icon } from './Icon.tsx';

/** One trouble; with `onDismiss` it can be put away. */
export function Trouble({ text, onDismiss }: { text: string; onDismiss?: () => void }) {
  return (
    <div class="trouble" role="alert">
      <Icon name="alert" />
      <span>{text}</span>
      {onDismiss && (
        <button type="button" class="text-button" onClick={onDismiss}>
          {t('app.dismiss')}
        </button>
      )}
    </div>
  );
}
