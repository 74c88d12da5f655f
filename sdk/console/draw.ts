import { options } from 'preact';

/**
 * Draws what a change changes before it returns. The console draws once a frame; what is typed and sent, or typed into two
 * fields, within one would else be put into what was there before.
 */
export function atOnce(change: () => void): void {
  const { debounceRendering } = options;
  options.debounceRendering = (draw) => draw();
  try {
    change();
  } finally {
    options.debounceRendering = debounceRendering;
  }
}
