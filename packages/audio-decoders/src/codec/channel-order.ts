/** Places of the channels of Vorbis and Opus in the order of WAV files, for 1 to 8 channels. */
const ORDERS = [
  [0],
  [0, 1],
  [0, 2, 1],
  [0, 1, 2, 3],
  [0, 2, 1, 3, 4],
  [0, 2, 1, 5, 3, 4],
  [0, 2, 1, 6, 5, 3, 4],
  [0, 2, 1, 7, 5, 6, 3, 4],
] as const;

/** Which channel of Vorbis' order (Vorbis I specification, section 4.3.9) stands at each place of a WAV file. */
export function wavOrder(channels: number): readonly number[] {
  return ORDERS[channels - 1] ?? Array.from({ length: channels }, (_, channel) => channel);
}
