import type { ModuleSetup } from './decoder-instance.js';

/** Reads the configuration of ALAC (Apple's "ALAC Magic Cookie Description"), with or without the boxes that CAF files keep around it. */
export function readAlacCookie(bytes: Uint8Array): { readonly codec: ModuleSetup; readonly packetFrames: number } {
  let cookie = bytes;
  const kind = (): string => String.fromCharCode(...cookie.subarray(4, 8));
  if (kind() === 'frma') cookie = cookie.subarray(12);
  if (kind() === 'alac') cookie = cookie.subarray(12);
  if (cookie.length < 24) throw new RangeError('an ALAC configuration of less than 24 bytes');
  const view = new DataView(cookie.buffer, cookie.byteOffset, cookie.byteLength);
  const sampleRate = view.getUint32(20);
  const channels = view.getUint8(9);
  if (sampleRate === 0 || channels === 0) throw new RangeError('an ALAC configuration without channels or rate');
  const packetFrames = view.getUint32(0);
  if (packetFrames === 0 || packetFrames > 2 ** 20) throw new RangeError(`ALAC packets of ${packetFrames} samples`);
  return { codec: { codec: 'alac', sampleRate, channels, setup: cookie }, packetFrames };
}
