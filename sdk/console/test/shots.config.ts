import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['console/test/shots.ts'], environment: 'node', testTimeout: 120_000, hookTimeout: 60_000 },
});
