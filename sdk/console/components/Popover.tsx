/** A button with a small panel under it. Escape, a press elsewhere, and focus moving elsewhere close it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

/** `label` names the button, `face` is what it shows; `children` gets a function that closes the panel. */
export function Popover(props: {
  class: string;
  label: string;
  face: ComponentChildren;
  end?: boolean;
  disabled?: boolean;
  children: (close: () => void) => ComponentChildren;
}) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const away = (e: Event) => {
      if (e.target instanceof Node && !root.current?.contains(e.target)) setOpen(false);
    };
    const key = (e: KeyboardEvent) => {
      if (e.key !== 'Escape') return;
      e.stopPropagation();
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener('pointerdown', away);
    document.addEventListener('focusin', away);
    document.addEventListener('keydown', key, true);
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('focusin', away);
      document.removeEventListener('keydown', key, true);
    };
  }, [open]);
  return (
    <div class="popover" ref={root}>
      <button
        ref={button}
        type="button"
        class={props.class}
        aria-label={props.label}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        disabled={props.disabled}
        onClick={() => setOpen(!open)}
      >
        {props.face}
      </button>
      {open && (
        <div id={id} class={props.end ? 'popover-panel end' : 'popover-panel'}>
          {props.children(() => setOpen(false))}
        </div>
      )}
    </div>
  );
}
