import { confusionChart, lineChart, scoreChart } from './charts.js';
import { duration, percent, points, shareRange, signedPoints } from './format.js';
import { headline } from './headline.js';
import { html, type Html, trusted } from './html.js';
import type {
  ReportData,
  ReportDataset,
  ReportProbe,
  ReportScore,
  ReportSound,
  SkippedFile,
  SoundWarning,
} from './report-data.js';
import { countedCauses, noticeSentences } from './skipped-files.js';
import { style } from './style.js';
import { trainingCharts } from './training-charts.js';

const lineColors = ['var(--first)', 'var(--second)'];

/**
 * Renders a run as one self-contained HTML page: no script, no network, every value escaped.
 *
 * @returns the page as text
 * @example
 * await writeFile('report.html', renderReport(data));
 */
export function renderReport(data: ReportData): string {
  const sections = [
    ['probe', 'Probe', probes(data)],
    ['training', 'Training', training(data)],
    ['masks', 'Masks', masks(data)],
    ['neighbours', 'Neighbours', neighbours(data)],
    ['data', 'Data', dataSection(data)],
    ['configuration', 'Configuration', configuration(data)],
  ] as const;
  const shown = sections.filter(([, , body]) => body !== undefined);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${data.name} · audio-ssl</title>
        <style>
          ${trusted(style)}
        </style>
      </head>
      <body>
        <header>
          <p class="eyebrow">audio-ssl · ${data.variant} · preset ${data.preset}</p>
          <h1>${data.name}</h1>
          ${
            !data.completed &&
            html`<p class="unfinished">
              <strong>Not finished: step ${data.step} of ${data.steps}.</strong> This is the run as of ${data.created}.
            </p>`
          }
          <p class="lead">${lead(data)}</p>
          ${headline(data.probes)} ${figures(data)}
          <nav aria-label="Sections">${shown.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav>
        </header>
        <main>${shown.map(([id, , body]) => html`<section id="${id}">${body}</section>`)}</main>
        <footer>
          <p>
            Written ${data.created} by audio-ssl. The page holds everything it shows; it asks no server for anything.
          </p>
        </footer>
      </body>
    </html> `.markup;
}

function lead(data: ReportData): Html {
  const on = data.dataset && html` on ${clipsOf(data.dataset)} of ${data.dataset.name}`;
  const remarks = data.notes.map(({ note, from, to, steps }) => {
    const range = `${steps === undefined ? 'from step' : `at ${steps} steps from`} ${from} to ${to}`;
    const said = `${note[0]?.toUpperCase()}${note.slice(1)}, ${from === to ? `at step ${from}` : range}.`;
    return html` <strong>${said}</strong>`;
  });
  return html`Pretrained without labels${on} for ${data.step.toLocaleString('en')} steps in
  ${duration(data.trainingSeconds)}.${remarks}`;
}

function figures(data: ReportData): Html {
  const speed = column(data, 'clipsPerSecond').map(([, value]) => value);
  const size = data.parameters === undefined ? 'not counted' : `${(data.parameters / 1e6).toFixed(2)} M`;
  const rows = [
    ['Training time', duration(data.trainingSeconds), `${data.step} of ${data.steps} steps of ${data.batchSize} clips`],
    ['Speed', speed.length ? `${median(speed).toFixed(0)} clips/s` : 'not measured', `backend ${data.backend}`],
    ['Model', size, `trained parameters, seed ${data.seed}`],
  ] as const;
  return html`<dl class="figures">
    ${rows.map(
      ([name, value, note]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
          <dd class="note">${note}</dd>
        </div>`,
    )}
  </dl>`;
}

function probes(data: ReportData): Html | undefined {
  if (data.probes.length === 0) return undefined;
  return html`<h2>What the probe finds</h2>
    ${data.probes.map(probeSection)}`;
}

function probeSection(probe: ReportProbe): Html {
  const rows = [
    { name: 'pretrained', score: probe.pretrained, color: 'var(--first)' },
    ...(probe.logMel ? [{ name: 'log-mel statistics', score: probe.logMel, color: 'var(--neutral)' }] : []),
    { name: 'random start', score: probe.randomStart, color: 'var(--neutral)' },
  ];
  const seeded = rows.some((row) => row.score.seeds);
  const cell = (seeds: string | undefined): Html | false =>
    seeded && html`<td class="number">${seeds ?? 'one seed'}</td>`;
  return html`<article>
<h3>${probe.dataset}, ${probe.target}, pooled by ${probe.pooling}${probe.method && html`: ${probe.method}`}</h3>
<p>${howProbed(probe)}</p>
<div class="${probe.classes.length <= 16 ? 'two' : 'one'}"><div><figure>${scoreChart(rows, probe.chance)}<figcaption>Accuracy with its 95 % interval; the dashed line is chance, ${percent(probe.chance)}.</figcaption></figure>
<div class="table"><table><thead><tr><th>Features<th class="number">Accuracy<th class="number">95 % interval${seeded && html`<th class="number">95 % over seeds</th>`}</thead><tbody>
${rows.map(
  ({ name, score }) =>
    html`<tr>
      <th scope="row">${name}</th>
      <td class="number">${percent(score.value)}</td>
      <td class="number">${interval(score)}</td>
      ${cell(score.seeds && interval(score.seeds))}
    </tr>`,
)}
<tr><th scope="row">difference (pretrained − random start)<td class="number">${signedPoints(probe.gain.value)} points<td class="number">${points(probe.gain.low)} to ${points(probe.gain.high)}${cell(probe.gain.seeds && `${points(probe.gain.seeds.low)} to ${points(probe.gain.seeds.high)}`)}</tr>
</tbody></table></div></div>
<details${probe.classes.length <= 16 && trusted(' open')}><summary>Confusion matrix of the pretrained encoder</summary>
<figure class="confusion">${confusionChart(probe)}<figcaption>Rows: true class; columns: predicted. The colour is the share of the row${probe.classes.length <= 16 ? ', the number the count of clips' : ''}.</figcaption></figure>
<p>${worst(probe)}</p></details></div>
${warnings(probe.notices)}
${leftOut(probe)}
</article>`;
}

function leftOut({ skipped = [], emptyClasses = [] }: ReportProbe): Html | undefined {
  if (skipped.length === 0) return undefined;
  return html`<details>
    <summary>${countedCauses(skipped, `skipped file${skipped.length > 1 ? 's' : ''} of this data set`)}</summary>
    ${emptyClasses.length > 0 && html`<p>Left out, because none of their files can be used: ${emptyClasses.join(', ')}.</p>`}
    ${skippedTable(skipped)}
  </details>`;
}

function howProbed({ method, clips, folds }: ReportProbe): string {
  const where = `${clips} clips, ${folds}`;
  return method === undefined
    ? `Logistic regression on frozen features of ${where}. The same classifier, with its strength chosen inside the training folds, for all of them.`
    : `Of ${where}: ${method}, the same for all.`;
}

function worst({ classes, confusion }: ReportProbe): string {
  const pairs = confusion
    .flatMap((row, actual) => row.map((count, predicted) => ({ actual, predicted, count })))
    .filter(({ actual, predicted, count }) => actual !== predicted && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 4)
    .map(({ actual, predicted, count }) => `${classes[actual]} taken for ${classes[predicted]} (${count})`);
  return pairs.length ? `Most common mistakes: ${pairs.join(', ')}.` : 'No mistakes.';
}

function training(data: ReportData): Html | undefined {
  const charts = trainingCharts.flatMap(({ title, note, columns, logarithmic }) => {
    const lines = columns
      .map(({ column: key, name }, i) => ({ name, points: column(data, key), color: lineColors[i] as string }))
      .filter(({ points: shown }) => shown.length > 0);
    if (lines.length === 0) return [];
    const positive = lines.every((line) => line.points.every(([, value]) => value > 0));
    const last = lines.map((line) => `${line.name} ${figure(line.points.at(-1)?.[1] ?? 0)}`).join(', ');
    return [
      html`<figure>
        <figcaption>
          <strong>${title}</strong
          >${lines.length > 1 && html`<span class="keys">${lines.map((line) => html`<span><i style="background:${line.color}"></i>${line.name}</span>`)}</span>`}
        </figcaption>
        ${lineChart(lines, logarithmic === true && positive)}
        <p class="note">${note}. Last: ${last}.</p>
      </figure>`,
    ];
  });
  if (charts.length === 0) return undefined;
  return html`<h2>Training</h2>
    <p>Faint: each logged step; bold: the running mean. The horizontal axis is the step.</p>
    <div class="charts">${charts}</div>`;
}

function masks(data: ReportData): Html | undefined {
  if (data.spectrograms.length === 0) return undefined;
  return html`<h2>What the student sees</h2>
    <p>
      Left, the log-mel spectrogram of a training crop; right, what is left of it for the student: the grey patches are
      masked, and their latents are what it has to predict. Low frequencies are at the bottom.
    </p>
    <div class="masks">
      ${data.spectrograms.map(
        ({ sound, image, masked, maskedShare, seconds, size: [width, height] }) =>
          html`<figure>
            <div class="pair">
              <img src="${image}" width="${width}" height="${height}" alt="Log-mel spectrogram of ${sound.id}" /><img
                src="${masked}"
                width="${width}"
                height="${height}"
                alt="The same with ${percent(maskedShare)} of its patches masked"
              />
            </div>
            <figcaption>
              ${caption(sound)}<span class="note">${seconds.toFixed(2)} s, ${percent(maskedShare)} masked</span>
            </figcaption>
          </figure>`,
      )}
    </div>`;
}

function neighbours(data: ReportData): Html | undefined {
  if (data.neighbours.length === 0) return undefined;
  return html`<h2>Sounds the encoder finds alike</h2>
    <p>
      Each row starts with a clip; beside it are its nearest neighbours among the other clips by cosine similarity of
      the pretrained embeddings, standardised, never from the same instrument or recording where the data set tells.
      Press play to judge for yourself.
    </p>
    <div class="neighbours">
      ${data.neighbours.map(
        ({ query, neighbours: near }) =>
          html`<article>
            <div class="query">${player(query)}</div>
            <ol>
              ${near.map(
                ({ sound, similarity }) =>
                  html`<li${query.label !== undefined && sound.label === query.label && trusted(' class="same"')}>${player(sound)}<span class="note">similarity ${similarity.toFixed(2)}${query.label !== undefined && (sound.label === query.label ? ', same class' : ', other class')}</span></li>`,
              )}
            </ol>
          </article>`,
      )}
    </div>`;
}

function player(sound: ReportSound): Html {
  return html`${caption(sound)}${sound.audio ? html`<audio controls preload="none" src="${sound.audio}" aria-label="Play ${sound.id}"></audio>` : html`<span class="note">too long to carry along</span>`}`;
}

function caption({ id, label }: ReportSound): Html {
  return label === undefined
    ? html`<span class="name">${id}</span>`
    : html`<strong>${label}</strong><span class="name">${id}</span>`;
}

function dataSection({ dataset }: ReportData): Html | undefined {
  if (!dataset) return undefined;
  return html`<h2>Data</h2>
    <p>${dataset.name}: ${clipsOf(dataset)} used, ${countedCauses(dataset.skipped, 'skipped')}.</p>
    ${warnings(dataset.notices)}
    ${dataset.skipped.length > 0 ? skippedTable(dataset.skipped) : html`<p class="note">Every file could be read.</p>`}`;
}

/** `12 clips`, or `3 recordings (2 h 5 min), cut into 125 clips,` where that is not the same. */
function clipsOf({ kept, pieces = kept, seconds }: ReportDataset): string {
  const length = seconds === undefined ? '' : ` (${duration(seconds)})`;
  return pieces === kept
    ? `${kept} clip${kept === 1 ? '' : 's'}${length}`
    : `${kept} recording${kept === 1 ? '' : 's'}${length}, cut into ${pieces} clips`;
}

function warnings(notices: readonly SoundWarning[] = []): Html | undefined {
  if (notices.length === 0) return undefined;
  return html`<ul class="warnings">
      ${noticeSentences(notices).map((sentence) => html`<li>${sentence}</li>`)}
    </ul>
    <details>
      <summary>What was found in each of these files</summary>
      ${fileTable(
        'Files that are used',
        'Found',
        notices.map(({ path, message }) => ({ path, what: message })),
      )}
    </details>`;
}

function skippedTable(skipped: readonly SkippedFile[]): Html {
  return fileTable(
    'Skipped files',
    'Reason',
    skipped.map(({ path, reason }) => ({ path, what: reason })),
  );
}

function fileTable(
  title: string,
  heading: string,
  files: readonly { readonly path: string; readonly what: string }[],
): Html {
  return html`<div class="table">
    <table>
      <caption>
        ${title}
      </caption>
      <thead>
        <tr>
          <th>File</th>
          <th>${heading}</th>
        </tr>
      </thead>
      <tbody>
        ${files.map(
          ({ path, what }) =>
            html`<tr>
              <td class="path">${path}</td>
              <td>${what}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function configuration(data: ReportData): Html {
  return html`<h2>Configuration</h2>
    <h3>Do it again</h3>
    <pre><code>${data.repeat.join('\n')}</code></pre>
    <h3>Where it ran</h3>
    <div class="table">
      <table>
        <tbody>
          ${Object.entries(data.environment).map(
            ([key, value]) =>
              html`<tr>
                <th scope="row">${key}</th>
                <td>${value}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <details>
      <summary>The whole configuration (YAML)</summary>
      <pre><code>${data.config}</code></pre>
    </details>`;
}

function column(data: ReportData, key: string): (readonly [number, number])[] {
  return data.log.flatMap((row) =>
    row.step !== undefined && Number.isFinite(row[key]) ? [[row.step, row[key] as number] as const] : [],
  );
}

function interval({ low, high }: Pick<ReportScore, 'low' | 'high'>): string {
  return `${shareRange(low, high)} %`;
}

function figure(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && size < 1e-3
    ? value.toExponential(2)
    : String(Number(value.toPrecision(size > 0.9 && size < 1 ? 6 : 4)));
}

/** The middle value, the upper one of two. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
