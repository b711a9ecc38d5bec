export { compile, type Compiled } from './compile.js';
