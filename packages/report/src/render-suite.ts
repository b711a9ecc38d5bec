import { schemeTableau10 } from 'd3-scale-chromatic';
import { draw, lineChart, type Line } from './charts.js';
import { duration, type MeanInterval, percent, percentWithInterval, pointsRange, signedPoints } from './format.js';
import { besideRandomStart } from './headline.js';
import { html, type Html, trusted } from './html.js';
import { style } from './style.js';
import {
  compareWithPublished,
  howToRead,
  ofSeeds,
  type RowResult,
  type SuiteReport,
  type SuiteResults,
} from './suite-report.js';
import { trainingCharts } from './training-charts.js';

/**
 * Renders the results of a suite as one self-contained HTML page: no script, no network, every value escaped.
 *
 * @returns the page as text
 * @example
 * await writeFile('report.html', renderSuite({ ...results, configs, curves }));
 */
export function renderSuite(results: SuiteReport): string {
  const { title, suite, dataset, steps, batchSize, seeds, done, total, secondsSpent, executor, environment } = results;
  const failed = results.rows.flatMap(({ name, runs }) =>
    runs.filter((run) => run.failed).map((run) => ({ name, ...run })),
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · audio-ssl</title>
        <style>
          ${trusted(style)} ${trusted(suiteStyle)}
        </style>
      </head>
      <body>
        <header>
          <p class="eyebrow">audio-ssl · ablation suite ${suite}</p>
          <h1>${title}</h1>
          ${lead(results)}
          <dl class="figures">
            ${[
              [
                'Runs',
                `${done} of ${total}`,
                `${results.rows.length} rows, ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`,
              ],
              ['Length', `${steps} steps`, `of ${batchSize} clips, the same for every run`],
              [
                'Data',
                dataset,
                `${results.clips} clips, ${results.classes} classes, chance ${percent(results.chance)}`,
              ],
              ['Time', duration(secondsSpent), executor],
            ].map(
              ([name, value, note]) =>
                html`<div>
                  <dt>${name}</dt>
                  <dd>${value}</dd>
                  <dd class="note">${note}</dd>
                </div>`,
            )}
          </dl>
          <nav aria-label="Sections">
            <a href="#results">Results</a><a href="#curves">Curves</a><a href="#rows">Rows</a
            ><a href="#again">Do it again</a>
          </nav>
        </header>
        <main>
          <section id="results">
            <h2>Results</h2>
            <ul class="notes">
              ${howToRead(results).map((line) => html`<li>${line}</li>`)}
            </ul>
            ${
              failed.length > 0 &&
              html`<p><strong>Failed:</strong></p>
                <ul>
                  ${failed.map(({ name, seed, failed: reason }) => html`<li>${name}, seed ${seed}: ${reason}</li>`)}
                </ul>`
            }
            ${results.poolings.map((pooling) => poolingSection(results, pooling))}
          </section>
          ${curveSection(results)} ${rowSection(results)}
          <section id="again">
            <h2>Do it again</h2>
            <pre><code>${results.command}</code></pre>
            <div class="table">
              <table>
                <tbody>
                  ${Object.entries(environment).map(
                    ([key, value]) =>
                      html`<tr>
                        <th scope="row">${key}</th>
                        <td>${value}</td>
                      </tr>`,
                  )}
                </tbody>
              </table>
            </div>
          </section>
        </main>
        <footer>
          <p>
            Written ${results.created.slice(0, 16).replace('T', ' ')} UTC by audio-ssl. The page holds everything it
            shows; it asks no server for anything.
          </p>
        </footer>
      </body>
    </html> `.markup;
}

const suiteStyle = `
.notes { max-width: 80ch; padding-left: 20px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 10px 0 14px; font-size: 0.92rem; }
.legend i { display: inline-block; width: 16px; height: 4px; margin-right: 7px; vertical-align: middle; border-radius: 2px; }
#results figure, #rows details { margin: 14px 0; padding: 14px 16px; background: var(--surface); border-radius: 10px; box-shadow: var(--shadow); }
#results figure { overflow-x: auto; }
#results svg { display: block; width: 100%; min-width: 560px; max-width: 900px; height: auto; }
#results table { min-width: 900px; }
.clear { font-weight: 650; color: var(--first); }
.clear.lower { color: var(--second); }
`;

/** What the rows came to, pooling by pooling, so that none of them is chosen. */
function lead(results: SuiteResults): Html {
  return html`<ul class="verdicts">
      ${results.poolings.map((pooling) => poolingLead(results, pooling))}
    </ul>
    ${results.done < results.total && html`<p class="unfinished"><strong>Not all runs are done: ${results.done} of ${results.total}.</strong></p>`}`;
}

function poolingLead({ rows, randomStart }: SuiteResults, pooling: string): Html {
  const [baseline, ...others] = rows as readonly [RowResult, ...RowResult[]];
  const score = baseline.scores[pooling]?.accuracy;
  const start = randomStart[pooling] ?? undefined;
  const note = html`<span class="note">pooled by ${pooling}</span>`;
  if (!score) return html`<li><strong>No run of the baseline is done</strong>${note}</li>`;
  const clear = others.flatMap(({ name, scores }) => {
    const difference = scores[pooling]?.difference;
    return difference && difference.verdict !== 'no clear difference' ? [{ name, mean: difference.mean }] : [];
  });
  const above = (a: MeanInterval, b: MeanInterval): boolean => a.low !== null && b.high !== null && a.low > b.high;
  const kind = start && (above(score, start) ? 'gain' : above(start, score) ? 'loss' : 'unclear');
  return html`<li class="${kind ?? 'unclear'}">
    <strong
      >${baseline.name}:
      ${start ? besideRandomStart(score.mean - start.mean).replace(/^T/, 't') : percentWithInterval(score)}</strong
    >
    ${start && html`<span>${percentWithInterval(score)}, random start ${percentWithInterval(start)}.</span>`}
    <span
      >${
        clear.length === 0
          ? 'No row differs from it by more than its interval.'
          : html`${clear
              .map(
                ({ name, mean }) =>
                  `${name} ${mean > 0 ? 'raises' : 'lowers'} it by ${signedPoints(Math.abs(mean)).slice(1)} points`,
              )
              .join('; ')};
            ${clear.length === others.length ? 'all rows differ clearly.' : 'the other rows are within their intervals.'}`
      }</span
    >
    ${note}
  </li>`;
}

function poolingSection(results: SuiteResults, pooling: string): Html {
  const { esc50: onEsc50 } = results;
  const compared = results.rows.slice(1).some(({ published }) => published);
  const start = results.randomStart[pooling];
  const bare = (name: string, value: string): Html =>
    html`<tr>
      <th scope="row">${name}</th>
      <td class="number">${value}</td>
      <td></td>
      <td></td>
      <td></td>
      <td></td>
      ${compared && html`<td></td>`}
    </tr>`;
  return html`<article>
    <h3>Pooled by ${pooling}</h3>
    <figure>
      ${effectChart(results.rows, pooling)}
      <figcaption>
        Difference to ${results.rows[0]?.name} in points. Dots: single seeds; bar: their mean; thick line: 95 % interval
        over seeds; thin line: over clips.
      </figcaption>
    </figure>
    <div class="table">
      <table>
        <thead>
          <tr>
            <th>Row</th>
            <th class="number">Accuracy</th>
            <th class="number">Difference</th>
            <th class="number">95 % over seeds</th>
            <th class="number">95 % over clips</th>
            <th>Verdict</th>
            ${compared && html`<th>Published${onEsc50 ? ', ESC-50' : ', average'}</th>`}
          </tr>
        </thead>
        <tbody>
          ${results.rows.map((row, i) => {
            const score = row.scores[pooling];
            const difference = score?.difference ?? undefined;
            const { published } = row;
            const gain = difference ? `${signedPoints(difference.mean)}${ofSeeds(difference, results)}` : '';
            return html`<tr>
              <th scope="row">
                ${row.name}${row.notes.length > 0 && html` <span class="note">(${row.notes.join('; ')})</span>`}
              </th>
              <td class="number">
                ${score?.accuracy ? `${percentWithInterval(score.accuracy)}${ofSeeds(score, results)}` : 'not done'}
              </td>
              <td class="number">${gain}</td>
              <td class="number">
                ${difference ? (difference.low === null ? 'one seed' : pointsRange(difference.low, difference.high as number)) : ''}
              </td>
              <td class="number">${difference ? pointsRange(difference.clips.low, difference.clips.high) : ''}</td>
              <td>
                ${i === 0 ? 'baseline' : difference && html`<span${difference.verdict !== 'no clear difference' && trusted(` class="clear ${difference.verdict}"`)}>${difference.verdict}</span>`}
              </td>
              ${compared && html`<td>${published && difference && html`${signedPoints((onEsc50 ? published.esc50 : published.average) / 100)}: ${compareWithPublished(difference, published, onEsc50)} <span class="note">${published.source}</span>`}</td>`}
            </tr>`;
          })}
          ${bare('random start', start ? percentWithInterval(start) : 'not done')}
          ${bare('log-mel statistics', percent(results.logMel))}
        </tbody>
      </table>
    </div>
  </article>`;
}

/** Differences to the baseline with their intervals, one row each. */
function effectChart(rows: readonly RowResult[], pooling: string): Html {
  const colors = rowColors(rows.length);
  const shown = rows.flatMap(({ name, scores }, i) => {
    const difference = scores[pooling]?.difference;
    return difference ? [{ name, difference, color: colors[i] }] : [];
  });
  const names = shown.map(({ name }) => name).reverse();
  const ends = shown.flatMap(({ difference: { mean, low, high, clips, perSeed } }) => [
    mean,
    low ?? clips.low,
    high ?? clips.high,
    clips.low,
    clips.high,
    ...perSeed,
  ]);
  const reach = 100 * 1.1 * Math.max(0.01, ...ends.map(Math.abs));
  const font = 'system-ui, sans-serif';
  const span = (from: number, to: number, name: string, width: number): object => ({
    type: 'line',
    silent: true,
    showSymbol: false,
    data: [
      [100 * from, name],
      [100 * to, name],
    ],
    lineStyle: { color: 'var(--ink)', width, opacity: width > 2 ? 0.75 : 0.5 },
  });
  return draw(900, 38 * names.length + 50, {
    grid: { left: 16 + 7.2 * Math.max(0, ...names.map((name) => name.length)), right: 24, top: 8, bottom: 28 },
    xAxis: {
      type: 'value',
      min: -reach,
      max: reach,
      axisLabel: { color: 'var(--muted)', fontSize: 13, fontFamily: font, showMinLabel: false, showMaxLabel: false },
      splitLine: { lineStyle: { color: 'var(--rule)' } },
    },
    yAxis: {
      type: 'category',
      data: names,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: 'var(--ink)', fontSize: 13, fontFamily: font },
    },
    series: [
      ...shown.flatMap(({ name, difference: { low, high, clips } }) => [
        span(clips.low, clips.high, name, 1.2),
        ...(low === null || high === null ? [] : [span(low, high, name, 3.4)]),
      ]),
      ...shown.map(({ name, difference, color }) => ({
        type: 'scatter',
        silent: true,
        symbolSize: 7,
        data: difference.perSeed.map((value) => [100 * value, name]),
        itemStyle: { color, opacity: 0.7 },
      })),
      {
        type: 'scatter',
        silent: true,
        symbol: 'rect',
        symbolSize: [4, 18],
        data: shown.map(({ name, difference, color }) => ({
          value: [100 * difference.mean, name],
          itemStyle: { color },
        })),
      },
      {
        type: 'line',
        silent: true,
        showSymbol: false,
        data:
          names.length > 0
            ? [
                [0, names[0]],
                [0, names.at(-1)],
              ]
            : [],
        lineStyle: { color: 'var(--muted)', width: 1.4, type: 'dashed' },
      },
    ],
  });
}

function curveSection({ rows, seeds, curves }: SuiteReport): Html {
  const colors = rowColors(rows.length);
  const charts = trainingCharts.flatMap(({ title, note, logarithmic, columns }) =>
    columns.flatMap(({ column, name }) => {
      const lines = rows.flatMap(({ slug, name: row }, i): Line[] => {
        const points = (curves[slug] ?? []).flatMap((entry) =>
          Number.isFinite(entry[column]) ? [[entry.step as number, entry[column] as number] as const] : [],
        );
        return points.length > 1 ? [{ name: row, points, color: colors[i] as string }] : [];
      });
      if (lines.length === 0) return [];
      const positive = lines.every(({ points }) => points.every(([, value]) => value > 0));
      return [
        html`<figure>
          <figcaption><strong>${title}${columns.length > 1 && `, ${name}`}</strong></figcaption>
          ${lineChart(lines, logarithmic === true && positive)}
          <p class="note">${note}</p>
        </figure>`,
      ];
    }),
  );
  if (charts.length === 0) return html``;
  return html`<section id="curves">
    <h2>Curves side by side</h2>
    <p>
      Each row's run with seed ${seeds[0]}. Faint: each logged step; bold: the running mean. The horizontal axis is the
      step.
    </p>
    <div class="legend">
      ${rows.map(({ name }, i) => html`<span><i style="background: ${colors[i]}"></i>${name}</span>`)}
    </div>
    <div class="charts">${charts}</div>
  </section>`;
}

function rowSection({ rows, seeds, configs }: SuiteReport): Html {
  return html`<section id="rows">
    <h2>What each row is</h2>
    <p>Each configuration is that of the run with seed ${seeds[0]}; the others differ in <code>seed</code> alone.</p>
    ${rows.map(
      ({ name, slug, changes, source, runs, notes, scores, trainingSeconds, probeSeconds }, i) =>
        html`<details>
          <summary>${name}</summary>
          <p>
            ${i === 0 ? 'The baseline.' : html`Changes ${changes.map((change, at) => html`${at > 0 && ', '}<code>${change}</code>`)}.`}${source && html` Source: ${source}.`}
          </p>
          ${notes.length > 0 && html`<p><strong>Remarked:</strong> ${notes.join('; ')}.</p>`}
          <p class="note">
            ${
              trainingSeconds === null
                ? 'No run is done.'
                : `A run took ${duration(trainingSeconds)} of training and ${duration(probeSeconds ?? 0)} of probing.`
            }
            Accuracy of each seed:
            ${Object.entries(scores)
              .map(
                ([pooling, { perSeed }]) =>
                  `${pooling} ${perSeed.map((value) => (value === null ? 'not done' : percent(value))).join(', ')}`,
              )
              .join('; ')}.
          </p>
          <pre><code>${runs.flatMap(({ commands }) => commands).join('\n')}</code></pre>
          <pre><code>${configs[slug]}</code></pre>
        </details>`,
    )}
  </section>`;
}

/** One colour a row: ink for the baseline, then a palette, darker or lighter when it starts again. */
function rowColors(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    if (i === 0) return 'var(--ink)';
    const color = schemeTableau10[(i - 1) % schemeTableau10.length] as string;
    return i <= schemeTableau10.length ? color : `color-mix(in srgb, ${color} 55%, var(--ink))`;
  });
}
