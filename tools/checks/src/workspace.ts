import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** The fields of a package.json that the checks look at. */
export interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
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

/** The source file of each entry point: those of `exports` that lead to TypeScript. */
export function entrySources({ path, manifest }: PackageFolder): string[] {
  return Object.values(manifest.exports ?? {}).flatMap((target) => {
    const source = typeof target === 'object' && (target as Record<string, string> | null)?.['@audio-ssl/source'];
    return source ? [join(path, source)] : [];
  });
}

/** Every workspace with a package.json: packages, examples, tools and the bench. */
export function workspaceFolders(root: string): string[] {
  const below = ['packages', 'examples', 'tools'].flatMap((group) =>
    existsSync(join(root, group)) ? readdirSync(join(root, group)).map((folder) => join(root, group, folder)) : [],
  );
  return [...below, join(root, 'bench')].filter((path) => existsSync(join(path, 'package.json'))).sort();
}

/** The TypeScript files below a folder, sorted; none when the folder is missing. */
export function typescriptFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .sort()
    .map((name) => join(folder, name));
}
