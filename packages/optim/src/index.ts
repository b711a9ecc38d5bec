export { adamW, initMoments, type AdamWOptions, type AdamWScalars, type Decay, type Moments } from './adam-w.js';
export { clipByGlobalNorm, globalNormScale } from './clip-by-global-norm.js';
export { exponential, linear, warmupCosine, type Schedule, type WarmupCosineOptions } from './schedules.js';
