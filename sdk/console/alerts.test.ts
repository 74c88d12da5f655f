import { beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../testing/clock.ts';
import { type Alert, Alerts, type Bell, iconOf, type Sound } from './alerts.ts';

const clock = createClock();
let rings: number;
let allowed: boolean;
let shown: Alert[];
let sound: Sound;
let looking: boolean;
let holder: ((leads: boolean) => void) | undefined; // of the one lock there is

function bell(): Bell {
  return {
    ring() {
      if (allowed) rings++;
      return allowed;
    },
    unlock: async () => {
      allowed = true;
      return true;
    },
    notify: (alert) => shown.push(alert),
    lead(take, got) {
      if (holder && !take) return;
      if (holder !== got) holder?.(false);
      holder = got;
      got(true);
    },
    after: clock.after,
  };
}

const page = () => new Alerts({ bell: bell(), sound: () => sound, notifies: () => true, looking: () => looking });
const alert = (tag: string): Alert => ({ title: 'New', text: '', tag, open: () => {} });

beforeEach(() => {
  rings = 0;
  allowed = true;
  shown = [];
  sound = 'once';
  looking = false;
  holder = undefined;
});

describe('alerts', () => {
  it('ring once for what comes together, and again for what comes later', async () => {
    const alerts = page();
    for (const tag of ['c1', 'c2', 'c3']) alerts.tell(alert(tag));
    expect(rings).toBe(1);
    await clock.run(2_000);
    alerts.tell(alert('c4'));
    expect(rings).toBe(2);
    expect(shown.map((a) => a.tag)).toEqual(['c1', 'c2', 'c3', 'c4']);
  });

  it('of two pages only one is heard: the one that was looked at last', async () => {
    const [a, b] = [page(), page()];
    const both = () => {
      a.tell(alert('c1'));
      b.tell(alert('c1'));
    };
    both();
    expect([rings, shown.length]).toEqual([1, 1]);
    await clock.run(2_000);
    b.focused();
    both();
    expect([rings, shown.length]).toEqual([2, 2]);
  });

  it('go on until somebody is taken, where that was chosen', async () => {
    const alerts = page();
    alerts.waiting(true);
    await clock.run(20_000);
    expect(rings).toBe(0);
    sound = 'until';
    await clock.run(20_000);
    expect(rings).toBeGreaterThanOrEqual(4);
    alerts.waiting(false);
    const before = rings;
    await clock.run(20_000);
    expect(rings).toBe(before);
  });

  it('that the browser holds back are told, until a key or a press frees them', async () => {
    allowed = false;
    const alerts = page();
    alerts.tell(alert('c1'));
    expect(alerts.blocked.value).toBe(true);
    await alerts.pressed();
    expect(alerts.blocked.value).toBe(false);
    await clock.run(2_000);
    alerts.tell(alert('c2'));
    expect(rings).toBe(1);
  });

  it('are silent where that was chosen, and show nothing to who is looking', () => {
    sound = 'off';
    looking = true;
    page().tell(alert('c1'));
    expect([rings, shown]).toEqual([0, []]);
  });
});

it('the icon has a number while something waits', () => {
  const text = (n: number) => decodeURIComponent(iconOf(n));
  expect(text(0)).not.toContain('<text');
  expect(text(3)).toContain('>3</text>');
  expect(text(150)).toContain('>99</text>');
});
