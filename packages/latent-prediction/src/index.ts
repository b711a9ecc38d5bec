export { hypotheses, hypothesesLoss, initHypotheses, type Hypotheses, type HypothesesLoss } from './hypotheses.js';
export { standardizeTokens } from './standardize-tokens.js';
export { cosineLoss, mseLoss, smoothL1Loss } from './token-losses.js';
