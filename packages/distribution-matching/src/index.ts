export { crossEntropy } from './cross-entropy.js';
export { initHead, project, type Head, type HeadOptions } from './head.js';
export { pseudoClassUsage, type PseudoClassUsage } from './pseudo-class-usage.js';
export { sharpen } from './sharpen.js';
export { sinkhorn } from './sinkhorn.js';
export { updateCenter } from './update-center.js';
