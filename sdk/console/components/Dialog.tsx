/** A modal dialog: the browser's own, so focus is kept inside, Escape closes it, and focus goes back to where it was. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../i18n.ts';
import { Icon } from './Icon.tsx';

/** `reads`: there is nothing in it but to read. `onClose` is called however it is closed: by its button, Escape, or a press beside it. */
export function Dialog(props: {
  title: string;
  wide?: boolean;
  reads?: boolean;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const { title, wide, reads, onClose, children } = props;
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  return (
    <dialog
      ref={ref}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={id}
      onClose={onClose}
      onMouseDown={(e) => e.target === ref.current && onClose()}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="icon-button" aria-label={t('app.close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div class="dialog-body" tabIndex={reads ? 0 : undefined}>
        {children}
      </div>
    </dialog>
  );
}
