import type { ServerFrame } from './wire.ts';

/** The assistant's answer while it is being written: pieces come in, at offsets counted in characters. */
export interface Live {
  readonly text: string;
  hear(delta: Extract<ServerFrame, { type: 'delta' }>): void;
  /** The answer is there, or nobody waits for it any more. */
  end(): void;
}

export function createLive(): Live {
  let run = -1;
  let text: string[] = [];
  return {
    get text() {
      return text.join('');
    },
    hear(delta) {
      if (delta.run < run) return;
      if (delta.run > run) text = [];
      run = delta.run;
      // A piece that got lost leaves a hole: what is there is shown until the answer comes whole.
      if (delta.at <= text.length) text = [...text.slice(0, delta.at), ...delta.text];
    },
    end() {
      text = [];
    },
  };
}
