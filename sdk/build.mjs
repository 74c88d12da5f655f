// Builds sdk/dist, which is committed and embedded by embed.go: `node build.mjs`. With --size it writes nothing and only
// weighs. The same input gives the same bytes: no hashes of time, no absolute paths, no source maps, the directory is made anew.
//
//   visitor/iife.ts    -> kefu.js         the <script async> of a shop's page: sets window.Kefu, shows the launcher
//   visitor/index.ts   -> kefu.mjs        the same for bundlers, without the launcher: importing it does nothing
//   visitor/ui.ts      -> kefu-ui.mjs     the launcher, for kefu.mjs
//   visitor/worker.ts  -> kefu-core.mjs   connection, outbox and log, for a worker or the page, loaded when that is idle
//   visitor/panel.ts   -> kefu-panel.mjs  the chat, loaded when a visitor reaches for the launcher
//   visitor/extras/    -> kefu-extras.mjs what a chat can begin without, loaded when it has begun
//   visitor/menu/      -> kefu-menu.mjs   what few ask for, loaded when somebody does
//   visitor/notice/    -> kefu-notice.mjs invitations, sound and title, loaded when there is a use for them
//   visitor/poll.ts    -> kefu-poll.mjs   long-polling, loaded where no WebSocket gets through
//   visitor/es2017.ts  -> kefu.es2017.js  all of it in one, for old webviews
//   visitor/api.ts     -> ../types/kefu.d.ts  what TypeScript is to know of it; not part of dist
//   console/           -> console/        the agents' page: main.js is the inbox, pages/ and chunks what is loaded later
//   demo/              -> demo/           an H5 shop with the widget on it
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { minify } from 'terser';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');

