import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { checkFeatures, type Features } from './features.js';

/**
 * RankMe, the effective rank of features: exp(-Σ p_k log p_k) with p_k = σ_k / Σ σ + 1e-7 and σ the singular values of
 * the matrix of features, not centred. From 1 (all rows along one line) to the smaller of rows and dimensions.
 *
 * Compare values for the same number of rows only: few rows bound it. Costs min(rows, dims)^2 max(rows, dims) operations in
 * double precision on the processor, for some hundred rows well under a second.
 *
 * @throws Error for NaN, no rows, or features that are all 0.
 * @see Q. Garrido et al., RankMe, ICML 2023, arXiv 2210.02885, eq. 1
 * @example
 * rankMe({ data: Float32Array.of(1, 0, 0, 1), rows: 2, dims: 2 }); // 2
 */
export function rankMe(features: Features): number {
  checkFeatures('rankMe', features);
  const { rows, dims } = features;
  const singular = new EigenvalueDecomposition(smallerSquare(features), { assumeSymmetric: true }).realEigenvalues.map(
    (value) => Math.sqrt(Math.max(0, value)),
  );
  const sum = singular.reduce((a, b) => a + b, 0);
  if (sum === 0) throw new Error(`rankMe: the features of all ${rows} rows of ${dims} dimensions are 0`);
  const entropy = singular.reduce((total, value) => {
    const p = value / sum + 1e-7;
    return total - p * Math.log(p);
  }, 0);
  return Math.exp(entropy);
}

/**
 * How evenly features cover the unit sphere: log of the mean over pairs of different rows of exp(-2 ‖x - y‖²), x and y
 * L2-normalised. 0 when all directions are the same, below when they spread; about -4 when they are random in many dimensions.
 *
 * @throws Error for NaN, fewer than two rows, or a row of zeros.
 * @see T. Wang and P. Isola, Understanding Contrastive Representation Learning, ICML 2020, arXiv 2005.10242, section 4.1.2 (t = 2)
 * @example
 * uniformity({ data: Float32Array.of(1, 0, -1, 0), rows: 2, dims: 2 }); // -8: opposite directions
 */
export function uniformity(features: Features): number {
  checkFeatures('uniformity', features);
  const { rows } = features;
  if (rows < 2) throw new Error(`uniformity: expected two or more rows to compare, got ${rows}`);
  const unit = unitRows('uniformity', features);
  let sum = 0;
  for (let i = 0; i < rows; i++) for (let j = 0; j < i; j++) sum += Math.exp(-2 * squaredDistance(unit[i]!, unit[j]!));
  return Math.log(sum / ((rows * (rows - 1)) / 2));
}

/**
 * How near two views of the same clip lie: the mean of ‖x - y‖² over rows, x and y L2-normalised. 0 for the same direction,
 * 2 for unrelated ones. Low alone means nothing: where all directions are the same it is 0, so read it beside {@link uniformity}.
 *
 * @param views features of one view of each clip.
 * @param others of another view of the same clips, in the same order.
 * @throws Error for NaN, a row of zeros, or matrices of different shape.
 * @see T. Wang and P. Isola, as {@link uniformity}, section 4.1.1 (alpha = 2)
 * @example
 * alignment(firstCrops, secondCrops);
 */
export function alignment(views: Features, others: Features): number {
  checkFeatures('alignment', views);
  checkFeatures('alignment', others);
  if (views.rows !== others.rows || views.dims !== others.dims) {
    throw new Error(
      `alignment: expected two views of the same clips, got ${views.rows} x ${views.dims} and ${others.rows} x ${others.dims}`,
    );
  }
  const [first, second] = [unitRows('alignment', views), unitRows('alignment', others)];
  return first.reduce((sum, x, i) => sum + squaredDistance(x, second[i]!), 0) / views.rows;
}

/** X X^T or X^T X, whichever is smaller, in double precision. */
function smallerSquare({ data, rows, dims }: Features): Matrix {
  const byRow = rows <= dims;
  const size = byRow ? rows : dims;
  const vectors = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: byRow ? dims : rows }, (__, k) => data[byRow ? i * dims + k : k * dims + i]!),
  );
  const square = Matrix.zeros(size, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      const [a, b] = [vectors[i]!, vectors[j]!];
      let sum = 0;
      for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
      square.set(i, j, sum);
      square.set(j, i, sum);
    }
  }
  return square;
}

function unitRows(caller: string, { data, rows, dims }: Features): Float64Array[] {
  return Array.from({ length: rows }, (_, row) => {
    const vector = Float64Array.from(data.subarray(row * dims, (row + 1) * dims));
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value ** 2, 0));
    if (length === 0) throw new Error(`${caller}: row ${row} is all zeros and has no direction; leave that clip out`);
    return vector.map((value) => value / length);
  });
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k]! - b[k]!) ** 2;
  return sum;
}
