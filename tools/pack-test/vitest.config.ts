import { defineConfig } from 'vitest/config';

/** The packed packages, apart from the suite: it needs every package built and takes minutes. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['test/pack.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    reporters: ['verbose'],
  },
});
