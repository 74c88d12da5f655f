/**
 * A long list of which only what is in view is in the document. The height of each row is known beforehand, so that the bar
 * at its side is right from the start, and a list of 5,000 costs what one of 20 does.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

const OVER = 6; // rows beyond each edge, for the eye is faster than the frame
const REACH = 600; // px from the end at which more is asked for

export interface WindowedProps<T> {
  readonly items: readonly T[];
  /** px, the gap to the next one included. */
  heightOf(item: T): number;
  keyOf(item: T): string;
  readonly label: string;
  /** Is brought into view and focused (what has it as `data-id`) whenever `n` changes. */
  readonly reveal: { readonly key: string; readonly n: number } | undefined;
  onEnd?(): void;
  row(item: T, index: number): ComponentChildren;
  /** Behind the last row. */
  readonly foot?: ComponentChildren;
}

/** Where each row begins; the last one is where the list ends. */
export function offsetsOf<T>(items: readonly T[], heightOf: (item: T) => number): number[] {
  let at = 0;
  const all = [0];
  for (const item of items) {
    at += heightOf(item);
    all.push(at);
  }
  return all;
}

/** The rows that are between two heights, and a few more: from the first to before the last. */
export function rangeOf(offsets: readonly number[], top: number, bottom: number): [first: number, end: number] {
  const count = offsets.length - 1;
  const first = Math.max(0, indexAt(offsets, top) - OVER);
  return [first, Math.min(count, indexAt(offsets, bottom) + 1 + OVER)];
}

function indexAt(offsets: readonly number[], y: number): number {
  let low = 0;
  let high = offsets.length - 1;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if ((offsets[mid] ?? 0) <= y) low = mid;
    else high = mid - 1;
  }
  return low;
}

/** The list. It scrolls by itself, in a box that has a height. */
export function Windowed<T>(props: WindowedProps<T>) {
  const { items, heightOf, keyOf, label, reveal, onEnd, row, foot } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 900 });
  const offsets = useMemo(() => offsetsOf(items, heightOf), [items, heightOf]);
  const [first, end] = rangeOf(offsets, view.top, view.top + view.height);
  const total = offsets.at(-1) ?? 0;

  const look = () => {
    const el = box.current;
    if (!el) return;
    // A step of a few rows is enough: the rows beyond the edge are there already.
    setView((v) =>
      Math.abs(v.top - el.scrollTop) < 60 && v.height === el.clientHeight ? v : { top: el.scrollTop, height: el.clientHeight },
    );
    if (total - el.scrollTop - el.clientHeight < REACH) onEnd?.();
  };
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    const sizes = new ResizeObserver(look);
    sizes.observe(el);
    return () => sizes.disconnect();
  }, [total, onEnd]);
  useLayoutEffect(() => {
    const el = box.current;
    const i = reveal ? items.findIndex((item) => keyOf(item) === reveal.key) : -1;
    if (!el || i < 0) return;
    const top = offsets[i] ?? 0;
    const bottom = offsets[i + 1] ?? 0;
    if (top < el.scrollTop) el.scrollTop = top;
    else if (bottom > el.scrollTop + el.clientHeight) el.scrollTop = bottom - el.clientHeight;
    look();
  }, [reveal?.n]);
  const focused = useRef(reveal?.n);
  useEffect(() => {
    if (!reveal || focused.current === reveal.n) return;
    const found = box.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(reveal.key)}"]`);
    if (!found) return; // its row is drawn with the next frame
    focused.current = reveal.n;
    found.focus({ preventScroll: true });
  });

  return (
    <div class="list" ref={box} onScroll={look}>
      <ul aria-label={label} style={{ paddingTop: `${offsets[first]}px`, paddingBottom: `${total - (offsets[end] ?? total)}px` }}>
        {items.slice(first, end).map((item, i) => row(item, first + i))}
      </ul>
      {foot}
    </div>
  );
}
