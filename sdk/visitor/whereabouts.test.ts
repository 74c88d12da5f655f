import { expect, it } from 'vitest';
import { Browser } from '../testing/device.ts';
import { addressOf, createWhereabouts } from './whereabouts.ts';

it('tells each address once, by hello or by itself, and again what could not be told', () => {
  const told: string[] = [];
  let url = 'https://shop.example/';
  let online = false;
  const client = { tell: (f: object) => online && !!told.push((f as { page: { url: string } }).page.url) };
  const { say, look } = createWhereabouts(() => ({ url }));
  expect(say()).toEqual({ url });
  online = true;
  look(client);
  url += 'cart';
  look(client);
  look(client);
  online = false;
  url = 'https://shop.example/pay';
  look(client);
  online = true;
  look(client);
  expect(told).toEqual(['https://shop.example/cart', 'https://shop.example/pay']);
});

it.each([
  ['https://shop.example/cart?a=1', 'https://shop.example/cart?a=1'],
  ['https://shop.example/#reviews', 'https://shop.example/'],
  ['https://shop.example/back#access_token=secret', 'https://shop.example/back'],
  ['https://shop.example/#/cart?a=1', 'https://shop.example/#/cart?a=1'],
  ['https://shop.example/#!/cart', 'https://shop.example/#!/cart'],
  ['https://shop.example/#?/', 'https://shop.example/'],
])('the address %s is told as %s', (href, told) => {
  expect(addressOf(href)).toBe(told);
});

it('a desk that does not know the frame is not sent it', async () => {
  const b = new Browser(1);
  const page = await b.open();
  const frame = { type: 'page' as const, page: { url: 'https://shop.example/cart' } };
  await b.heal();
  expect(page.tell(frame)).toBe(false);
  b.desk.features = ['page'];
  b.net.cut();
  await b.clock.until(() => page.state.at !== 'open');
  await b.clock.until(() => page.state.at === 'open');
  expect(page.tell(frame)).toBe(true);
  await b.clock.run(1_000);
  expect(b.desk.frames.filter((f) => f.type === 'page')).toEqual([frame]);
});
