import { readFileSync } from 'node:fs';
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
}

const blocks = ['vit', 'latent-prediction', 'distribution-matching', 'momentum-teacher', 'optim'];
const machinery = ['backend', 'compile', 'datasets', 'evaluation', 'trainer'];
const recipe = ['masking', 'params', 'layers', ...blocks, 'matpac'];

/** The arrows of the workspace: the one place where they are written for the machine. */
export const workspaceArrows: Readonly<Record<string, Arrows>> = {
  'audio-frontend': { ours: [], tensorflow: 'none' },
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
  datasets: { ours: ['audio-frontend', 'params', 'tensor-files'], tensorflow: 'none' },
  matpac: { ours: recipe, tensorflow: 'core' },
  pretrained: { ours: ['audio-frontend', 'tensor-files', ...recipe], tensorflow: 'core' },
  experiment: {
    ours: ['audio-frontend', 'tensor-files', 'pretrained', 'report', ...machinery, ...recipe],
    tensorflow: 'core',
  },
  ablation: {
    ours: ['audio-frontend', 'tensor-files', 'pretrained', 'report', 'experiment', ...machinery, ...recipe],
    tensorflow: 'core',
  },
  cli: { ours: 'all', tensorflow: 'backend' },
};

/**
 * Every breach of the arrows: in the dependencies of a package.json, in the imports of `src/`, and (less strictly: tests
 * may use our test helpers and any TensorFlow.js) in those of `test/`. Empty when all is well.
 */
export function arrowViolations(root: string, arrows: Readonly<Record<string, Arrows>> = workspaceArrows): string[] {
  return publishedPackages(root).flatMap((entry) => {
    const allowed = arrows[entry.folder];
    if (!allowed) return [`packages/${entry.folder}: not in the table of arrows; add it to tools/checks/src/arrows.ts`];
    return [...manifestViolations(entry, allowed), ...importViolations(root, entry, allowed)];
  });
}

function manifestViolations({ folder, manifest }: PackageFolder, allowed: Arrows): string[] {
  const { dependencies, peerDependencies, optionalDependencies } = manifest;
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }).flatMap((name) =>
    breach(name, folder, allowed).map((reason) => `packages/${folder}/package.json: depends on ${name}, ${reason}`),
  );
}

function importViolations(root: string, { folder, path }: PackageFolder, allowed: Arrows): string[] {
  return ['src', 'test'].flatMap((part) => {
    const inTests = part === 'test';
    const rules: Arrows = inTests ? { ...allowed, tensorflow: 'backend' } : allowed;
    return typescriptFiles(resolve(path, part)).flatMap((file) =>
      importedModules(file).flatMap((name) => {
        if (inTests && /^@audio-ssl\/testing(\/|$)/.test(name)) return [];
        const reasons = name.startsWith('.') ? leavesPackage(file, name, path) : breach(name, folder, rules);
        return reasons.map((reason) => `${relative(root, file)}: imports ${name}, ${reason}`);
      }),
    );
  });
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
