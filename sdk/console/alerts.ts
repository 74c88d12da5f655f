/**
 * So that no chat is missed: a sound, a desktop notification, a mark on the page's icon.
 *
 * Of several pages of one account only one rings: the one that was looked at last. It holds a Web Lock, which a page that gets
 * the focus takes over, so whoever rings also knows what the agent is looking at. Browsers let no page sound before it was
 * pressed or typed in; until then `blocked` is true, and the page says so.
 */
import { type ReadonlySignal, signal } from '@preact/signals';

/** When it rings: never, once for each thing, or on and on while somebody waits to be taken. */
export type Sound = 'off' | 'once' | 'until';

/** What is worth an alert, in words. `tag`: a newer one about the same takes its place. */
export interface Alert {
  readonly title: string;
  readonly text: string;
  readonly tag: string;
  open(): void;
}

/** What the browser does, so that a test can hear it. */
export interface Bell {
  /** Plays the sound; false: it is blocked. */
  ring(): boolean;
  /** Tries to be allowed to; resolves to whether it is. */
  unlock(): Promise<boolean>;
  notify(alert: Alert): void;
  /** Holds or asks for the right to ring; `take`: at once, from whoever has it. */
  lead(take: boolean, got: (leads: boolean) => void): void;
  after(ms: number, f: () => void): () => void;
}

/** What the alerts ask of the page. */
export interface AlertOptions {
  readonly bell: Bell;
  sound(): Sound;
  /** Whether notifications were chosen. */
  notifies(): boolean;
  /** Whether somebody can be looking at the page. */
  looking(): boolean;
}

const AGAIN = 4_000; // ms between two rings while somebody waits
const TOGETHER = 800; // ms in which several things are one ring

/** The alerts of one page. */
export class Alerts {
  private readonly isBlocked = signal(false);
  private leads = false;
  private waits = false;
  private rang = false; // within TOGETHER
  private stop: (() => void) | undefined;

  constructor(private readonly o: AlertOptions) {
    o.bell.lead(false, (leads) => {
      this.leads = leads;
      this.again();
    });
  }

  /** Whether the browser lets no sound through that would be made. */
  get blocked(): ReadonlySignal<boolean> {
    return this.isBlocked;
  }

  /** The page is looked at: it is the one that rings from here on. */
  focused(): void {
    this.o.bell.lead(true, (leads) => {
      this.leads = leads;
      this.again();
    });
  }

  /** A key was pressed or the pointer went down: now a sound may be allowed. */
  async pressed(): Promise<void> {
    if (await this.o.bell.unlock()) this.isBlocked.value = false;
  }

  /** Plays it, for whoever chooses one. */
  try(): void {
    this.ring();
  }

  /** Something happened that the agent does not see. */
  tell(alert: Alert): void {
    if (!this.leads) return;
    if (this.o.sound() !== 'off' && !this.rang) this.ring();
    if (this.o.notifies() && !this.o.looking()) this.o.bell.notify(alert);
  }

  /** Whether somebody waits whom this agent could take. */
  waiting(some: boolean): void {
    if (some === this.waits) return;
    this.waits = some;
    this.again();
  }

  private again(): void {
    this.stop?.();
    this.stop = undefined;
    if (!this.waits || !this.leads) return;
    this.stop = this.o.bell.after(AGAIN, () => {
      if (this.o.sound() === 'until') this.ring();
      this.again();
    });
  }

  private ring(): void {
    this.isBlocked.value = !this.o.bell.ring();
    this.rang = true;
    this.o.bell.after(TOGETHER, () => {
      this.rang = false;
    });
  }
}

/** The browser's own. */
export function browserBell(name: string): Bell {
  let context: AudioContext | undefined;
  let release: (() => void) | undefined;
  let current: object | undefined; // the last question for the lock
  return {
    ring() {
      try {
        context ??= new AudioContext();
        if (context.state !== 'running') return false;
        chime(context);
        return true;
      } catch {
        return false;
      }
    },
    async unlock() {
      try {
        context ??= new AudioContext();
        if (context.state !== 'running') await context.resume();
        return context.state === 'running';
      } catch {
        return false;
      }
    },
    notify({ title, text, tag, open }) {
      if (globalThis.Notification?.permission !== 'granted') return;
      try {
        const shown = new Notification(title, { body: text, tag, silent: true });
        shown.onclick = () => {
          window.focus();
          shown.close();
          open();
        };
      } catch {
        // Android allows them to service workers only; there the page itself is what one looks at.
      }
    },
    lead(take, got) {
      const locks = globalThis.navigator?.locks;
      if (!locks) return got(true); // plain http: every page rings, rather than none
      if (take && release) return; // it is ours
      const hold = () =>
        new Promise<void>((done) => {
          release = done;
          got(true);
        });
      const mine = {};
      current = mine;
      locks.request(name, take ? { steal: true } : {}, hold).catch(() => {
        if (current !== mine) return; // this page itself has taken it, before it knew that it had it
        // Another page has taken it; when that is gone it is ours again.
        release = undefined;
        got(false);
        locks.request(name, hold).catch(() => got(false));
      });
    },
    after(ms, f) {
      const timer = setTimeout(f, ms);
      return () => clearTimeout(timer);
    },
  };
}

/** Two tones, soft at both ends: no file, no request. */
function chime(context: AudioContext): void {
  [880, 1174.66].forEach((hertz, i) => {
    const at = context.currentTime + i * 0.16;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.22, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.32);
  });
}

/** The page's icon, with a number on it if there is one. */
export function iconOf(n: number): string {
  const badge =
    n > 0
      ? `<circle cx="22" cy="10" r="10" fill="#d3261d"/><text x="22" y="15" font-family="sans-serif" font-size="${n > 9 ? 11 : 14}" font-weight="700" text-anchor="middle" fill="#fff">${n > 99 ? '99' : n}</text>`
      : '';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#1c5bd0"/><path d="M9 16a7 7 0 0 1 14 0v4.5M9 16h3v5H9zM20 16h3v5h-3z" fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/>${badge}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
