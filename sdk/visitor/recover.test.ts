import { expect, it, vi } from 'vitest';
import { createClock } from '../testing/clock.ts';
import { Browser } from '../testing/device.ts';
import type { Client, ClientError } from './client.ts';
import { openKv } from './kv.ts';
import { openOutbox } from './outbox.ts';

/** What goes wrong around a connection, and what a visitor is told of it. */
const say = (page: Client, text: string) => page.send({ type: 'send', body: { kind: 'text', text } });
const seen = (page: Client) => page.log.events.flatMap((e) => (e.body.kind === 'text' ? [e.body.text] : []));
const agent = { kind: 'agent' as const, id: 'a', name: 'Li Na' };
const jwt = (sub: string, i: number) => `x.${btoa(JSON.stringify({ sub, i }))}.x`;
const isOpen = (page: Client) => page.state.at === 'open';

/** A page of a user whose tokens are good only if they are in `good`. */
const userPage = async (b: Browser, good: string[], refresh?: () => Promise<string>) => {
  const { connect } = b.desk;
  b.desk.connect = (end) => {
    const real = connect.call(b.desk, end);
    return {
      ...real,
      receive(text) {
        const [hello] = [JSON.parse(text)].flat();
        if (hello.type !== 'hello' || good.includes(hello.user?.token)) return real.receive(text);
        end.send({ type: 'error', code: 'unauthorized', message: 'expired' });
        end.close(4500, 'unauthorized');
      },
    };
  };
  const errors: ClientError[] = [];
  const page = await b.open({ user: { token: jwt('mei', 1) }, refresh });
  page.on('error', (error) => errors.push(error));
  return { page, errors };
};

it('a user token that has expired is replaced, once for each time', async () => {
  const b = new Browser(41);
  const refresh = vi.fn(async () => jwt('mei', 2));
  const { page, errors } = await userPage(b, [jwt('mei', 2)], refresh);
  await b.clock.until(() => isOpen(page), 10_000);
  expect(refresh).toHaveBeenCalledTimes(1);
  await say(page, 'hello');
  await b.heal();
  expect(b.desk.said(b.room)).toEqual(['hello']);
  expect(errors).toEqual([]);
});

it.each<[string, (() => Promise<string>) | undefined, string]>([
  ['as bad as the old one', async () => jwt('mei', 3), 'unauthorized'],
  ['another user’s', async () => jwt('hua', 2), 'token'],
  ['not to be had', () => Promise.reject(new Error('offline')), 'token'],
  ['nowhere', undefined, 'unauthorized'],
])('a fresh token that is %s: it is asked for once, then the page is denied', async (_, refresh, code) => {
  const b = new Browser(42);
  const asks = refresh && vi.fn(refresh);
  const { page, errors } = await userPage(b, [jwt('mei', 2), jwt('hua', 2)], asks);
  await b.clock.until(() => errors.length > 0, 10_000);
  await b.clock.run(600_000);
  expect(errors.map((e) => e.code)).toEqual([code]);
  expect(page.state.at).toBe('stopped');
  if (asks) expect(asks).toHaveBeenCalledTimes(1);
});

it('after a reset what this page has not shown yet is announced, and nothing else', async () => {
  const b = new Browser(43);
  const page = await b.open();
  await say(page, 'one');
  await b.heal();
  b.desk.append(b.room, agent, { kind: 'text', text: 'two' });
  await b.heal();
  const heard: unknown[] = [];
  page.on('message', (m) => heard.push((m.body as { text: string }).text));
  b.net.cut();
  b.desk.epoch = 'epoch-2'; // restored from a copy, say
  b.desk.append(b.room, agent, { kind: 'text', text: 'three' });
  await b.clock.until(() => seen(page).includes('three'), 10_000);
  expect(heard).toEqual(['three']);
  expect(seen(page)).toEqual(['one', 'two', 'three']);
});

it('what is said while the page opens its store, and leaves, is found by the next one', async () => {
  const b = new Browser(44);
  const kv = () => b.device.kv();
  let grant = () => {};
  const slow = new Promise<void>((done) => {
    grant = done;
  });
  const page = b.make({ kv: async () => slow.then(kv) });
  const starting = page.start();
  const saying = say(page, 'in passing');
  page.stop();
  grant();
  await Promise.all([starting, saying]);
  expect(b.device.keys('out/')).toHaveLength(1);
  await b.open();
  await b.heal();
  expect(b.desk.said(b.room)).toEqual(['in passing']);
});

