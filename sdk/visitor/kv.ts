import type { Env } from './env.ts';

/**
 * A small ordered map that survives the page: IndexedDB, because it writes several keys at once or none, and is not in
 * the shop's 5 MB of localStorage.
 *
 * Storage of a page may be denied (private windows, blocked cookies), full, or hang for ever (WebKit bug 226547). A chat
 * must work all the same: whatever takes over 1.5 s or fails is kept in memory instead, and lives as long as the page.
 */
export interface Kv {
  /** All pairs whose key starts with the prefix, by key. */
  read<T>(prefix: string): Promise<[key: string, value: T][]>;
  /** Writes all or nothing, and resolves once it is stored. `undefined` deletes. Never rejects. */
  write(changes: [key: string, value: unknown][]): Promise<void>;
  /** False: nothing that is written outlives the page. */
  readonly lasts: boolean;
  close(): void;
}

const LIMIT = 1500;
const STORE = 'kv';

/** Opens the database `name`. Never rejects; `idb` is absent where the browser has none. */
export async function openKv(name: string, env: Pick<Env, 'after'>, idb: IDBFactory | undefined): Promise<Kv> {
  const memory = new Map<string, unknown>();
  const soon = <T>(work: (done: (value?: T) => void) => void) =>
    new Promise<T | undefined>((done) => {
      const cancel = env.after(LIMIT, () => done(undefined));
      const finish = (value?: T) => {
        cancel();
        done(value);
      };
      // Every call into IndexedDB may throw, the look at `indexedDB` itself included.
      try {
        work(finish);
      } catch {
        finish();
      }
    });

  let late = false;
  const db = await soon<IDBDatabase>((done) => {
    const opening = idb!.open(name, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    // Nobody would ever close one that comes too late.
    opening.onsuccess = () => (late ? opening.result.close() : done(opening.result));
    opening.onerror = () => done();
  });
  late = true;
  // A later version of the SDK in another tab must not wait for this page to close.
  if (db) db.onversionchange = () => db.close();
  let lasts = !!db;

  return {
    async read<T>(prefix: string) {
      const found = new Map<string, T>();
      const range = await soon<[string[], T[]]>((done) => {
        const store = db!.transaction(STORE).objectStore(STORE);
        const within = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
        const keys = store.getAllKeys(within);
        const values = store.getAll(within);
        values.onsuccess = () => done([keys.result as string[], values.result]);
        values.onerror = () => done();
      });
      range?.[0].forEach((key, i) => {
        found.set(key, range[1][i]!);
      });
      for (const [key, value] of memory) if (key.startsWith(prefix)) found.set(key, value as T);
      return [...found].filter(([, value]) => value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
    },

    async write(changes) {
      const stored = await soon<true>((done) => {
        const writing = db!.transaction(STORE, 'readwrite');
        const store = writing.objectStore(STORE);
        for (const [key, value] of changes) value === undefined ? store.delete(key) : store.put(value, key);
        writing.oncomplete = () => done(true);
        writing.onabort = () => done();
      });
      lasts = !!stored;
      // In memory a deleted key stays as undefined, to hide what the database may still hold.
      for (const [key, value] of changes) stored ? memory.delete(key) : memory.set(key, structuredClone(value));
    },

    get lasts() {
      return lasts;
    },
    close: () => db?.close(),
  };
}
