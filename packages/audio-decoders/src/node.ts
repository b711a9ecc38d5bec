export { openAudioFile, type OpenAudioFileOptions } from './node/open-audio-file.js';
