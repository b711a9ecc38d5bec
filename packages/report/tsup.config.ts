import { build } from '../../tsup.base.js';

// Everything is bundled: of the chart library only a few charts are used, half a megabyte; installed it is 60. Its licence
// and those of the others ship in THIRD-PARTY.md.
export default build(['src/index.ts'], {
  noExternal: [/^echarts/, /^zrender/, /^tslib/, /^d3-/, /^fast-png/, /^fflate/, /^iobuffer/],
  minify: true,
  sourcemap: false,
});
