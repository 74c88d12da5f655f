import { expect, it } from 'vitest';
import { Browser } from '../testing/device.ts';

it('clearing leaves nothing on the device, what waits included; the next word is a new visitor’s', async () => {
  const world = new Browser(7);
  const page = await world.open();
  await world.clock.until(() => page.state.at === 'open', 60_000);
  const first = world.room;
  await page.send({ type: 'send', body: { kind: 'text', text: 'one' } });
  await world.clock.until(() => !page.entries.length, 60_000);
  world.net.mute = true;
  await page.send({ type: 'send', body: { kind: 'text', text: 'nobody shall hear this' } });
  void page.clear();
  await world.clock.until(() => !world.device.keys('').length && !page.entries.length, 60_000);
  expect(page.log.events).toEqual([]);

  world.net.mute = false;
  await world.clock.until(() => page.state.at === 'open', 60_000);
  expect(world.room).not.toBe(first);
  await page.send({ type: 'send', body: { kind: 'text', text: 'hello' } });
  await world.clock.until(() => !page.entries.length, 60_000);
  expect(world.desk.said(first)).toEqual(['one']);
  expect(world.desk.said(world.room)).toEqual(['hello']);
});
