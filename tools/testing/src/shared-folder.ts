import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The path of `../shared/<name>`, which stands beside the checkout where the project is built, or `undefined` elsewhere.
 * Use with `describe.skipIf(!folder)`: users do not have these files. Says once that the tests are skipped.
 */
export function sharedFolder(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../../../../shared/${name}`, import.meta.url));
  if (existsSync(path)) return path;
  console.warn(
    `tests that need ../shared/${name} are skipped: it stands beside the checkout only where audio-ssl is developed`,
  );
  return undefined;
}
