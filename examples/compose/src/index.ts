export { data2vec, type Data2vecState } from './data2vec.js';
export { iJepa, type IJepaState } from './i-jepa.js';
export { ibot, type IbotState } from './ibot.js';
export { m2d, type M2dState } from './m2d.js';
export { scalarsAt, type Scalars, type Sizes } from './method.js';