it('an event that overtakes the welcome is kept', async () => {
  const b = new Browser(45);
  const page = await b.open();
  await say(page, 'one');
  await b.heal();
  const { connect } = b.desk;
  b.desk.connect = (end) => {
    // API Gateway: each push is a call of its own, and one of them is faster.
    const send = (frame: Parameters<typeof end.send>[0]) => {
      if (frame.type === 'welcome') {
        const event = b.desk.append(b.room, agent, { kind: 'text', text: 'fast' });
        end.send({ message: 'Internal server error', connectionId: 'x', requestId: 'y' } as never);
        end.send({ ...event, type: 'event' });
      }
      end.send(frame);
    };
    return connect.call(b.desk, { ...end, send });
  };
  b.net.lose = (f) => f.type === 'events'; // it can not be asked for
  b.net.cut();
  await b.clock.until(() => seen(page).includes('fast'), 5_000);
  expect(seen(page)).toEqual(['one', 'fast']);
});

it('what waited for over two days is set aside, and what is newer is sent', async () => {
  const b = new Browser(46);
  b.net.mode = 'refuse';
  b.net.polls = 'refuse';
  const page = await b.open();
  const failed: unknown[] = [];
  page.on('failed', (f) => failed.push(f));
  await page.send({ type: 'send', body: { kind: 'text', text: 'old' } }, 'id-1');
  await b.clock.run(47 * 3_600_000);
  await say(page, 'newer');
  await b.clock.run(2 * 3_600_000);
  b.net.mode = 'ok';
  await b.clock.until(() => page.entries.every((e) => e.failed), 400_000);
  expect(b.desk.said(b.room)).toEqual(['newer']);
  expect(failed).toEqual([{ id: 'id-1', code: 'expired' }]);
  page.retry(page.entries[0]!.key);
  await b.heal();
  expect(b.desk.said(b.room)).toEqual(['newer', 'old']);
});

it('what was stored before the answer got lost is not set aside, however old', async () => {
  const b = new Browser(47);
  const page = await b.open();
  await b.clock.until(() => isOpen(page));
  b.net.lose = (f) => f.type === 'ack';
  await say(page, 'stored');
  await b.clock.until(() => b.desk.said(b.room).length === 1);
  b.net.mode = b.net.polls = 'refuse';
  b.net.cut();
  b.net.lose = () => false;
  await b.clock.run(50 * 3_600_000);
  b.net.mode = 'ok';
  await b.clock.until(() => page.entries.length === 0, 400_000);
  expect(b.desk.said(b.room)).toEqual(['stored']);
});

it('more than 200 may not wait; what was set aside is not counted', async () => {
  const kv = new Browser(48).device.kv();
  const clock = createClock(1);
  const box = await openOutbox({
    kv,
    claim: async () => () => {},
    env: clock,
    name: 'full',
    transmit: () => false,
    onSilence() {},
    onChange() {},
    onRefused() {},
  });
  const entries = await Promise.all(Array.from({ length: 201 }, (_, i) => box.send({ type: 'recall', seq: i })));
  expect(entries.map((e) => e.failed).filter(Boolean)).toEqual(['full']);
  expect((await box.send({ type: 'recall', seq: 201 })).failed).toBe('full');
  expect(entries.slice(0, 200).at(-1)!.n).toBe(200);
});

it('what is said again under its id is said once, also after the page that heard it is gone', async () => {
  const b = new Browser(49);
  const page = await b.open();
  await page.send({ type: 'send', body: { kind: 'text', text: 'one' } }, 'id-1');
  await b.heal(); // acknowledged, and off the shelf
  b.net.mode = 'refuse';
  b.net.cut();
  await page.send({ type: 'send', body: { kind: 'text', text: 'two' } }, 'id-2');
  b.shut(page);
  b.net.mode = 'ok';
  const next = await b.open();
  for (const [id, text] of [
    ['id-1', 'one'],
    ['id-2', 'two'],
    ['id-3', 'three'],
  ] as const)
    await next.send({ type: 'send', body: { kind: 'text', text } }, id, true);
  await b.heal();
  expect(b.desk.said(b.room)).toEqual(['one', 'two', 'three']);
});

it('a disk that is full later: said once, as soon as something is not stored', async () => {
  const b = new Browser(5);
  let lasts = true;
  const kv = async () => Object.defineProperty(b.device.kv(), 'lasts', { get: () => lasts });
  const page = await b.open({ kv });
  const errors: ClientError[] = [];
  page.on('error', (error) => errors.push(error));
  await say(page, 'one');
  await b.heal();
  expect(errors).toEqual([]);
  lasts = false;
  for (const text of ['two', 'three']) await say(page, text);
  await b.heal();
  expect(errors).toEqual([{ code: 'storage', message: '' }]);
  expect(seen(page)).toEqual(['one', 'two', 'three']);
});

it('a database that opens too late is closed again', async () => {
  const clock = createClock(1);
  let request: IDBOpenDBRequest | undefined;
  const close = vi.fn();
  const late = {
    open() {
      request = {} as IDBOpenDBRequest;
      return request;
    },
  } as unknown as IDBFactory;
  const opening = openKv('kefu', clock, late);
  await clock.run(1_600);
  const kv = await opening;
  expect(kv.lasts).toBe(false);
  Object.assign(request!, { result: { close } });
  request!.onsuccess!({} as Event);
  expect(close).toHaveBeenCalledTimes(1);
});
