import type { DoctorReport } from '@audio-ssl/backend';
import { inFlags } from './in-flags.js';

/** What `doctor` found, as text for a terminal: a line for each fact, and for each thing that is missing. */
export function doctorReport(report: DoctorReport): string {
  const { backend } = report;
  const rows: [string, string][] = [
    ['node', report.node],
    ['system', report.platform],
    ['processor', report.processor],
    ['memory', `${(report.memory / 2 ** 30).toFixed(1)} GiB`],
    ['backend', `${backend.name} ${backend.version} (${backend.device})`],
    ['why', inFlags(backend.why)],
    ['threads', String(report.threads)],
    ['matmul', `${report.gflops.toFixed(1)} GFLOP/s`],
    ['TensorFlow.js', report.tfjs],
    ['tfjs-node-gpu', report.tfjsNode ?? 'not installed'],
    ['native builds', report.builds.join(', ') || 'none'],
    ['cache', report.cacheFolder],
    ...Object.entries(report.tools).map(([name, version]): [string, string] => [name, version ?? 'not found']),
  ];
  const missing = report.missing.map(({ what, next }) => inFlags(`missing: ${what}; ${next}`));
  return [
    ...rows.map(([name, value]) => `${name.padEnd(14)} ${value}`),
    ...(missing.length ? missing : ['nothing is missing']),
  ].join('\n');
}
