import type { Spectrogram } from '@audio-ssl/audio-frontend';

/**
 * Pieces of a spectrogram as one.
 *
 * @throws Error for none
 */
export async function joinInTime(pieces: AsyncIterable<Spectrogram> | Iterable<Spectrogram>): Promise<Spectrogram> {
  const all: Spectrogram[] = [];
  for await (const piece of pieces) all.push(piece);
  if (all.length === 0) throw new Error('streamLogMel: expected one piece or more, got none');
  const { bins } = all[0]!;
  const frames = all.reduce((sum, piece) => sum + piece.frames, 0);
  const data = new Float32Array(bins * frames);
  for (let bin = 0; bin < bins; bin++) {
    let at = bin * frames;
    for (const piece of all) {
      data.set(piece.data.subarray(bin * piece.frames, (bin + 1) * piece.frames), at);
      at += piece.frames;
    }
  }
  return { data, bins, frames };
}
