import type { Claim } from '../visitor/claim.ts';
import type { Kv } from '../visitor/kv.ts';

/** What one browser keeps: a store that outlives its pages, and the names that living pages hold. */
export class Device {
  private readonly pairs = new Map<string, string>();
  private readonly held = new Map<string, object>();
  /** While it is set nothing is stored, and writers wait: a page that dies in this moment has stored nothing. */
  stuck = false;
  private waiting: (() => void)[] = [];

  /** Lets writes through again. */
  release() {
    this.stuck = false;
    for (const write of this.waiting.splice(0)) write();
  }

  /** The page that was writing is gone, and its writes with it. */
  forget() {
    this.waiting = [];
  }

  keys(prefix = ''): string[] {
    return [...this.pairs.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  values(prefix: string): unknown[] {
    return this.keys(prefix).map((key) => JSON.parse(this.pairs.get(key)!));
  }

  kv(): Kv {
    return {
      lasts: true,
      read: async <T>(prefix: string) => this.keys(prefix).map((key): [string, T] => [key, JSON.parse(this.pairs.get(key)!)]),
      write: (changes) => {
        // Values are taken as they are now, like a structured clone.
        const texts = changes.map(([key, value]): [string, string | undefined] => [key, JSON.stringify(value)]);
        return new Promise((done) => {
          const write = () => {
            for (const [key, text] of texts) text === undefined ? this.pairs.delete(key) : this.pairs.set(key, text);
            done();
          };
          this.stuck ? this.waiting.push(write) : write();
        });
      },
      close() {},
    };
  }

  claim: Claim = async (name) => {
    if (this.held.has(name)) return null;
    const lock = {};
    this.held.set(name, lock);
    return () => {
      if (this.held.get(name) === lock) this.held.delete(name);
    };
  };

  /** Every page is gone, without a word. */
  crash() {
    this.held.clear();
    this.forget();
  }
}
