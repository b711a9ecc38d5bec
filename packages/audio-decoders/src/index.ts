export type { AudioData } from './audio-data.js';
export { AudioError, type AudioProblem } from './audio-error.js';
export type { AudioFile, AudioSource, ByteReader, OpenAudioOptions } from './audio-file.js';
export { decoderModule, useDecoder, type DecoderSource } from './codec/decoder-module.js';
export type { CompiledModule } from './codec/web-assembly.js';
export { decodeAudio } from './decode-audio.js';
export { openAudio } from './open-audio.js';
