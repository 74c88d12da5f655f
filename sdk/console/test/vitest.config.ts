import { defineConfig } from 'vitest/config';

// The console in a real browser against the fake desk: `vitest run --config console/test/vitest.config.ts`.
export default defineConfig({
  test: {
    include: ['console/test/*.e2e.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // CI shares its cores with others. What fails twice is no starved page.
    retry: process.env.CI ? 1 : 0,
  },
});
