import type { Notice, NoticeOptions, NoticeWords } from './notice.ts';

/** Where a device keeps that it shall be silent. */
export const MUTED = 'me/mute';
const BLINK = 1_000;
const LATE = 500; // ms until a sound has no meaning any more
const GESTURES = ['pointerdown', 'keydown', 'WeixinJSBridgeReady'];

/** A message that nobody sees is heard, and makes the title blink; in one page of the browser only. */
export function createAlerts({ client, sound, isOpen }: NoticeOptions, { news }: NoticeWords): Notice {
  let context: AudioContext | undefined;
  let blinking: ReturnType<typeof setInterval> | undefined;
  let title = '';

  /** Browsers let a page make a sound only from within a gesture on; then it stays so. */
  const unlock = () => {
    try {
      context ??= new AudioContext();
      void context.resume();
    } catch {
      // No sound, then.
    }
  };

  const note = (hertz: number, from: number) => {
    const tone = new OscillatorNode(context!, { frequency: hertz });
    const gain = new GainNode(context!, { gain: 0 });
    gain.gain.setValueAtTime(0.12, from);
    gain.gain.exponentialRampToValueAtTime(0.001, from + 0.35);
    tone.connect(gain).connect(context!.destination);
    tone.start(from);
    tone.stop(from + 0.4);
  };
  const ring = async () => {
    const from = Date.now();
    const [muted] = (await (await client.store())?.read<boolean>(MUTED)) ?? [];
    if (muted) return;
    if (navigator.userActivation?.hasBeenActive) unlock();
    await context?.resume(); // not before a gesture
    if (!context || Date.now() - from > LATE) return;
    note(880, context.currentTime);
    note(1174.7, context.currentTime + 0.13);
  };

  const still = () => {
    clearInterval(blinking);
    blinking = undefined;
    if (document.title === news) document.title = title;
  };
  const blink = () => {
    if (document.title !== news) title = document.title; // the page may give itself another one meanwhile
    document.title = document.title === news ? title : news;
  };
  const onMessage = () => {
    if ((isOpen() && !document.hidden) || !client.rings) return;
    if (sound !== false) ring().catch(() => {});
    if (!document.hidden || blinking) return;
    blink();
    blinking = setInterval(blink, BLINK);
  };
  const onShow = () => document.hidden || still();

  for (const type of GESTURES) document.addEventListener(type, unlock, true);
  document.addEventListener('visibilitychange', onShow);
  const off = client.on('message', onMessage);
  return {
    draw() {},
    destroy() {
      for (const type of GESTURES) document.removeEventListener(type, unlock, true);
      document.removeEventListener('visibilitychange', onShow);
      off();
      still();
      void context?.close();
    },
  };
}
