import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { publishedPackages, typescriptFiles, type PackageFolder } from './workspace.js';

/** What one package may import. */
export interface Arrows {
  /** Folder names of our packages that it may import. */
  readonly ours: readonly string[] | 'all';
  /**
   * How much of TensorFlow.js it may know: nothing, the functions of the core, or a backend too. Only the package that
   * starts a backend and the command line know one (docs/decisions/0003-arrows.md).
   */
  readonly tensorflow: 'none' | 'core' | 'backend';
  /** Of `ours`, those whose types alone it may import. */
  readonly typesOf?: readonly string[];
  /** Files of `src/` that are programs of their own, run as a process: they may import values of `typesOf`, too. */
  readonly programs?: readonly string[];
}

/**
 * Entries that load no tensor library, of packages that otherwise do: what a package without one may import of those.
 * Each is `src/<entry>.ts`.
 */
const lightEntries: readonly string[] = ['@audio-ssl/params/random', '@audio-ssl/tensor-files/node'];

const blocks = ['vit', 'latent-prediction', 'distribution-matching', 'momentum-teacher', 'optim'];
const machinery = ['backend', 'compile', 'datasets', 'evaluation', 'trainer'];
const recipe = ['masking', 'params', 'layers', ...blocks, 'matpac'];

/** The arrows of the workspace: the one place where they are written for the machine. */
export const workspaceArrows: Readonly<Record<string, Arrows>> = {
  'audio-decoders': { ours: [], tensorflow: 'none' },
  'audio-frontend': { ours: ['audio-decoders'], tensorflow: 'none' },
  masking: { ours: [], tensorflow: 'none' },
  report: { ours: [], tensorflow: 'none' },
  params: { ours: [], tensorflow: 'core' },
  evaluation: { ours: ['params'], tensorflow: 'core' },
  'tensor-files': { ours: ['params'], tensorflow: 'core' },
  layers: { ours: ['params'], tensorflow: 'core' },
  vit: { ours: ['params', 'layers', 'masking'], tensorflow: 'core' },
  'latent-prediction': { ours: ['params', 'layers'], tensorflow: 'core' },
  'distribution-matching': { ours: ['params', 'layers'], tensorflow: 'core' },
  'momentum-teacher': { ours: ['params'], tensorflow: 'core' },
  optim: { ours: ['params'], tensorflow: 'core' },
  backend: { ours: ['params'], tensorflow: 'backend' },
  compile: { ours: ['params'], tensorflow: 'core' },
  trainer: { ours: ['params', 'tensor-files'], tensorflow: 'core' },
  datasets: { ours: ['audio-decoders', 'audio-frontend', 'params', 'tensor-files'], tensorflow: 'none' },
  matpac: { ours: recipe, tensorflow: 'core' },
  pretrained: { ours: ['audio-frontend', 'tensor-files', ...recipe], tensorflow: 'core' },
  experiment: {
    ours: ['audio-decoders', 'audio-frontend', 'tensor-files', 'pretrained', 'report', ...machinery, ...recipe],
    tensorflow: 'core',
    typesOf: ['backend'],
  },
  ablation: {
    ours: ['audio-frontend', 'tensor-files', 'pretrained', 'report', 'experiment', ...machinery, ...recipe],
    tensorflow: 'core',
    typesOf: ['backend'],
    programs: ['worker.ts'],
  },
  cli: { ours: 'all', tensorflow: 'backend' },
};

/**
 * Every breach of the arrows: in the dependencies of a package.json, in the imports of `src/`, and (less strictly: tests
 * may use our test helpers and any TensorFlow.js) in those of `test/`. Empty when all is well.
 */
export function arrowViolations(root: string, arrows: Readonly<Record<string, Arrows>> = workspaceArrows): string[] {
  const packages = publishedPackages(root).flatMap((entry) => {
    const allowed = arrows[entry.folder];
    if (!allowed) return [`packages/${entry.folder}: not in the table of arrows; add it to tools/checks/src/arrows.ts`];
    const heavy = (name: string): boolean =>
      allowed.tensorflow === 'none' &&
      !lightEntries.includes(name) &&
      (arrows[/^@audio-ssl\/([^/]+)/.exec(name)?.[1] ?? '']?.tensorflow ?? 'none') !== 'none';
    return [...manifestViolations(entry, allowed), ...importViolations(root, entry, allowed, heavy)];
  });
  return [...packages, ...lightEntries.flatMap((entry) => weightOf(root, entry))];
}

