/** A row of links that is wider than a phone: the chosen one is scrolled to. */
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** For the row; `chosen` is what changes with the choice. The page itself does not move. */
export function useInView(chosen: string | undefined): RefObject<HTMLDivElement | null> {
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const link = row.current?.querySelector<HTMLElement>('[aria-current=page]');
    if (!row.current || !link) return;
    const [outer, inner] = [row.current.getBoundingClientRect(), link.getBoundingClientRect()];
    row.current.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
  }, [chosen]);
  return row;
}
