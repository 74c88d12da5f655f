import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { budget, bundleAll, declare, gzipOf, INBOX, inboxOf } from './build.mjs';

const dist = join(dirname(fileURLToPath(import.meta.url)), 'dist');
const built = await bundleAll();

it('dist is what the sources make, byte for byte', () => {
  const entries = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  const names = entries.map((e) => relative(dist, join(e.parentPath, e.name)).replaceAll('\\', '/')).sort();
  expect(names, 'run npm run build').toEqual([...built.keys()].sort());
  for (const name of names)
    expect(readFileSync(join(dist, name)).equals(built.get(name)!), `${name}: run npm run build`).toBe(true);
});

it('two builds are the same', { timeout: 300_000 }, async () => {
  for (const [name, contents] of await bundleAll()) expect(contents.equals(built.get(name)!), name).toBe(true);
});

it.each(Object.entries(budget))('%s weighs at most %i bytes after gzip', (name, most) => {
  expect(gzipSync(built.get(name)!, { level: 9 }).length).toBeLessThanOrEqual(most);
});

it(`the inbox of the console takes at most ${INBOX} bytes after gzip, and no page that is opened later is part of it`, () => {
  const inbox = inboxOf(built);
  expect(gzipOf(built, inbox)).toBeLessThanOrEqual(INBOX);
  for (const name of inbox) expect(name).not.toContain('/pages/');
});

it('importing kefu.mjs does nothing, not even where there is no page', async () => {
  const before = Object.keys(globalThis);
  const kefu = await import(pathToFileURL(join(dist, 'kefu.mjs')).href);
  expect(Object.keys(globalThis)).toEqual(before);
  expect(Object.keys(kefu).sort()).toEqual(['createClient', 'init']);
});

const later = {
  core: 'createCore',
  ui: 'createUi',
  panel: 'createPanel',
  extras: 'createExtras',
  menu: 'fillMenu',
  notice: 'createNotice',
  poll: 'createFallback',
};

it.each(Object.entries(later))('kefu-%s.mjs is there, and what brings it asks for it by that name', async (name, exported) => {
  expect(Object.keys(await import(pathToFileURL(join(dist, `kefu-${name}.mjs`)).href))).toContain(exported);
  const brings = name === 'poll' ? ['kefu-core.mjs'] : name === 'ui' ? ['kefu.mjs'] : ['kefu.js', 'kefu.mjs'];
  for (const file of brings) expect(built.get(file)!.toString()).toMatch(new RegExp(`["'\`/-]${name}(\\.mjs)?["'\`]`));
});

it('the connection is in one file: what a page shows first has none of it, and no other repeats it', () => {
  const core = ['me/token', 'onupgradeneeded', 'rate_limited'];
  for (const text of core) expect(built.get('kefu-core.mjs')!.toString()).toContain(text);
  for (const name of [
    'kefu.js',
    'kefu.mjs',
    'kefu-ui.mjs',
    'kefu-panel.mjs',
    'kefu-extras.mjs',
    'kefu-menu.mjs',
    'kefu-notice.mjs',
    'kefu-poll.mjs',
  ])
    for (const text of core) expect(built.get(name)!.toString(), name).not.toContain(text);
});

it('types/kefu.d.ts is what the sources make', { timeout: 300_000 }, async () => {
  const committed = readFileSync(join(dist, '../types/kefu.d.ts'), 'utf8');
  expect(await declare(), 'run npm run build').toBe(committed);
  expect(committed).not.toMatch(/^import /m);
});

it('every member of the published types is documented, those of KefuClient, Kefu and the options by an example', () => {
  const text = readFileSync(join(dist, '../types/kefu.d.ts'), 'utf8');
  for (const name of ['ClientOptions', 'InitOptions', 'KefuClient', 'Kefu']) {
    const [, body = ''] = new RegExp(`interface ${name} [^{]*{\n([\\s\\S]*?)\n}`).exec(text)!;
    const members = [...body.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^ {4}(?:readonly )?(\w+)[?<(:]/gm)];
    expect(members.length, name).toBeGreaterThan(1);
    for (const [, doc = '', member] of members) expect(doc, `${name}.${member}`).toContain('@example');
  }
});

it('nothing is taken from another host, and nothing is evaluated', () => {
  for (const [name, contents] of built) {
    if (!/\.(js|mjs|css|html)$/.test(name)) continue;
    const text = contents.toString();
    expect(text.match(/(?:src|href|import|url)\s*[=(]\s*["']?(?:https?:)?\/\/[\w.-]+/g) ?? [], name).toEqual([]);
    expect(text.match(/\beval\(|new Function\(/g) ?? [], name).toEqual([]);
  }
  for (const name of [...built.keys()].filter((name) => name.startsWith('kefu')))
    expect(built.get(name)!.toString(), name).not.toContain('innerHTML');
});
