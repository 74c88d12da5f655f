/** Puts the session off: a few usual times, and any other within thirty days. */

import { useState } from 'preact/hooks';
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import type { Chat } from '../model.ts';
import { busyWith } from '../select.ts';
import { Icon } from './Icon.tsx';
import { Popover } from './Popover.tsx';

const HOUR = 3_600_000;

/** Nine in the morning, so many days after a time, where the agent is. */
function morning(now: number, days: number): number {
  const day = new Date(now);
  day.setDate(day.getDate() + days);
  return day.setHours(9, 0, 0, 0);
}

function usual(now: number): [string, number][] {
  const toMonday = (8 - new Date(now).getDay()) % 7 || 7;
  return [
    [t('snooze.hour'), now + HOUR],
    [t('snooze.evening'), now + 4 * HOUR],
    [t('snooze.tomorrow'), morning(now, 1)],
    [t('snooze.week'), morning(now, toMonday)],
  ];
}

export function Snooze({ chat }: { chat: Chat }) {
  const store = useStore();
  const [other, setOther] = useState('');
  const put = (until: number, close: () => void) => {
    close();
    void store.live.value?.act(chat.id, { type: 'snooze', session: chat.head.session, until: new Date(until).toISOString() });
  };
  return (
    <Popover
      class="button plain"
      label={t('action.snoozeLabel')}
      end
      disabled={!store.connected.value || !!busyWith(chat)}
      face={
        <>
          <Icon name="clock" />
          <span class="button-text">{t('action.snooze')}</span>
        </>
      }
    >
      {(close) => (
        <>
          {usual(Date.now()).map(([name, until]) => (
            <button key={name} type="button" class="menu-item" onClick={() => put(until, close)}>
              {name}
            </button>
          ))}
          <form
            class="menu-own"
            onSubmit={(e) => {
              e.preventDefault();
              const until = Date.parse(other);
              if (until > Date.now()) put(until, close);
            }}
          >
            <label>
              {t('snooze.other')}
              <input
                class="input"
                type="datetime-local"
                required
                value={other}
                onInput={({ currentTarget: { value } }) => setOther(value)}
              />
            </label>
            <button type="submit" class="button">
              {t('snooze.set')}
            </button>
          </form>
        </>
      )}
    </Popover>
  );
}
