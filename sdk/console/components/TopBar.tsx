/** The bar on top: one's status and load, whether the page is connected, and the menu. */

import type { Status } from '../../visitor/wire.ts';
import { useAlerts, useStore } from '../context.ts';
import { type Key, t } from '../i18n.ts';
import { Icon, type IconName } from './Icon.tsx';
import { Popover } from './Popover.tsx';
import { LangSelect, NotifyField, SendSelect, SoundSelect, ThemeSelect } from './Prefs.tsx';

const BLIP = 2_000; // ms a break may last before it is worth a line of its own
const MAX_CAPACITY = 100; // seats the server allows
const statuses: readonly Status[] = ['online', 'away', 'offline'];

// A browser that knows it is offline says so. Between two tries nothing has changed for whoever waits.
function wordOf(at: string | undefined, broken: boolean) {
  if (at === 'open') return 'live';
  if (at === 'stopped') return 'ended';
  if (!broken) return 'connecting';
  return navigator.onLine ? 'waiting' : 'offline';
}

/** The connection in one word. */
export function LinkState() {
  const live = useStore().live.value;
  const at = wordOf(live?.link.value.at, live?.brokenAt.value !== undefined);
  return (
    <span class={`link ${at}`} role="status">
      <span class={`dot ${at}`} aria-hidden="true" />
      <span class="link-text">{t(`link.${at}`)}</span>
    </span>
  );
}

/** A line under the bar while something is wrong with the connection, with what can be done about it. */
export function LinkBanner() {
  const store = useStore();
  const live = store.live.value;
  const link = live?.link.value;
  if (!live || !link) return null;
  if (live.polls) return <p class="banner">{t('link.polls')}</p>;
  if (link.at !== 'stopped') {
    const broken = live.brokenAt.value !== undefined && store.now.value - live.brokenAt.value > BLIP;
    return broken ? <p class="banner">{t('link.waitingHint')}</p> : null;
  }
  const replaced = link.code === 4503;
  return (
    <div class="banner">
      <span>{t(replaced ? 'link.replaced' : 'link.ended.protocol')}</span>
      <button type="button" class="button" onClick={() => (replaced ? live.start() : location.reload())}>
        {t(replaced ? 'link.useHere' : 'link.reload')}
      </button>
    </div>
  );
}

function StatusSwitch() {
  const store = useStore();
  const live = store.live.value;
  const { me, agents } = store.people.value;
  const is = agents[me.id];
  const status = live?.wanted.value?.status ?? is?.status;
  const capacity = live?.wanted.value?.capacity ?? is?.capacity ?? 0;
  const held = is?.held ?? 0;
  const numbers = { held, capacity };
  return (
    <div class="status">
      <fieldset class="status-switch" aria-label={t('status.label')}>
        {statuses.map((s) => (
          <button
            key={s}
            type="button"
            class="status-option"
            aria-pressed={status === s}
            title={t(`status.hint.${s}`)}
            disabled={!is}
            onClick={() => live?.status({ status: s })}
          >
            <span class={`dot ${s}`} aria-hidden="true" />
            {t(`status.${s}`)}
          </button>
        ))}
      </fieldset>
      {is && (
        <Popover
          class="load"
          label={t('status.loadLabel', numbers)}
          face={
            <>
              <progress
                class={held >= capacity ? 'load-track full' : 'load-track'}
                value={held}
                max={Math.max(capacity, 1)}
                aria-hidden="true"
              />
              {t('status.load', numbers)}
            </>
          }
        >
          {() => (
            <Capacity
              capacity={capacity}
              set={(n) => live?.status({ status: status ?? is.status, capacity: n })}
              status={status ?? is.status}
            />
          )}
        </Popover>
      )}
    </div>
  );
}

function Capacity({ capacity, status, set }: { capacity: number; status: Status; set: (n: number) => void }) {
  return (
    <>
      <p class="field-name" id="capacity-name">
        {t('status.capacity')}
      </p>
      <fieldset class="stepper" aria-labelledby="capacity-name">
        <button
          type="button"
          class="icon-button"
          aria-label={t('status.less')}
          disabled={capacity <= 0}
          onClick={() => set(capacity - 1)}
        >
          <Icon name="minus" />
        </button>
        <output>{capacity}</output>
        <button
          type="button"
          class="icon-button"
          aria-label={t('status.more')}
          disabled={capacity >= MAX_CAPACITY}
          onClick={() => set(capacity + 1)}
        >
          <Icon name="plus" />
        </button>
      </fieldset>
      <p class="hint">{t(`status.hint.${status}`)}</p>
    </>
  );
}

function MenuItem({ icon, label, onClick }: { icon: IconName; label: Key; onClick: () => void }) {
  return (
    <button type="button" class="menu-item" onClick={onClick}>
      <Icon name={icon} />
      {t(label)}
    </button>
  );
}

function Menu() {
  const store = useStore();
  const { me } = store.people.value;
  return (
    <Popover class="icon-button" label={t('app.menu')} face={<Icon name="menu" />} end>
      {(close) => {
        const open = (name: 'password' | 'help' | 'palette') => {
          close();
          store.dialog.value = name;
        };
        return (
          <>
            <p class="menu-head hint">{t('menu.signedInAs', { name: me.name })}</p>
            <MenuItem icon="search" label="menu.palette" onClick={() => open('palette')} />
            <MenuItem icon="key" label="menu.password" onClick={() => open('password')} />
            <MenuItem icon="keyboard" label="menu.help" onClick={() => open('help')} />
            <hr class="menu-line" />
            <div class="menu-field">
              <label for="menu-lang">{t('app.language')}</label>
              <LangSelect id="menu-lang" />
            </div>
            <div class="menu-field">
              <label for="menu-theme">{t('app.theme')}</label>
              <ThemeSelect id="menu-theme" />
            </div>
            <div class="menu-field">
              <label for="menu-send">{t('pref.send')}</label>
              <SendSelect id="menu-send" />
            </div>
            <div class="menu-field">
              <label for="menu-sound">{t('pref.sound')}</label>
              <SoundSelect id="menu-sound" />
            </div>
            <NotifyField />
            <hr class="menu-line" />
            <MenuItem icon="logout" label="menu.logout" onClick={() => void store.signOut()} />
          </>
        );
      }}
    </Popover>
  );
}

/** A sound that the browser holds back is one that somebody relies on. */
function SoundState() {
  const alerts = useAlerts();
  if (!alerts?.blocked.value) return null;
  return (
    <button type="button" class="button sound-blocked" onClick={() => void alerts.pressed()}>
      <Icon name="muted" size={18} />
      {t('alert.blocked')}
    </button>
  );
}

/** The bar. On a phone it gives way to the thread, whose head then tells of a broken connection. */
export function TopBar() {
  return (
    <header class="bar">
      <div class="brand">
        <Icon name="logo" size={26} />
        {t('app.name')}
      </div>
      <StatusSwitch />
      <div class="bar-end">
        <SoundState />
        <LinkState />
        <Menu />
      </div>
    </header>
  );
}
