import { defineConfig, type Options } from 'tsup';

/** The one build of every package: ESM and types, one file per entry, dependencies left outside. */
export function build(
  entry: readonly string[] = ['src/index.ts'],
  options: Options = {},
): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry: [...entry],
    format: 'esm',
    target: 'es2022',
    dts: true,
    clean: true,
    sourcemap: true,
    treeshake: true,
    silent: true,
    ...options,
  });
}
