import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, it } from 'vitest';
import { box, button, desk, enter, eventually, held, page, row } from './stage.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function violations(): Promise<string[]> {
  // The page's policy allows no script of ours in it; what a debugger evaluates is not under it.
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
    return (await axe.run()).violations;
  });
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`);
}

/** Buttons and fields that are smaller than a finger, and parts that are wider than their place. */
function small(): Promise<string[]> {
  return page.evaluate(() => {
    const wide = [...document.querySelectorAll('.app, .bar, .thread-head, .dialog')].filter((e) => e.scrollWidth > e.clientWidth);
    const fields = 'button, select, input:not([type=checkbox]):not([type=radio]):not([aria-hidden]), textarea';
    const tiny = [...document.querySelectorAll(fields)].filter((e) => {
      const { width, height } = e.getBoundingClientRect();
      return width > 0 && Math.min(width, height) < 43.5;
    });
    return [...wide, ...tiny].map(
      (e) => `${e.className} "${e.textContent}" ${e.scrollWidth}x${e.scrollHeight} in ${e.clientWidth}`,
    );
  });
}

/** What either of them finds. */
const faults = async () => [...(await violations()), ...(await small())];

describe('for everybody', () => {
  const desktop = { width: 1440, height: 900 };
  const phone = { width: 390, height: 844 };
  const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
    [desktop, phone].map((viewport) => ({ colorScheme, viewport })),
  );

  it.each(looks)('axe and a ruler find nothing, $colorScheme $viewport.width', async (look) => {
    held('c1', 'hello', 'a long one '.repeat(40));
    desk.say('c1', { kind: 'agent', id: 'lina' }, 'a note', true);
    desk.say('c1', { kind: 'bot', id: 'bot' }, 'the assistant');
    desk.visitor('c2', { name: 'Bo' }, { tag: 'refund' });
    await enter({ ...look });
    await button('Sign in').waitFor();
    await eventually(violations).toEqual([]);
    await page.evaluate(() =>
      sessionStorage.setItem(
        'kefu.session',
        JSON.stringify({ token: 'token-lina', agent: { id: 'lina', name: 'lina', role: 'admin', groups: ['default'] } }),
      ),
    );
    await page.reload();
    await row(/Ann c1/).waitFor();
    await eventually(faults).toEqual([]);
    await page.getByRole('tab', { name: /Waiting/ }).click();
    await page.getByText('No. 1').waitFor();
    await eventually(faults).toEqual([]);
    await page.getByRole('tab', { name: /Mine/ }).click();
    await row(/Ann c1/).click();
    desk.refuse.set('send', { code: 'forbidden' });
    await box().fill('refused');
    await box().press('Enter');
    await button('Send again').waitFor();
    await button('Show why Li Na was chosen').click();
    await button('Details').click();
    await eventually(faults).toEqual([]);
    await button('Hide the details').click();
    await button('Transfer').click();
    await page.getByRole('dialog').waitFor();
    await eventually(faults).toEqual([]);
    await page.keyboard.press('Escape');
    if (look.viewport === phone) await button('Back to the list').click();
    for (const name of ['Change password', 'Keyboard shortcuts']) {
      await button('Menu').click();
      await eventually(faults).toEqual([]);
      await button(name).click();
      await page.getByRole('dialog').waitFor();
      await eventually(faults).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
  });
});
