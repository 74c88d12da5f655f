import { defineConfig } from 'vitest/config';

// Two files at a time: they mostly wait. More on a small machine, and a page that starves looks like one that fails.
export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    environment: 'node',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // CI shares its cores with others. What fails twice is no starved page.
    retry: process.env.CI ? 1 : 0,
  },
});
