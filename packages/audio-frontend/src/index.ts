export { decodeAudio, type AudioData } from '@audio-ssl/audio-decoders';
export { createLogMelWindows, type LogMelWindows, type LogMelWindowsOptions } from './log-mel-windows.js';
export { mixToMono } from './mix-to-mono.js';
export { resample } from './resample.js';
export { createLogMel } from './log-mel.js';
export { logMelPresets, type LogMelOptions } from './log-mel-options.js';
export { melFilterBank, type MelFilterBankOptions } from './mel-filter-bank.js';
export { hannWindow } from './hann-window.js';
export { crop, cropAt, pad, standardize, type Spectrogram } from './spectrogram.js';
