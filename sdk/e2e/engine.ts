import type { Tab } from './stage.ts';

/** A browser as the scenarios need it: tabs, and what happens to them. engines.ts has those that Playwright can not drive. */
export interface Engine {
  readonly name: string;
  /** Workers reach the network by themselves. In Firefox and WebKit their sockets go by way of the page's thread. */
  readonly apart: boolean;
  /** A tab with that page in it. What is stored is shared by all tabs of an origin. */
  open(url: string): Promise<Tab>;
  /**
   * What runs the tabs is killed, as a system does that is short of memory. The browser goes on, with no tab. (WebKit's driver
   * does not: there they are closed.)
   */
  crash(): Promise<void>;
  /** As the browser's own switch does it; undefined: there is none to reach. */
  offline?: ((offline: boolean) => Promise<void>) | undefined;
  /** Closes what is open. */
  clear(): Promise<void>;
  end(): Promise<void>;
}
