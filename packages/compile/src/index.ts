export { compile, type Compiled, type CompileOptions } from './compile.js';
export type { Precision } from './saved-model.js';
