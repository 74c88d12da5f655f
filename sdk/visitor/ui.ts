import type { InitOptions, UiOptions } from './api.ts';
import type { Chat, Load } from './kefu.ts';
import { createLauncher, type Launcher } from './launcher.ts';
import type { Notice } from './notice/notice.ts';
import type { Panel } from './panel.ts';

/** What there is to see of a chat. */
export interface Ui {
  toggle(open: boolean): Promise<void>;
  destroy(): void;
}

export type CreateUi = typeof createUi;

/** Launcher and panel, each as soon as there is something to put it in and somebody who wants it. */
export function createUi(o: InitOptions & UiOptions, chat: Chat, load: Pick<Load, 'panel' | 'extras' | 'menu' | 'notice'>): Ui {
  const { client, emit, begin, hides, lang } = chat;
  let launcher: Launcher | undefined;
  let panel: Panel | undefined;
  let loading: ReturnType<Load['panel']> | undefined;
  let notice: Notice | undefined;
  let noticing = false;
  let wanted = false; // it shall be open

  const fetchPanel = () => {
    loading ??= load.panel();
    // A visitor without a network taps again later.
    loading.catch(() => {
      loading = undefined;
    });
    return loading;
  };
  const show = () => {
    launcher?.show(panel?.isOpen ? 0 : client.unread, !!panel?.isOpen);
    // There is something to say, or to ring for.
    if (launcher && (panel || client.log.events[0] || client.site.invite || client.site.invited)) bring();
    notice?.draw();
  };
  const onToggle = (open: boolean) => {
    wanted = open;
    show();
    emit(open ? 'open' : 'close', undefined);
  };

  const toggle = async (open: boolean) => {
    wanted = open;
    if (open) begin();
    if (open && launcher && !panel) {
      launcher.button.setAttribute('aria-busy', 'true');
      await make();
      launcher?.button.removeAttribute('aria-busy');
    }
    wanted ? panel?.open() : panel?.close();
  };

  const bring = () => {
    if (noticing) return;
    noticing = true;
    load.notice().then(
      ({ createNotice }) => {
        if (!launcher) return;
        notice = createNotice({ ...o, lang, launcher, client, isOpen: () => !!panel?.isOpen, open: () => void toggle(true) });
        notice.draw();
      },
      () => {}, // it is tried again on the next page
    );
  };

  const make = async () => {
    const loaded = await fetchPanel().catch(() => undefined);
    // Meanwhile it may have been destroyed, or loaded by another call.
    if (loaded && launcher) panel ??= loaded.createPanel({ ...o, ...load, lang, launcher, client, hides, onToggle });
  };

  const mount = () => {
    const onClick = () => void toggle(!panel?.isOpen);
    launcher = createLauncher({ ...o, lang, onClick, onNear: () => void fetchPanel().catch(() => {}) });
    show();
    if (wanted) void toggle(true);
  };
  const off = client.on('change', show);
  if (document.body) mount();
  else document.addEventListener('DOMContentLoaded', mount);
  return {
    toggle,
    destroy() {
      off();
      document.removeEventListener('DOMContentLoaded', mount);
      panel?.destroy();
      notice?.destroy();
      launcher?.destroy();
      launcher = undefined;
    },
  };
}
