import type { Dataset } from '@audio-ssl/datasets';

/** Says which audio of a folder is left out because it cannot be decoded: `5 .mp3 files left out; convert ...`. */
export function undecodableFiles({ undecodable = {} }: Dataset): string | undefined {
  const kinds = Object.entries(undecodable).map(([extension, count]) => `${count} ${extension}`);
  if (kinds.length === 0) return undefined;
  const one = kinds.length === 1 && Object.values(undecodable)[0] === 1;
  return `${kinds.join(', ')} file${one ? '' : 's'} left out; convert ${one ? 'it' : 'them'} to .wav or .flac`;
}
