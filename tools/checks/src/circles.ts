import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { publishedPackages, typescriptFiles, workspaceFolders } from './workspace.js';

/** What each file, or package, imports. */
type Graph = ReadonlyMap<string, readonly string[]>;

/**
 * Circles of imports, one line each: between the files of one workspace (types count, as a reader follows them, too), and
 * between the packages, by the dependencies in their package.json. Empty when there is none.
 */
export function circleViolations(root: string): string[] {
  const between = circles(packageGraph(root)).map((circle) => `packages: ${circle.join(' and ')} depend on each other`);
  const within = workspaceFolders(root).flatMap((folder) =>
    circles(fileGraph(folder)).map(
      (circle) => `${circle.map((file) => relative(root, file)).join(' and ')} import each other`,
    ),
  );
  return [...between, ...within];
}

function packageGraph(root: string): Graph {
  const packages = publishedPackages(root);
  const names = new Set(packages.map(({ manifest }) => manifest.name));
  return new Map(
    packages.map(({ manifest: { name, dependencies, peerDependencies, optionalDependencies } }) => [
      name,
      Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }).filter((other) =>
        names.has(other),
      ),
    ]),
  );
}

function fileGraph(folder: string): Graph {
  return new Map(
    typescriptFiles(join(folder, 'src')).map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
      const imported = importedFiles.flatMap(({ fileName }) => {
        const target = resolve(dirname(file), fileName.replace(/\.js$/, '.ts'));
        return fileName.startsWith('.') && existsSync(target) ? [target] : [];
      });
      return [file, imported];
    }),
  );
}

/**
 * The sets of two or more nodes that reach each other, or of one that reaches itself (strongly connected components).
 *
 * R. Tarjan, Depth-first search and linear graph algorithms, SIAM Journal on Computing 1, 1972.
 */
function circles(graph: Graph): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): void => {
    order.set(node, order.size);
    lowest.set(node, order.get(node)!);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) lowest.set(node, Math.min(lowest.get(node)!, lowest.get(next)!));
    }
    if (lowest.get(node) !== order.get(node)) return;
    const component = stack.splice(stack.indexOf(node));
    if (component.length > 1 || graph.get(node)?.includes(node)) found.push(component.sort());
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
}
