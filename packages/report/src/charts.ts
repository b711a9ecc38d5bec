import { BarChart, HeatmapChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, VisualMapComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { percent } from './format.js';
import { type Html, trusted } from './html.js';
import type { ReportProbe, ReportScore } from './report-data.js';

use([BarChart, HeatmapChart, LineChart, ScatterChart, GridComponent, VisualMapComponent, SVGRenderer]);

// CSS variables, so that one drawing serves the light and the dark page.
const ink = 'var(--ink)';
const muted = 'var(--muted)';
const rule = 'var(--rule)';
const font = 'system-ui, sans-serif';

// Points that are drawn as dots, too: a single one makes no line.
const FEW = 12;

/** One line of a chart: a column of the log and its name. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [step: number, value: number])[];
  readonly color: string;
}

/** Draws lines over steps as an SVG: the values as logged, faint, and their running mean. */
export function lineChart(lines: readonly Line[], logarithmic = false): Html {
  const axis = {
    axisLine: { lineStyle: { color: rule } },
    axisTick: { show: false },
    axisLabel: { color: muted, fontSize: 13, fontFamily: font, hideOverlap: true },
  };
  return draw(460, 230, {
    grid: { left: 8, right: 18, top: 14, bottom: 6, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: { ...axis, type: 'value', max: 'dataMax', splitNumber: 4, splitLine: { show: false } },
    yAxis: {
      ...axis,
      axisLabel: { ...axis.axisLabel, formatter: shortNumber },
      type: logarithmic ? 'log' : 'value',
      scale: true,
      splitNumber: 4,
      axisLine: { show: false },
      splitLine: { lineStyle: { color: rule } },
    },
    series: lines.flatMap(({ points, color }) => {
      const base = {
        ...{ type: 'line', silent: true, sampling: 'lttb' },
        ...(points.length > FEW ? { showSymbol: false } : { symbol: 'circle', symbolSize: 5, itemStyle: { color } }),
      };
      const mean = runningMean(points);
      return [
        ...(mean === points ? [] : [{ ...base, data: points, lineStyle: { color, width: 1, opacity: 0.25 } }]),
        { ...base, data: mean, lineStyle: { color, width: 2.2 } },
      ];
    }),
  });
}

/** Draws scores of a probe with their 95 % intervals as an SVG, one row a kind of feature. */
export function scoreChart(
  rows: readonly { readonly name: string; readonly score: ReportScore; readonly color: string }[],
  chance: number,
): Html {
  const names = rows.map((row) => row.name).reverse();
  return draw(640, 46 * rows.length + 44, {
    grid: { left: 150, right: 70, top: 8, bottom: 28 },
    xAxis: {
      type: 'value',
      min: 0,
      max: 1,
      axisLabel: { color: muted, fontSize: 13, fontFamily: font, formatter: (x: number) => `${Math.round(100 * x)} %` },
      splitLine: { lineStyle: { color: rule } },
    },
    yAxis: {
      type: 'category',
      data: names,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: ink, fontSize: 14, fontFamily: font },
    },
    series: [
      {
        type: 'bar',
        silent: true,
        barWidth: 20,
        data: [...rows]
          .reverse()
          .map(({ score, color }) => ({ value: score.value, itemStyle: { color, borderRadius: 3, opacity: 0.85 } })),
      },
      ...rows.map(({ name, score }) => ({
        type: 'line',
        silent: true,
        symbol: 'rect',
        symbolSize: [2, 10],
        data: [
          [score.low, name],
          [score.high, name],
        ],
        lineStyle: { color: ink, width: 1.6 },
        itemStyle: { color: ink },
      })),
      {
        type: 'scatter',
        silent: true,
        symbolSize: 0,
        data: rows.map(({ name, score }) => [score.high, name]),
        label: {
          show: true,
          position: 'right',
          distance: 10,
          color: ink,
          fontSize: 14,
          fontWeight: 600,
          fontFamily: font,
          formatter: ({ dataIndex }: { dataIndex: number }) => percent(rows[dataIndex]?.score.value ?? 0),
        },
      },
      {
        type: 'line',
        silent: true,
        showSymbol: false,
        data: [
          [chance, names[0]],
          [chance, names.at(-1)],
        ],
        lineStyle: { color: muted, width: 1, type: 'dashed' },
      },
    ],
  });
}

/** Draws a confusion matrix as an SVG: each row in shares of its class. */
export function confusionChart({ classes, confusion }: Pick<ReportProbe, 'classes' | 'confusion'>): Html {
  const totals = confusion.map((row) => row.reduce((sum, n) => sum + n, 0));
  const few = classes.length <= 16;
  const cell = few ? 44 : Math.max(9, Math.floor(720 / classes.length));
  const side = classes.length * cell;
  const labels = { color: ink, fontSize: few ? 13 : Math.min(13, cell), fontFamily: font, interval: 0 };
  return draw(side + 150, side + 98, {
    grid: { left: 140, right: 8, top: 8, bottom: 88 },
    xAxis: {
      type: 'category',
      data: classes,
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { ...labels, rotate: 55 },
      splitArea: { show: false },
    },
    yAxis: {
      type: 'category',
      data: classes,
      inverse: true,
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { ...labels, width: 130, overflow: 'truncate' },
    },
    visualMap: { show: false, min: 0, max: 1 },
    series: [
      {
        type: 'heatmap',
        silent: true,
        itemStyle: { borderColor: 'var(--surface)', borderWidth: few ? 2 : 1 },
        data: confusion.flatMap((row, actual) =>
          row.map((count, predicted) => {
            const share = count / Math.max(1, totals[actual] as number);
            const label = {
              show: few && count > 0,
              fontSize: 13,
              fontFamily: font,
              color: share > 0.5 ? 'var(--surface)' : ink,
              formatter: String(count),
            };
            // A mixture of the page's own colours: it fits the light and the dark page.
            const color = `color-mix(in srgb, var(--first) ${Math.round(5 + 95 * share)}%, var(--surface))`;
            return { value: [predicted, actual, share], visualMap: false, itemStyle: { color }, label };
          }),
        ),
      },
    ],
  });
}

/** Draws one chart as an SVG, on the server's side of echarts. */
export function draw(width: number, height: number, option: EChartsCoreOption): Html {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, backgroundColor: 'none', ...option });
    // The style sheet in it serves hovering alone, and would apply to every drawing of the page.
    const svg = chart.renderToSVGString({ useViewBox: true }).replace(/<style\b[\s\S]*?<\/style>/g, '');
    return trusted(svg.replace('<svg ', '<svg aria-hidden="true" '));
  } finally {
    chart.dispose();
  }
}

/** Centred mean over 1/25 of the points: enough to see through a batch's noise. */
function runningMean(points: Line['points']): Line['points'] {
  const reach = Math.floor(points.length / 50);
  if (reach < 1) return points;
  return points.map(([step], i) => {
    const near = points.slice(Math.max(0, i - reach), i + reach + 1);
    return [step, near.reduce((sum, [, value]) => sum + value, 0) / near.length];
  });
}

function shortNumber(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(0) : String(Number(value.toPrecision(5)));
}
