import { defineConfig } from 'vitest/config';

// Node is enough for everything headless; what needs a page is in e2e/, in a real browser.
export default defineConfig({
  test: {
    include: ['{visitor,console,testing,demo}/**/*.test.{ts,tsx}', '*.test.ts'],
    environment: 'node',
    testTimeout: 30_000, // the machines these run on are small and busy
    restoreMocks: true,
  },
});
