import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Desk } from '../testing/desk.ts';
import { launch, type Shop, shop } from './browser.ts';

/** What visitors see and do, for the tests of the widget. */
export const PHONE = { viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
export const DESKTOP = { viewport: { width: 1280, height: 800 } };
export const LI_NA = { id: 'a-1', name: 'Li Na' };
export const ROOM = 'c-1';

/** A browser for the file, and shops for each test; no page may have complained by its end. */
export function stage() {
  let browser: Browser;
  let open: Shop[] = [];
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    const complaints = open.flatMap((s) => s.complaints);
    for (const { context } of open) await context.close();
    open = [];
    expect(complaints).toEqual([]);
  });
  return {
    /** A shop; `site` is what its welcome says besides. */
    start: async (options = {}, site: Desk['site'] = {}): Promise<Shop> => {
      const s = await shop(browser, options);
      s.desk.site = site;
      open.push(s);
      return s;
    },
    /** A page of a real server. What it complains about is the test's business. */
    visit: async (url: string): Promise<Page> => {
      const context = await browser.newContext({ locale: 'en-US', ...DESKTOP });
      const page = await context.newPage();
      await page.goto(url);
      return page;
    },
    answer: (s: Shop, text: string, room = ROOM) => s.desk.append(room, { kind: 'agent', ...LI_NA }, { kind: 'text', text }),
  };
}

export const launcher = (page: Page) => page.getByRole('button', { name: /Open chat|打开客服/ });
export const input = (page: Page) => page.getByRole('textbox', { name: /Type a message|输入消息/ });
export const log = (page: Page) => page.getByRole('log');
export const chat = async (page: Page) => {
  await launcher(page).click();
  await input(page).waitFor();
};
export const say = async (page: Page, text: string) => {
  await input(page).fill(text);
  await input(page).press('Enter');
};
/** Says something, and waits until it is stored. */
export const greet = async (page: Page, text = 'hi') => {
  await chat(page);
  await say(page, text);
  await shown(log(page).locator('.stored, .read').first());
};
/** What the bubbles say, in order. */
export const bubbles = (page: Page) => log(page).locator('.b').allTextContents();
export const soon = (f: () => unknown) => expect.poll(f, { timeout: 10_000 });
export const shown = async (locator: Locator) => locator.waitFor({ timeout: 10_000 });
/** Taps on what is in the menu. */
export const pick = async (page: Page, name: string, taps = 1) => {
  await page.getByRole('button', { name: /^(More|更多)$/ }).click();
  await page.getByRole('button', { name, exact: true }).click();
  if (taps > 1) await page.getByRole('button', { name: /Sure|确定/ }).click();
};