/** Imports by which a light entry loads a tensor library after all; types are erased, and load nothing. */
function weightOf(root: string, entry: string): string[] {
  const [, folder, name] = entry.split('/');
  const reached = new Set([resolve(root, 'packages', folder!, 'src', `${name}.ts`)]);
  const heavy: string[] = [];
  for (const file of reached) {
    if (!existsSync(file)) continue;
    for (const imported of importedValues(file)) {
      if (imported.startsWith('.')) reached.add(resolve(dirname(file), imported.replace(/\.js$/, '.ts')));
      else if (
        imported.startsWith('@tensorflow/') ||
        (imported.startsWith('@audio-ssl/') && !lightEntries.includes(imported))
      ) {
        heavy.push(`${relative(root, file)}: imports ${imported}, but ${entry} is to load no tensor library`);
      }
    }
  }
  return heavy;
}

function manifestViolations({ folder, manifest }: PackageFolder, allowed: Arrows): string[] {
  const { dependencies, peerDependencies, optionalDependencies } = manifest;
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }).flatMap((name) =>
    breach(name, folder, allowed).map((reason) => `packages/${folder}/package.json: depends on ${name}, ${reason}`),
  );
}

function importViolations(
  root: string,
  { folder, path }: PackageFolder,
  allowed: Arrows,
  heavy: (name: string) => boolean,
): string[] {
  const typesAlone = (file: string, name: string): boolean =>
    allowed.typesOf?.some((other) => name === `@audio-ssl/${other}`) === true &&
    !allowed.programs?.includes(relative(resolve(path, 'src'), file)) &&
    importedValues(file).includes(name);
  return ['src', 'test'].flatMap((part) => {
    const inTests = part === 'test';
    const rules: Arrows = inTests ? { ...allowed, tensorflow: 'backend' } : allowed;
    return typescriptFiles(resolve(path, part)).flatMap((file) =>
      importedModules(file).flatMap((name) => {
        if (inTests && /^@audio-ssl\/testing(\/|$)/.test(name)) return [];
        const reasons = name.startsWith('.') ? leavesPackage(file, name, path) : breach(name, folder, rules);
        if (!inTests && reasons.length === 0 && heavy(name)) {
          reasons.push(`which loads a tensor library; the entries that do not are ${lightEntries.join(', ')}`);
        }
        if (!inTests && typesAlone(file, name)) reasons.push('of which it may import types alone');
        return reasons.map((reason) => `${relative(root, file)}: imports ${name}, ${reason}`);
      }),
    );
  });
}

/** The modules that a file loads when it runs, at once or by `import()`: types left out. */
function importedValues(file: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const dynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
    const isStatic =
      (ts.isImportDeclaration(node) && !node.importClause?.isTypeOnly) ||
      (ts.isExportDeclaration(node) && !node.isTypeOnly);
    const specifier = dynamic ? node.arguments[0] : isStatic ? node.moduleSpecifier : undefined;
    if (specifier && ts.isStringLiteral(specifier)) found.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022));
  return found;
}

function importedModules(file: string): string[] {
  return ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles.map(({ fileName }) => fileName);
}

function leavesPackage(file: string, name: string, path: string): string[] {
  const target = resolve(dirname(file), name);
  return target === path || target.startsWith(path + sep) ? [] : ['which is outside the package'];
}

function breach(name: string, folder: string, allowed: Arrows): string[] {
  const [scope, rest = ''] = name.split('/');
  if (scope === '@audio-ssl') {
    if (rest === folder || allowed.ours === 'all' || allowed.ours.includes(rest)) return [];
    return [`but may import only ${allowed.ours.join(', ') || 'nothing of ours'}`];
  }
  if (scope !== '@tensorflow' || allowed.tensorflow === 'backend') return [];
  if (allowed.tensorflow === 'none') return ['but is to stay free of a tensor library'];
  return rest === 'tfjs-core' ? [] : ['but a block may know only @tensorflow/tfjs-core, no backend'];
}