/** Bytes after gzip -9 that a file may weigh. A visitor on a phone pays for every one of them. */
export const budget = {
  'kefu.js': 8_000,
  'kefu.mjs': 4_000,
  'kefu-ui.mjs': 2_500,
  'kefu-core.mjs': 7_500,
  'kefu-panel.mjs': 8_000,
  'kefu-extras.mjs': 8_000,
  'kefu-menu.mjs': 2_500,
  'kefu-notice.mjs': 2_500,
  'kefu-poll.mjs': 1_500,
  'kefu.es2017.js': 32_000,
};
/** The same for the inbox of the console: all that it takes before the first conversation is shown. */
export const INBOX = 80_000;

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// The widget's style sheet travels inside the script, as a string for a constructable style sheet.
const sheetAsText = {
  name: 'sheet-as-text',
  setup(b) {
    b.onLoad({ filter: /[\\/]visitor[\\/].*\.css$/ }, async ({ path }) => {
      const css = await transform(readFileSync(path, 'utf8'), { loader: 'css', minify: true, target: ['chrome87', 'safari14'] });
      // esbuild leaves the space before a custom property's value, where it could mean something; it does not here.
      return { contents: css.code.trim().replace(/(--[a-z]+): /g, '$1:'), loader: 'text' };
    });
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  write: false,
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
};
const widget = {
  ...common,
  target: 'es2020',
  plugins: [sheetAsText],
  define: { VERSION: JSON.stringify(version) },
  external: ['./kefu-*.mjs'], // what is loaded later, from beside
};
/** What is built of visitor/, and how. */
const visitor = {
  'kefu.js': { entryPoints: ['visitor/iife.ts'], format: 'iife' },
  'kefu.es2017.js': { entryPoints: ['visitor/es2017.ts'], format: 'iife', target: 'es2017' },
  'kefu.mjs': { entryPoints: ['visitor/index.ts'], format: 'esm' },
  'kefu-ui.mjs': { entryPoints: ['visitor/ui.ts'], format: 'esm' },
  'kefu-core.mjs': { entryPoints: ['visitor/worker.ts'], format: 'esm' },
  'kefu-panel.mjs': { entryPoints: ['visitor/panel.ts'], format: 'esm' },
  'kefu-extras.mjs': { entryPoints: ['visitor/extras/extras.ts'], format: 'esm' },
  'kefu-menu.mjs': { entryPoints: ['visitor/menu/menu.ts'], format: 'esm' },
  'kefu-notice.mjs': { entryPoints: ['visitor/notice/notice.ts'], format: 'esm' },
  'kefu-poll.mjs': { entryPoints: ['visitor/poll.ts'], format: 'esm' },
};
const page = { ...common, target: 'es2022', format: 'esm', outdir: 'dist', jsx: 'automatic', jsxImportSource: 'preact' };

/**
 * One more look at what every shop's page loads: terser folds what esbuild leaves, a twentieth of it. No function of ours
 * uses `this` or `new`, so each may become an arrow.
 */
async function tighten(code, name) {
  const ecma = name.includes('es2017') ? 2017 : 2020;
  const module = name.endsWith('.mjs');
  const { code: tight } = await minify(code, { ecma, module, compress: { passes: 3, unsafe_arrows: true }, mangle: true });
  return `${tight}\n`;
}

/** bundleConsole returns the files of the agents' page, path in dist -> contents. A chunk has a hash of its content in its name. */
export async function bundleConsole() {
  const own = join(root, 'console/pages');
  const sheets = existsSync(own) ? readdirSync(own).filter((name) => name.endsWith('.css')) : [];
  const { outputFiles } = await build({
    ...page,
    splitting: true,
    chunkNames: 'console/[name]-[hash]',
    entryPoints: [
      { in: 'console/main.tsx', out: 'console/main' },
      ...sheets.map((name) => ({ in: `console/pages/${name}`, out: `console/pages/${name.slice(0, -4)}` })),
    ],
  });
  return new Map(outputFiles.map((f) => [relative(dist, f.path).replaceAll('\\', '/'), Buffer.from(f.contents)]));
}

/** The files that the inbox takes: what the page names, and what those scripts import without waiting. */
export function inboxOf(files) {
  const found = new Set(['console/index.html', 'console/main.css', 'console/main.js']);
  for (const name of found) {
    if (!name.endsWith('.js')) continue;
    for (const [, to] of files
      .get(name)
      .toString()
      .matchAll(/(?:from|import)"\.\/([^"]+)"/g))
      found.add(`console/${to}`);
  }
  return [...found];
}

/** Bytes after gzip -9 of some files. */
export const gzipOf = (files, names) => names.reduce((sum, name) => sum + gzipSync(files.get(name), { level: 9 }).length, 0);

/** bundleAll returns every file of dist, path -> contents, without touching the disk. */
export async function bundleAll() {
  const built = await Promise.all([
    ...Object.entries(visitor).map(([name, how]) => build({ ...widget, outfile: `dist/${name}`, ...how })),
    build({ ...page, entryPoints: [{ in: 'demo/main.ts', out: 'demo/main' }] }),
  ]);
  const files = await bundleConsole();
  for (const { outputFiles } of built) for (const f of outputFiles) files.set(relative(dist, f.path), Buffer.from(f.contents));
  for (const name in visitor) files.set(name, Buffer.from(await tighten(files.get(name).toString(), name)));
  for (const still of ['demo/index.html', 'demo/style.css', 'demo/icon.svg', 'console/index.html'])
    files.set(still, readFileSync(join(root, still)));
  return files;
}

/** The published types: what tsc makes of visitor/api.ts, and the two functions that there are. */
export async function declare() {
  const out = mkdtempSync(join(tmpdir(), 'kefu-types-'));
  try {
    const flags = [
      '--ignoreConfig',
      '--declaration',
      '--emitDeclarationOnly',
      '--target',
      'es2022',
      '--lib',
      'es2022,dom',
      '--outDir',
      out,
    ];
    await promisify(execFile)(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...flags,
      join(root, 'visitor/api.ts'),
    ]);
    return `${readFileSync(join(out, 'api.d.ts'), 'utf8')}${FUNCTIONS}`;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const FUNCTIONS = `
/** @example const chat = init({ endpoint: 'wss://your.domain/ws' }) */
export declare const init: Init;
/** @example const chat = createClient({ endpoint: 'wss://your.domain/ws', onMessage: draw }) */
export declare const createClient: CreateClient;
declare global {
    interface Window {
        Kefu?: KefuGlobal;
    }
}
`;

async function main() {
  const files = await bundleAll();
  if (!process.argv.includes('--size')) {
    rmSync(dist, { recursive: true, force: true });
    for (const [name, contents] of files) {
      mkdirSync(dirname(join(dist, name)), { recursive: true });
      writeFileSync(join(dist, name), contents);
    }
    mkdirSync(join(root, 'types'), { recursive: true });
    writeFileSync(join(root, 'types/kefu.d.ts'), await declare());
  }
  for (const name of [...files.keys()].sort()) {
    const gzip = gzipSync(files.get(name), { level: 9 }).length;
    console.log(`${name.padEnd(24)} ${String(files.get(name).length).padStart(7)} B  ${String(gzip).padStart(6)} B gzip`);
    if (gzip > budget[name]) {
      console.error(`${name}: ${gzip} B gzip is over its budget of ${budget[name]} B`);
      process.exitCode = 1;
    }
  }
  const inbox = gzipOf(files, inboxOf(files));
  console.log(`${'the inbox of the console'.padEnd(24)} ${' '.repeat(9)}  ${String(inbox).padStart(6)} B gzip`);
  if (inbox <= INBOX) return;
  console.error(`the inbox: ${inbox} B gzip is over its budget of ${INBOX} B`);
  process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
