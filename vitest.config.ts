import { defineConfig } from 'vitest/config';

const conditions = ['@audio-ssl/source'];
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } } as const;
const timeouts = { testTimeout: 60_000, hookTimeout: 60_000 };
const onBackend = { ...timeouts, setupFiles: ['tools/testing/src/start-backend.ts'] };

/** Packages that know no tensor library: their tests start no backend. */
const tensorFree = ['packages/{audio-decoders,audio-frontend,datasets,masking,report}', 'tools/{checks,fuzz}'].map(
  (folder) => `${folder}/test/**/*.test.ts`,
);

/**
 * The whole suite runs on the best backend of the machine (`tensorflow` after `audio-ssl setup`, else `wasm`), or on none
 * where none is needed; files named `*.everywhere.test.ts` hold on every backend and run on `wasm` and `cpu` too.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { ...shared, test: { ...timeouts, name: 'plain', include: tensorFree } },
      {
        ...shared,
        test: {
          ...onBackend,
          name: 'best',
          include: ['{packages,tools,examples,bench}/*/test/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/pack.test.ts', ...tensorFree],
        },
      },
      ...(['wasm', 'cpu'] as const).map((name) => ({
        ...shared,
        test: {
          ...onBackend,
          name,
          include: ['packages/*/test/**/*.everywhere.test.ts'],
          env: { AUDIO_SSL_BACKEND: name },
        },
      })),
    ],
  },
});
