import { BarChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Result } from './result.js';

use([BarChart, GridComponent, SVGRenderer]);

const COLORS: Readonly<Record<string, string>> = {
  compiled: '#1f6f8b',
  ours: '#1f6f8b',
  'loader and step': '#1f6f8b',
  eager: '#99c1cc',
  'step alone': '#99c1cc',
};
const OTHERS = '#c9ada7';

/** Median times as bars, each in units of the slowest of its group, as an SVG. */
export function plot(rows: readonly Result[]): string {
  const key = ({ benchmark, size, batch, precision, frames, sampleRate, format }: Result): string =>
    `${benchmark} ${size} ×${batch} ${sampleRate ? `${sampleRate / 1000} kHz${format ? ` ${format}` : ''}` : `${frames} fr.`} ${precision}`;
  const slowest = new Map<string, number>();
  for (const row of rows) slowest.set(key(row), Math.max(row.medianMs, slowest.get(key(row)) ?? 0));
  const bars = rows.map((row, i) => ({
    name: `${i === 0 || key(rows[i - 1]!) !== key(row) ? `${key(row)}   ` : ''}${row.implementation}`,
    value: row.medianMs / slowest.get(key(row))!,
    label: `${row.medianMs} ms`,
    color: COLORS[row.implementation] ?? OTHERS,
  }));
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 22 * bars.length + 40 });
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    grid: { left: 330, right: 80, top: 12, bottom: 20 },
    xAxis: { type: 'value', max: 1, show: false },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: '#333', interval: 0 },
    },
    series: [
      {
        type: 'bar',
        barCategoryGap: '20%',
        data: bars.map(({ value, color, label }) => ({
          value,
          itemStyle: { color },
          label: { show: true, position: 'right', formatter: label, color: '#333' },
        })),
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
