import type { Claim } from './claim.ts';
import { type Env, newId } from './env.ts';
import type { Kv } from './kv.ts';
import type { Code, NumberedFrame } from './wire.ts';

/**
 * Where an outbox stands in storage: its entries under `out/NAME/KEY`, its counters under `tab/NAME`.
 *
 * Each page has a shelf of its own and holds its name while it lives. A new page takes the name of one that is gone (after
 * a reload: its own), so that its origins go on being used; what any further ones left is moved to its own shelf.
 */
export interface Shelf {
  readonly name: string;
  /** Written with every `save`. */
  readonly tab: Tab;
  /** Stores entries and counters, all or nothing. */
  save(entries: Entry[]): Promise<void>;
  remove(entries: Entry[]): Promise<void>;
  /** The ids of all that any page of this device has on its shelf, or had until lately. */
  ids(): Promise<Set<string>>;
  /** Moves here what pages that are gone left, and returns it, oldest first. */
  adopt(): Promise<Entry[]>;
  /** Gives the name back. */
  close(): void;
}

/** A frame in an outbox. `key` is its name on this device, for ever, and sorts by time. */
export interface Entry {
  key: string;
  conversation: string;
  origin: string;
  n: number;
  frame: NumberedFrame;
  /** Milliseconds since 1970. */
  at: number;
  /** The epoch its number belongs to; empty before the first welcome. */
  epoch: string;
  /** What the page called it that said it, so that it may say it once more. */
  id?: string;
  /** Set once it is refused for good; `expired`: it is too old to be sent without a word. */
  failed?: Code | 'expired';
}

/** Last n given under an origin. */
export interface Counter {
  origin: string;
  n: number;
}

export interface Tab {
  epoch: string;
  counters: { [conversation: string]: Counter };
  /** Ids of the last entries that were acknowledged. */
  done?: string[];
}

export interface ShelfOptions {
  kv: Kv;
  claim: Claim;
  env: Pick<Env, 'random'>;
  /** Of account and site, for the names that pages hold. */
  name: string;
}

/** Longer than any burst that is not answered yet. */
const DONE = 64;
/** With more conversations than this a name is not used again: an agent's would grow for ever. */
const MAX_COUNTERS = 200;

/** Opens a shelf; `left` is what stood on it, oldest first. */
export async function openShelf({ kv, claim, env, name: account }: ShelfOptions): Promise<{ shelf: Shelf; left: Entry[] }> {
  const hold = (tab: string) => claim(`kefu/${account}/${tab}`);
  // Entries whose page was ended between two writes may stand there without counters.
  const tabs = async () => new Set([...(await kv.read('tab/')), ...(await kv.read('out/'))].map(([key]) => key.split('/')[1]!));
  const contents = async (tab: string) => (await kv.read<Entry>(`out/${tab}/`)).map(([, entry]) => entry);

  let name = '';
  let release: (() => void) | null = null;
  let tab: Tab = { epoch: '', counters: {} };
  for (const other of await tabs()) {
    const free = await hold(other);
    // Read only now: until it was ours, somebody else may have counted on.
    const found = free && (await kv.read<Tab>(`tab/${other}`))[0]?.[1];
    if (found && Object.keys(found.counters).length <= MAX_COUNTERS) {
      [name, tab, release] = [other, found, free];
      break;
    }
    free?.();
  }
  if (!name) {
    name = newId(env);
    release = await hold(name);
  }

  const at = (entry: Entry) => `out/${name}/${entry.key}`;

  /** In one transaction, so that no crash leaves a frame on two shelves, or on none. */
  const move = async (other: string): Promise<Entry[]> => {
    const found = await contents(other);
    const gone = [`tab/${other}`, ...found.map((e) => `out/${other}/${e.key}`)];
    await kv.write([...gone.map((key): [string, unknown] => [key, undefined]), ...found.map((e): [string, unknown] => [at(e), e])]);
    return found;
  };

  const shelf: Shelf = {
    name,
    tab,
    save: (entries) => kv.write([[`tab/${name}`, tab], ...entries.map((e): [string, unknown] => [at(e), e])]),
    remove(entries) {
      const ids = entries.flatMap((e) => e.id ?? []);
      tab.done = [...(tab.done ?? []), ...ids].slice(-DONE);
      const gone = entries.map((e): [string, unknown] => [at(e), undefined]);
      return kv.write(ids[0] ? [[`tab/${name}`, tab], ...gone] : gone);
    },
    async ids() {
      const waiting = (await kv.read<Entry>('out/')).map(([, { id }]) => id);
      const done = (await kv.read<Tab>('tab/')).map(([, of]) => of.done);
      return new Set([waiting, ...done].flatMap((ids) => (ids ?? []).flatMap((id) => id ?? [])));
    },
    async adopt() {
      const found: Entry[] = [];
      for (const other of await tabs()) {
        const free = other !== name && (await hold(other));
        if (!free) continue;
        found.push(...(await move(other)));
        free();
      }
      return found.sort((a, b) => (a.key < b.key ? -1 : 1));
    },
    close() {
      release?.();
      release = null;
    },
  };
  return { shelf, left: await contents(name) };
}
