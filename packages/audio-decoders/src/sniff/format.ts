import type { ByteReader } from '../audio-file.js';
import type { CodedSound, PcmSound } from '../pcm/pcm-sound.js';

/** What a file is by its first bytes. */
export interface Format {
  /** For people: `WAV`, `a web page (HTML)`. */
  readonly name: string;
  /**
   * `pcm`: read here, by `parse`. `coded`: read by the decoder module. `unread`: sound, or what may hold some, that
   * neither reads. `other`: no sound.
   */
  readonly kind: 'pcm' | 'coded' | 'unread' | 'other';
  /** Reads the header of a PCM container. */
  readonly parse?: (reader: ByteReader) => PcmSound | CodedSound;
  /** What ffmpeg calls it, where it reads it. */
  readonly ffmpeg?: string;
  /** What to do about it, where that is not plain. */
  readonly hint?: string;
}
