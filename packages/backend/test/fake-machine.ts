import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';

const folders: string[] = [];
const disks: string[] = [];
const environment = { ...process.env };
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  for (const disk of disks.splice(0)) execFileSync('/bin/umount', [disk]);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'audio-ssl-test-'));
  folders.push(folder);
  return folder;
}

/** The real python3, if it has pip. */
export const python = ((): string | undefined => {
  const found = spawnSync('python3', ['-c', 'import pip, sys; print(sys.executable)'], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : undefined;
})();

/** Lets PATH hold nothing but these commands until the test ends: shell scripts, or links to a real program. */
export function onlyTheseCommands(commands: Readonly<Record<string, string>>): void {
  const folder = temporaryFolder();
  for (const [name, body] of Object.entries(commands)) {
    const path = join(folder, name);
    if (body.startsWith('/')) {
      symlinkSync(body, path);
    } else {
      writeFileSync(path, `#!/bin/sh\n${body}\n`);
      chmodSync(path, 0o755);
    }
  }
  process.env['PATH'] = folder;
}

/** A wheel with these files, made as pip expects one; `lie` puts a wrong hash into its RECORD. */
export function writeWheel(
  folder: string,
  files: Readonly<Record<string, string>>,
  { lie = false, record = true } = {},
): string {
  const path = join(folder, 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl');
  const program = `
import base64, hashlib, json, sys, zipfile
path, files, lie, record = json.load(sys.stdin)
info = 'tensorflow_cpu-2.21.0.dist-info/'
files[info + 'METADATA'] = 'Metadata-Version: 2.1\\nName: tensorflow-cpu\\nVersion: 2.21.0\\n'
files[info + 'WHEEL'] = 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: false\\nTag: cp311-cp311-manylinux_2_27_x86_64\\n'
sha = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')
lines = [f'{name},sha256={sha(text + ("x" if lie else ""))},{len(text)}' for name, text in files.items()]
if record: files[info + 'RECORD'] = '\\n'.join(lines + [info + 'RECORD,,', ''])
with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as wheel:
    for name, text in files.items(): wheel.writestr(name, text)
`;
  execFileSync(python!, ['-c', program], { input: JSON.stringify([path, files, lie, record]) });
  return path;
}

/** The part of TensorFlow's wheel that the set-up takes, with contents of no use. */
export const TENSORFLOW_FILES = {
  'tensorflow/libtensorflow_cc.so.2': 'not a library\n'.repeat(5000),
  'tensorflow/libtensorflow_framework.so.2': 'not a library',
  'tensorflow/include/tensorflow/c/c_api.h': '// nothing',
  'tensorflow/python/ops.py': 'left where it is',
};

/** A project with a copy of tfjs-node-gpu that has no binding, everything else linked from this repository; the caller removes it. */
export function projectWithoutBinding(): string {
  const project = mkdtempSync(join(tmpdir(), 'audio-ssl-test-'));
  const nodePackage = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json'));
  const modules = dirname(dirname(nodePackage));
  writeFileSync(join(project, 'package.json'), '{}');
  mkdirSync(join(project, 'node_modules', '@tensorflow'), { recursive: true });
  const link = (name: string): void => symlinkSync(join(modules, name), join(project, 'node_modules', name));
  for (const name of readdirSync(modules)) if (name !== '@tensorflow' && !name.startsWith('.')) link(name);
  for (const name of readdirSync(join(modules, '@tensorflow')))
    if (name !== 'tfjs-node-gpu') link(join('@tensorflow', name));
  cpSync(nodePackage, join(project, 'node_modules', '@tensorflow', 'tfjs-node-gpu'), {
    recursive: true,
    filter: (path) => !path.startsWith(join(nodePackage, 'lib')),
  });
  return project;
}

/** A file system of 2 MB, or `undefined` where we may not mount one. */
export function smallDisk(): string | undefined {
  const folder = temporaryFolder();
  const mounted = spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]).status === 0;
  if (mounted) disks.push(folder);
  return mounted ? folder : undefined;
}
