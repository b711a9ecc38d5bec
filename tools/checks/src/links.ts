import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import GithubSlugger from 'github-slugger';
import { marked, type Tokens } from 'marked';

/** Relative links and images in the tracked Markdown files that lead nowhere, anchors included. */
export function linkViolations(root: string): string[] {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  });
  return files
    .split('\n')
    .filter((file) => file && existsSync(join(root, file)))
    .flatMap((file) => brokenLinks(join(root, file)).map((link) => `${file}: ${link} leads nowhere`));
}

/** Pages of `docs/decisions/` that its index does not link. */
export function indexViolations(root: string): string[] {
  const folder = join(root, 'docs', 'decisions');
  const linked = links(join(folder, 'README.md'));
  return readdirSync(folder)
    .filter((name) => name !== 'README.md' && !linked.includes(name))
    .map((name) => `docs/decisions/README.md: does not link ${name}`);
}

function brokenLinks(file: string): string[] {
  return links(file).filter((link) => !/^[a-z]+:/i.test(link) && !leadsSomewhere(file, link));
}

function links(file: string): string[] {
  const found: string[] = [];
  marked.walkTokens(marked.lexer(readFileSync(file, 'utf8')), (token) => {
    if (token.type === 'link' || token.type === 'image') found.push((token as Tokens.Link).href);
  });
  return found;
}

function leadsSomewhere(file: string, link: string): boolean {
  const [path = '', anchor] = decodeURI(link).split('#');
  const target = path ? resolve(dirname(file), path) : file;
  if (!existsSync(target)) return false;
  return !anchor || statSync(target).isDirectory() || !target.endsWith('.md') || anchors(target).includes(anchor);
}

function anchors(file: string): string[] {
  const slugger = new GithubSlugger();
  const found: string[] = [];
  marked.walkTokens(marked.lexer(readFileSync(file, 'utf8')), (token) => {
    if (token.type === 'heading') found.push(slugger.slug((token as Tokens.Heading).text.replaceAll('`', '')));
  });
  return found;
}
