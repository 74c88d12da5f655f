import type { BrowserContext, Page } from 'playwright-core';
import { launch } from './browser.ts';
import type { Engine } from './engine.ts';
import type { Tab } from './stage.ts';

/** Chromium as an engine of the scenarios. What is Playwright's own of a tab is in `pageOf`. */
export async function startChromium(): Promise<Engine & { pageOf(tab: Tab): Page; context(): BrowserContext }> {
  const browser = await launch(['--disable-back-forward-cache']); // Playwright's flag would switch it off
  const fresh = () => browser.newContext();
  let context = await fresh();
  return {
    name: 'chromium',
    apart: true,
    pageOf: (tab) => tab as Page,
    context: () => context,
    async open(url) {
      const page = await context.newPage();
      await page.goto(url);
      return page;
    },
    async crash() {
      for (const page of context.pages()) {
        const crashed = page.waitForEvent('crash');
        const session = await context.newCDPSession(page);
        void session.send('Page.crash').catch(() => {}); // has no answer
        await crashed;
      }
    },
    offline: (offline) => context.setOffline(offline),
    async clear() {
      await context.close();
      context = await fresh();
    },
    end: () => browser.close(),
  };
}
