import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { marked, type Token, type Tokens } from 'marked';
import ts from 'typescript';
import { entrySources, publishedPackages, type PackageFolder } from './workspace.js';

const headings = ['What', 'Install', 'Use', 'API', 'References'];

/** What every package's README lacks of the agreed form: headings, install line, one example, a row per export. */
export function readmeViolations(root: string): string[] {
  return publishedPackages(root).flatMap((entry) =>
    problems(entry).map((problem) => `packages/${entry.folder}/README.md: ${problem}`),
  );
}

/** The code of the one TypeScript example under `## Use`. */
export function useExample(markdown: string): string {
  const examples = section(markdown, 'Use').filter(
    (token): token is Tokens.Code => token.type === 'code' && token['lang'] === 'ts',
  );
  if (examples.length !== 1) throw new Error(`expected one \`\`\`ts block under "## Use", got ${examples.length}`);
  return examples[0]!.text;
}

function problems(entry: PackageFolder): string[] {
  const { path, manifest } = entry;
  const file = join(path, 'README.md');
  if (!existsSync(file)) return ['is missing'];
  const markdown = readFileSync(file, 'utf8');
  const found = marked.lexer(markdown).filter((token): token is Tokens.Heading => token.type === 'heading');
  const title = found.filter(({ depth }) => depth === 1).map(({ text }) => text);
  const sections = found.filter(({ depth }) => depth === 2).map(({ text }) => text);
  const install = text(section(markdown, 'Install'));
  const api = text(section(markdown, 'API'));
  const peers = Object.keys(manifest.peerDependencies ?? {}).filter(
    (name) => !manifest.peerDependenciesMeta?.[name]?.optional,
  );
  const names = new Set(entrySources(entry).flatMap(exportedNames));
  const missing = [...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(api));
  return [
    ...(title.join() === manifest.name ? [] : [`expected the title "${manifest.name}", got "${title.join()}"`]),
    ...(sections.join() === headings.join()
      ? []
      : [`expected the sections ${headings.join(', ')}, got ${sections.join(', ') || 'none'}`]),
    ...[manifest.name, ...peers]
      .filter((name) => !install.includes(name))
      .map((name) => `"## Install" does not name ${name}`),
    ...(missing.length > 0 ? [`"## API" does not name the exports ${missing.join(', ')}`] : []),
    ...exampleProblem(markdown),
  ];
}

function exampleProblem(markdown: string): string[] {
  try {
    useExample(markdown);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

function section(markdown: string, title: string): Token[] {
  const tokens = marked.lexer(markdown);
  const start = tokens.findIndex(
    (token) => token.type === 'heading' && token['depth'] === 2 && token['text'] === title,
  );
  if (start < 0) return [];
  const length = tokens.slice(start + 1).findIndex((token) => token.type === 'heading' && token['depth'] <= 2);
  return tokens.slice(start + 1, length < 0 ? undefined : start + 1 + length);
}

function text(tokens: readonly Token[]): string {
  return tokens.map(({ raw }) => raw).join('');
}

/** Names of the values that an entry point exports, those that it declares and those that it passes on by name. */
function exportedNames(entry: string): string[] {
  const source = ts.createSourceFile(entry, readFileSync(entry, 'utf8'), ts.ScriptTarget.ES2022);
  return source.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      if (statement.isTypeOnly || !statement.exportClause || !ts.isNamedExports(statement.exportClause)) return [];
      return statement.exportClause.elements.flatMap(({ name, isTypeOnly }) => (isTypeOnly ? [] : [name.text]));
    }
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) return [statement.name!.text];
    if (!ts.isVariableStatement(statement)) return [];
    return statement.declarationList.declarations.map(({ name }) => (name as ts.Identifier).text);
  });
}
