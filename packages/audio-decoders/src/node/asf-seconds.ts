import type { ByteReader } from '../audio-file.js';
import { readBytes, textAt, viewOf } from '../bytes/read-bytes.js';

const FILE_PROPERTIES = '\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65';

/**
 * The seconds that the header of a WMA file declares (Advanced Systems Format, revision 01.20.05, section 3.2): ffmpeg
 * takes a file that was cut for a shorter one. Undefined for other files, and where a program left it open.
 */
export function asfSeconds(reader: ByteReader): number | undefined {
  const head = readBytes(reader, 0, 8192);
  const at = textAt(head, 0, head.length).indexOf(FILE_PROPERTIES);
  if (at < 0 || at + 92 > head.length) return undefined;
  const view = viewOf(head);
  const isBroadcast = (view.getUint32(at + 88, true) & 1) === 1;
  const seconds = Number(view.getBigUint64(at + 64, true)) / 1e7 - Number(view.getBigUint64(at + 80, true)) / 1e3;
  return isBroadcast || seconds <= 0 ? undefined : seconds;
}
