/** Frames in a row that make a stream: four headers that agree don't stand in other files by chance. */
const FRAMES = 4;

const BITRATES = {
  11: [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  12: [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  13: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  21: [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  22: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;

/** Where a run of MPEG audio frames (ISO 11172-3, 13818-3) starts in `bytes`: streams that were cut anywhere start inside a frame. */
export function mpegStart(bytes: Uint8Array): number | undefined {
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xe0) !== 0xe0) continue;
    let next = at;
    let count = 0;
    for (let length = frameLength(bytes, at); length && sameKind(bytes, at, next); length = frameLength(bytes, next)) {
      next += length;
      count++;
      if (count === FRAMES) return at;
    }
  }
  return undefined;
}

/** Version, layer and sample rate stay the same through a stream. */
function sameKind(bytes: Uint8Array, first: number, other: number): boolean {
  return bytes[first + 1] === bytes[other + 1] && ((bytes[first + 2]! ^ bytes[other + 2]!) & 0x0c) === 0;
}

/** The bytes of the frame whose header stands at `at`, 0 when there is none. */
function frameLength(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xe0) !== 0xe0) return 0;
  const version = [2.5, 0, 2, 1][(bytes[at + 1]! >> 3) & 3]!;
  const layer = 4 - ((bytes[at + 1]! >> 1) & 3);
  const rate = bytes[at + 2]! >> 4;
  const frequency = [44100, 48000, 32000][(bytes[at + 2]! >> 2) & 3];
  if (version === 0 || layer === 4 || rate === 0 || rate === 15 || frequency === undefined) return 0;
  const table = version === 1 ? BITRATES[`1${layer as 1 | 2 | 3}`] : BITRATES[layer === 1 ? 21 : 22];
  const bits = table[rate - 1]! * 1000;
  const hertz = frequency / (version === 1 ? 1 : version === 2 ? 2 : 4);
  const padding = (bytes[at + 2]! >> 1) & 1;
  if (layer === 1) return 4 * (Math.floor((12 * bits) / hertz) + padding);
  return Math.floor(((layer === 3 && version !== 1 ? 72 : 144) * bits) / hertz) + padding;
}
