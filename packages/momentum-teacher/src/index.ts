export { ema } from './ema.js';
export { rescaleDecay } from './rescale-decay.js';
