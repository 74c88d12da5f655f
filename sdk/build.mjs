// Builds sdk/dist, which is committed and embedded by embed.go: `node build.mjs`. With --size it writes nothing and only
// weighs. The same input gives the same bytes: no hashes of time, no absolute paths, no source maps, the directory is made anew.
//
//   visitor/iife.ts  -> kefu.js      the <script async> of a shop's page: sets window.Kefu
//   visitor/panel.ts -> kefu-panel.mjs  its panel, loaded when a visitor reaches for it
//   visitor/poll.ts  -> kefu-poll.mjs   long-polling, loaded where no WebSocket gets through
//   visitor/index.ts -> kefu.mjs     all of it for bundlers: importing it does nothing
//   console/         -> console/     the agents' page
//   demo/            -> demo/        an H5 shop with the widget on it
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { minify } from 'terser';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');

/** Bytes after gzip -9 that a file may weigh. A visitor on a phone pays for every one of them. */
export const budget = { 'kefu.js': 8_000, 'kefu-panel.mjs': 7_500, 'kefu-poll.mjs': 1_500 };

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
const widget = { ...common, target: 'es2021', plugins: [sheetAsText] };
const page = { ...common, target: 'es2022', format: 'esm', outdir: 'dist', jsx: 'automatic', jsxImportSource: 'preact' };

/**
 * One more look at what every shop's page loads: terser folds what esbuild leaves, a twentieth of it. No function of ours
 * uses `this` or `new`, so each may become an arrow.
 */
async function tighten(code, module) {
  const { code: tight } = await minify(code, { ecma: 2020, module, compress: { passes: 3, unsafe_arrows: true }, mangle: true });
  return `${tight}\n`;
}

/** bundleAll returns every file of dist, path -> contents, without touching the disk. */
export async function bundleAll() {
  const built = await Promise.all([
    build({ ...widget, entryPoints: ['visitor/iife.ts'], format: 'iife', outfile: 'dist/kefu.js' }),
    build({ ...widget, entryPoints: ['visitor/index.ts'], format: 'esm', outfile: 'dist/kefu.mjs' }),
    build({ ...widget, entryPoints: ['visitor/panel.ts'], format: 'esm', outfile: 'dist/kefu-panel.mjs' }),
    build({ ...widget, entryPoints: ['visitor/poll.ts'], format: 'esm', outfile: 'dist/kefu-poll.mjs' }),
    build({ ...page, entryPoints: [{ in: 'demo/main.ts', out: 'demo/main' }] }),
    build({ ...page, entryPoints: [{ in: 'console/main.tsx', out: 'console/main' }] }),
  ]);
  const files = new Map();
  for (const { outputFiles } of built) for (const f of outputFiles) files.set(relative(dist, f.path), Buffer.from(f.contents));
  for (const name of ['kefu.js', 'kefu.mjs', 'kefu-panel.mjs', 'kefu-poll.mjs']) {
    const code = files.get(name).toString();
    files.set(name, Buffer.from(await tighten(code, name.endsWith('.mjs'))));
  }
  for (const still of ['demo/index.html', 'demo/style.css', 'demo/icon.svg', 'console/index.html'])
    files.set(still, readFileSync(join(root, still)));
  return files;
}

async function main() {
  const files = await bundleAll();
  if (!process.argv.includes('--size')) {
    rmSync(dist, { recursive: true, force: true });
    for (const [name, contents] of files) {
      mkdirSync(dirname(join(dist, name)), { recursive: true });
      writeFileSync(join(dist, name), contents);
    }
  }
  for (const name of [...files.keys()].sort()) {
    const gzip = gzipSync(files.get(name), { level: 9 }).length;
    console.log(`${name.padEnd(24)} ${String(files.get(name).length).padStart(7)} B  ${String(gzip).padStart(6)} B gzip`);
    if (gzip > budget[name]) {
      console.error(`${name}: ${gzip} B gzip is over its budget of ${budget[name]} B`);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
