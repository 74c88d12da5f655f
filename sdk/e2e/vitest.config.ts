import { defineConfig } from 'vitest/config';

// One browser at a time: the machines these run on are small, and a page that starves looks like a page that fails.
export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // CI shares its cores with others. What fails twice is no starved page.
    retry: process.env.CI ? 1 : 0,
  },
});
