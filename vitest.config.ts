import { defineConfig } from 'vitest/config';

const conditions = ['@audio-ssl/source'];
const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
} as const;
const test = { setupFiles: ['tools/testing/src/start-backend.ts'], testTimeout: 60_000, hookTimeout: 60_000 };

/**
 * The whole suite runs on the best backend of the machine (`tensorflow` after `audio-ssl setup`, else `wasm`);
 * files named `*.everywhere.test.ts` hold on every backend and run on `wasm` and `cpu` too.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        ...shared,
        test: {
          ...test,
          name: 'best',
          include: ['{packages,tools,examples,bench}/*/test/**/*.test.ts'],
          exclude: ['**/pack.test.ts'],
        },
      },
      ...(['wasm', 'cpu'] as const).map((name) => ({
        ...shared,
        test: { ...test, name, include: ['packages/*/test/**/*.everywhere.test.ts'], env: { AUDIO_SSL_BACKEND: name } },
      })),
    ],
  },
});
