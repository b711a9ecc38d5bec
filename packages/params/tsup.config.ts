import { build } from '../../tsup.base.js';

// The generator of random numbers is bundled, so that a block installs no package besides TensorFlow.js and ours.
export default build(['src/index.ts', 'src/random.ts'], { noExternal: [/^pure-rand/] });
