import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/engines.e2e.ts'],
    environment: 'node',
    testTimeout: 60_000,
    hookTimeout: 90_000,
    retry: process.env.CI ? 1 : 0, // as in vitest.config.ts
  },
});
