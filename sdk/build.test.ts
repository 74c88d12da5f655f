import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { budget, bundleAll } from './build.mjs';

const dist = join(dirname(fileURLToPath(import.meta.url)), 'dist');
const built = await bundleAll();

it('dist is what the sources make, byte for byte', () => {
  const entries = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  const names = entries.map((e) => relative(dist, join(e.parentPath, e.name)).replaceAll('\\', '/')).sort();
  expect(names, 'run npm run build').toEqual([...built.keys()].sort());
  for (const name of names)
    expect(readFileSync(join(dist, name)).equals(built.get(name)!), `${name}: run npm run build`).toBe(true);
});

it('two builds are the same', { timeout: 60_000 }, async () => {
  for (const [name, contents] of await bundleAll()) expect(contents.equals(built.get(name)!), name).toBe(true);
});

it.each(Object.entries(budget))('%s weighs at most %i bytes after gzip', (name, most) => {
  expect(gzipSync(built.get(name)!, { level: 9 }).length).toBeLessThanOrEqual(most);
});

it('importing kefu.mjs does nothing, not even where there is no page', async () => {
  const before = Object.keys(globalThis);
  const kefu = await import(pathToFileURL(join(dist, 'kefu.mjs')).href);
  expect(Object.keys(globalThis)).toEqual(before);
  expect(Object.keys(kefu)).toEqual(['init']);
});

it('kefu.js finds what it loads later, and neither file repeats the core', async () => {
  const script = built.get('kefu.js')!.toString();
  for (const [name, exported] of Object.entries({ panel: 'createPanel', poll: 'createFallback' })) {
    expect(script).toContain(`"${name}"`);
    const code = built.get(`kefu-${name}.mjs`)!.toString();
    expect(Object.keys(await import(pathToFileURL(join(dist, `kefu-${name}.mjs`)).href))).toContain(exported);
    for (const core of ['indexedDB', 'attachShadow', 'locks', 'me/token']) expect(code).not.toContain(core);
  }
});

it('nothing is taken from another host, and nothing is evaluated', () => {
  for (const [name, contents] of built) {
    if (!/\.(js|mjs|css|html)$/.test(name)) continue;
    const text = contents.toString();
    expect(text.match(/(?:src|href|import|url)\s*[=(]\s*["']?(?:https?:)?\/\/[\w.-]+/g) ?? [], name).toEqual([]);
    expect(text.match(/\beval\(|new Function\(/g) ?? [], name).toEqual([]);
  }
  for (const name of ['kefu.js', 'kefu.mjs', 'kefu-panel.mjs', 'kefu-poll.mjs'])
    expect(built.get(name)!.toString(), name).not.toContain('innerHTML');
});
