// `npm run compare`: what others' transports weigh beside ours, for the table in README.md. It installs them into a
// directory of its own, which it removes; they are no dependency of Kefu. Same bundler, same flags, gzip -9.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { bundleAll } from './build.mjs';

/** Package, version, and what an application that only talks uses of it. */
const others = [
  ['@rails/actioncable', '8.1.400', "export { createConsumer } from '@rails/actioncable'"],
  ['phoenix', '1.8.16', "export { Socket, LongPoll } from 'phoenix'"],
  ['socket.io-client', '4.8.4', "export { io } from 'socket.io-client'"],
  ['centrifuge', '5.8.0', "export { Centrifuge } from 'centrifuge'"],
];

const rows = [];
const weigh = (name, ...parts) => {
  const size = (pack) => parts.reduce((sum, part) => sum + pack(part).length, 0);
  rows.push({
    name,
    min: size((b) => b),
    gzip: size((b) => gzipSync(b, { level: 9 })),
    brotli: size((b) => brotliCompressSync(b)),
  });
};

const dir = mkdtempSync(join(tmpdir(), 'kefu-compare-'));
try {
  writeFileSync(join(dir, 'package.json'), '{"private":true}');
  const names = others.map(([name, version]) => `${name}@${version}`);
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...names], {
    cwd: dir,
    stdio: 'inherit',
  });
  for (const [name, version, contents] of others) {
    const options = {
      bundle: true,
      minify: true,
      write: false,
      format: 'iife',
      target: 'es2020',
      legalComments: 'none',
      globalName: 'other',
    };
    const { outputFiles } = await build({ ...options, stdin: { contents, resolveDir: dir } });
    weigh(`${name} ${version}`, outputFiles[0].contents);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}

const ours = await bundleAll();
const file = (name) => ours.get(name);
weigh("Kefu: kefu.mjs, the page's half, headless", file('kefu.mjs'));
weigh('Kefu: kefu-core.mjs, the connection and the outbox', file('kefu-core.mjs'));
weigh('Kefu: both, headless in all', file('kefu.mjs'), file('kefu-core.mjs'));
weigh('Kefu: kefu-poll.mjs, where it is needed', file('kefu-poll.mjs'));
weigh("Kefu: kefu.js, a page nobody chats on with lazy: 'new'", file('kefu.js'));
weigh('Kefu: + core, a page nobody chats on', file('kefu.js'), file('kefu-core.mjs'));
weigh('Kefu: + panel, a chat', file('kefu.js'), file('kefu-core.mjs'), file('kefu-panel.mjs'));
weigh(
  'Kefu: + extras, menu, notice: all of it',
  ...['.js', '-core.mjs', '-panel.mjs', '-extras.mjs', '-menu.mjs', '-notice.mjs'].map((end) => file(`kefu${end}`)),
);
weigh('Kefu: kefu.es2017.js, all of it in one', file('kefu.es2017.js'));

console.log('| | min | gzip -9 | brotli 11 |\n|---|---:|---:|---:|');
for (const { name, ...sizes } of rows)
  console.log(
    `| ${name} | ${Object.values(sizes)
      .map((n) => n.toLocaleString('en'))
      .join(' | ')} |`,
  );
