/**
 * Files that are to be sent with the next message: they are uploaded while the agent still writes, each conversation and mode
 * (reply, note) has its own, and they outlive the page. One that was not through yet is kept as it is and uploaded again.
 */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Kv } from '../visitor/kv.ts';
import type { FileBody } from '../visitor/wire.ts';
import { codeOf } from './api.ts';
import type { Mode } from './drafts.ts';

/** A file on its way. */
export interface Staged {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly mime: string;
  /** Of what is being uploaded, a part of 1. */
  readonly part: number;
  /** It is stored and can be sent. */
  readonly body?: FileBody | undefined;
  /** Why it could not be stored: a code of the protocol. */
  readonly failed?: string | undefined;
  /** What an image looks like, as a `blob:` address of this page. */
  readonly look?: string | undefined;
}

/** How a file is stored: rejects with an ApiError. */
export type Upload = (conversation: string, file: File, onProgress: (part: number) => void, stop: AbortSignal) => Promise<FileBody>;

/** What the staged files need of the page. */
export interface StagingOptions {
  readonly kv: Kv;
  readonly upload: Upload;
  /** Makes and gives back the address of an image; nothing where there are none. */
  readonly look?: ((file: Blob) => string) | undefined;
  readonly forget?: ((address: string) => void) | undefined;
  newId(): string;
}

/** The most files one message has. */
export const MAX_FILES = 10;

interface Kept {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly mime: string;
  readonly body?: FileBody;
  readonly file?: Blob;
}

const PREFIX = 'staged/';
const none: readonly Staged[] = [];

/** The staged files of one account. */
export class Staging {
  private readonly signal = signal<Readonly<Record<string, readonly Staged[]>>>({});
  private readonly files = new Map<string, File>();
  private readonly stops = new Map<string, AbortController>();

  constructor(private readonly o: StagingOptions) {}

  /** Takes up what the last page of this account left. */
  async open(): Promise<this> {
    for (const [key, kept] of await this.o.kv.read<Kept>(PREFIX)) {
      const place = key.slice(PREFIX.length, key.lastIndexOf('/'));
      const { file: had, ...rest } = kept;
      // Some storages give a file back as what is in it only.
      const file = had instanceof Blob ? new File([had], kept.name, { type: kept.mime }) : undefined;
      if (file) this.files.set(kept.id, file);
      if (!file && !kept.body) continue;
      this.change(place, (all) => [...all, { ...rest, part: kept.body ? 1 : 0, ...this.lookOf(file) }]);
      if (!kept.body) void this.run(place, kept.id);
    }
    return this;
  }

  /** All of them, by conversation and mode; see `of`. */
  get all(): ReadonlySignal<Readonly<Record<string, readonly Staged[]>>> {
    return this.signal;
  }

  of(conversation: string, mode: Mode): readonly Staged[] {
    return this.signal.value[`${conversation}/${mode}`] ?? none;
  }

  /** Takes files, as many as there is room for, and begins to upload them. */
  add(conversation: string, mode: Mode, files: readonly File[]): void {
    const place = `${conversation}/${mode}`;
    const room = MAX_FILES - this.of(conversation, mode).length;
    for (const file of files.slice(0, Math.max(0, room))) {
      const id = this.o.newId();
      const about = { id, name: file.name || 'image.png', size: file.size, mime: file.type };
      this.files.set(id, file);
      this.change(place, (all) => [...all, { ...about, part: 0, ...this.lookOf(file) }]);
      void this.o.kv.write([[keyOf(place, id), { ...about, file }]]);
      void this.run(place, id);
    }
  }

  /** Uploads one that failed once more. */
  retry(conversation: string, mode: Mode, id: string): void {
    void this.run(`${conversation}/${mode}`, id);
  }

  remove(conversation: string, mode: Mode, id: string): void {
    this.drop(`${conversation}/${mode}`, [id]);
  }

  /** Gives out what can be sent, in order, and forgets it. */
  take(conversation: string, mode: Mode): FileBody[] {
    const ready = this.of(conversation, mode).filter((s) => s.body);
    this.drop(
      `${conversation}/${mode}`,
      ready.map((s) => s.id),
    );
    return ready.flatMap((s) => s.body ?? []);
  }

  /** The page goes away: what is under way is begun anew by the next one. */
  close(): void {
    for (const stop of this.stops.values()) stop.abort();
  }

  private async run(place: string, id: string): Promise<void> {
    const file = this.files.get(id);
    if (!file || this.stops.has(id)) return;
    const stop = new AbortController();
    this.stops.set(id, stop);
    this.set(place, id, { failed: undefined, part: 0 });
    try {
      const conversation = place.slice(0, place.lastIndexOf('/'));
      const body = await this.o.upload(conversation, file, (part) => this.set(place, id, { part }), stop.signal);
      const { name, size, type: mime } = file;
      if (!this.has(place, id)) return;
      void this.o.kv.write([[keyOf(place, id), { id, name, size, mime, body } satisfies Kept]]);
      this.set(place, id, { body, part: 1 });
    } catch (e) {
      if (!stop.signal.aborted) this.set(place, id, { failed: codeOf(e) });
    } finally {
      this.stops.delete(id);
    }
  }

  private drop(place: string, ids: readonly string[]): void {
    for (const { id, look } of this.signal.value[place] ?? none) {
      if (!ids.includes(id)) continue;
      this.stops.get(id)?.abort();
      this.files.delete(id);
      if (look) this.o.forget?.(look);
    }
    void this.o.kv.write(ids.map((id) => [keyOf(place, id), undefined]));
    this.change(place, (all) => all.filter((s) => !ids.includes(s.id)));
  }

  private lookOf(file: File | undefined): { look?: string } {
    return file && /^image\/(png|jpeg|gif|webp|avif)$/.test(file.type) && this.o.look ? { look: this.o.look(file) } : {};
  }

  private has(place: string, id: string): boolean {
    return !!this.signal.value[place]?.some((s) => s.id === id);
  }

  private set(place: string, id: string, change: Partial<Staged>): void {
    if (this.has(place, id)) this.change(place, (all) => all.map((s) => (s.id === id ? { ...s, ...change } : s)));
  }

  private change(place: string, f: (all: readonly Staged[]) => readonly Staged[]): void {
    const { [place]: had = none, ...rest } = this.signal.value;
    const all = f(had);
    this.signal.value = all.length ? { ...rest, [place]: all } : rest;
  }
}

const keyOf = (place: string, id: string) => `${PREFIX}${place}/${id}`;
