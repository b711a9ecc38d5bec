import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** The fields of a package.json that the checks look at. */
export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** One folder below `packages/`. */
export interface PackageFolder {
  /** Folder name: `vit` for `@audio-ssl/vit`. */
  readonly folder: string;
  readonly path: string;
  readonly manifest: Manifest;
}

/** The packages that are published, sorted by folder name: every folder of `packages/` with a package.json. */
export function publishedPackages(root: string): PackageFolder[] {
  return readdirSync(join(root, 'packages'))
    .sort()
    .map((folder) => ({ folder, path: join(root, 'packages', folder) }))
    .filter(({ path }) => existsSync(join(path, 'package.json')))
    .map((entry) => ({
      ...entry,
      manifest: JSON.parse(readFileSync(join(entry.path, 'package.json'), 'utf8')) as Manifest,
    }));
}

/** The TypeScript files below a folder, sorted; none when the folder is missing. */
export function typescriptFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .sort()
    .map((name) => join(folder, name));
}
