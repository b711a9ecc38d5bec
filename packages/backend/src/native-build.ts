import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The release of TensorFlow whose libraries the native backend uses. */
export const TENSORFLOW_VERSION = '2.21.0';
/** The release of tfjs-node-gpu that `audio-ssl setup` installs where there is none. */
export const TFJS_NODE_VERSION = '4.22.0';

/** The C++ sources of the fused operations. */
export const NATIVE_SOURCES = fileURLToPath(new URL('../native', import.meta.url));

/** Tells the sources in native/ from older ones, so that a build of those is not taken for one of these. */
function nativeVersion(): string {
  if (!existsSync(NATIVE_SOURCES)) {
    throw new Error(
      `the C++ sources of @audio-ssl/backend are not in ${NATIVE_SOURCES}; if it is part of a bundle, leave it outside`,
    );
  }
  return readdirSync(NATIVE_SOURCES)
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort()
    .reduce((hash, name) => hash.update(name).update(readFileSync(join(NATIVE_SOURCES, name))), createHash('sha256'))
    .digest('hex')
    .slice(0, 8);
}

/** Which library a native build holds: the processor's alone, or the CUDA one. */
export type Flavour = 'cpu' | 'gpu';

/** An installed `@tensorflow/tfjs-node-gpu`: its JavaScript and its binding's source serve both flavours. */
export interface NodePackage {
  readonly folder: string;
  readonly version: string;
}

/** The folder that native builds are kept in: `$AUDIO_SSL_CACHE`, else `audio-ssl` in the user's cache folder. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env['AUDIO_SSL_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'audio-ssl');
}

/** The folder of one build: a build is complete if this exists, because it is renamed into place as the last step. */
export function buildFolder(flavour: Flavour, version: string, root = cacheFolder()): string {
  return join(
    root,
    'native',
    `tensorflow-${TENSORFLOW_VERSION}-tfjs-${version}-native-${nativeVersion()}-${process.platform}-${process.arch}-${flavour}`,
  );
}

/** The compiled binding in a build's folder. */
export const bindingIn = (folder: string): string => join(folder, 'tfjs_binding.node');

/** Where tfjs-node looks for its binding: Node-API version 8 is the newest it knows. */
export const bindingOf = (nodePackage: NodePackage): string =>
  join(nodePackage.folder, 'lib', 'napi-v8', 'tfjs_binding.node');

/** Finds `@tensorflow/tfjs-node-gpu` in the project of the working directory, else beside this package. */
export function findNodePackage(cwd = process.cwd()): NodePackage | undefined {
  for (const from of [join(cwd, 'package.json'), import.meta.url]) {
    try {
      const path = createRequire(from).resolve('@tensorflow/tfjs-node-gpu/package.json');
      return {
        folder: dirname(path),
        version: (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version,
      };
    } catch {
      // not there: the next place
    }
  }
  return undefined;
}

/** The finished builds for one version of tfjs-node, the CUDA one first. */
export function findBuilds(
  version: string,
  root = cacheFolder(),
): { readonly flavour: Flavour; readonly folder: string }[] {
  return (['gpu', 'cpu'] as const)
    .map((flavour) => ({ flavour, folder: buildFolder(flavour, version, root) }))
    .filter(({ folder }) => existsSync(bindingIn(folder)));
}

/** Whether tfjs-node finds `binding`. */
export function isPlaced(nodePackage: NodePackage, binding: string): boolean {
  const place = bindingOf(nodePackage);
  return isLink(place) && readlinkSync(place) === binding;
}

/** Puts a link to `binding` where tfjs-node looks; processes that start at the same moment do no harm. */
export function placeBinding(nodePackage: NodePackage, binding: string): void {
  if (isPlaced(nodePackage, binding)) return;
  const place = bindingOf(nodePackage);
  mkdirSync(dirname(place), { recursive: true });
  const link = `${place}.${process.pid}`;
  rmSync(link, { force: true });
  symlinkSync(binding, link);
  renameSync(link, place);
}

/** Places a cached build's binding where tfjs-node has none, as after `npm ci`, or one of an older build of ours. */
export function placeMissingBinding(nodePackage: NodePackage): void {
  const builds = findBuilds(nodePackage.version);
  const place = bindingOf(nodePackage);
  const older =
    isLink(place) &&
    readlinkSync(place).startsWith(join(cacheFolder(), 'native')) &&
    !builds.some(({ folder }) => isPlaced(nodePackage, bindingIn(folder)));
  if (builds[0] && (!existsSync(place) || older)) placeBinding(nodePackage, bindingIn(builds[0].folder));
}

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
