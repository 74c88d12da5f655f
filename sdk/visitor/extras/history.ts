import type { LinkState } from '../link.ts';
import type { Extras, Scene } from './extras.ts';

const NEAR = 80; // px from the beginning
const PAGE = 50; // events

/** Asks for what was before the oldest event here when somebody comes near it, once on each connection. */
export function createHistory({ client, list }: Scene): Extras {
  let asked: { seq: number; on: LinkState } | undefined;
  const look = () => {
    const { log, state } = client;
    const seq = log.events[0]?.seq ?? 0;
    if (list.scrollTop > NEAR || !log.older || (asked?.seq === seq && asked.on === state)) return;
    if (client.tell({ type: 'before', seq, limit: PAGE })) asked = { seq, on: state };
  };
  list.addEventListener('scroll', look);
  // The panel has put the thread where it belongs by then.
  return { draw: () => queueMicrotask(look), destroy() {} };
}
