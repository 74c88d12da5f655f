import type { Extras, Scene } from './extras.ts';

const FOCUS = 'button:not(:disabled), a[href], input, select, textarea, [tabindex="0"]';

/** While the panel covers a phone, the page behind neither scrolls nor takes the focus. */
export function createSheet({ panel, launcher, narrow }: Scene): Extras {
  /** A finger on what can not scroll would scroll the page behind. */
  const onTouch = (e: TouchEvent) => {
    let free = false;
    for (let el = e.target as Element | null; el && el !== panel; el = el.parentElement)
      free ||= el.scrollHeight > el.clientHeight && /auto|scroll/.test(getComputedStyle(el).overflowY);
    if (narrow.matches && e.cancelable && e.touches.length === 1 && !free) e.preventDefault();
  };

  const onTab = (e: KeyboardEvent) => {
    if (e.key !== 'Tab' || !narrow.matches) return;
    const stops = [...panel.querySelectorAll<HTMLElement>(FOCUS)].filter((el) => el.getClientRects().length);
    const [from, to] = e.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (launcher.root.activeElement !== from) return;
    e.preventDefault();
    to?.focus();
  };

  panel.addEventListener('touchmove', onTouch, { passive: false });
  panel.addEventListener('keydown', onTab);
  return { draw() {}, destroy() {} };
}
