import { scaleBand, scaleLinear } from 'd3-scale';

export interface Bucket {
  /** When it begins, as the API gives it. */
  readonly at: string;
  /** How many of each series. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface Piece {
  readonly series: string;
  readonly y: number;
  readonly height: number;
}

export interface Bar {
  readonly x: number;
  readonly width: number;
  readonly total: number;
  readonly pieces: readonly Piece[];
}

export interface BarLayout {
  readonly bars: readonly Bar[];
  /** The lines across, with their numbers. */
  readonly ticks: readonly { readonly y: number; readonly value: number }[];
  /** Every how many bars one has its name under it, so that names do not touch. */
  readonly nameEvery: number;
}

/** The width of a name under a bar, with the gap to the next, in pixels. */
const NAME_WIDTH = 56;

export function layOutBars(
  buckets: readonly Bucket[],
  series: readonly string[],
  width: number,
  height: number,
): BarLayout {
  const totals = buckets.map(({ counts }) => series.reduce((sum, id) => sum + (counts[id] ?? 0), 0));
  const y = scaleLinear([0, Math.max(4, ...totals)], [height, 0]).nice(3);
  const x = scaleBand(
    buckets.map((_, at) => at),
    [0, Math.max(width, 1)],
  ).padding(buckets.length > 60 ? 0.08 : 0.22);
  const bars = buckets.map(({ counts }, at): Bar => {
    let below = 0;
    const pieces = series.flatMap((id): Piece[] => {
      const count = counts[id] ?? 0;
      if (count === 0) return [];
      const top = y(below + count);
      const piece = { series: id, y: top, height: y(below) - top };
      below += count;
      return [piece];
    });
    return { x: x(at) ?? 0, width: x.bandwidth(), total: totals[at] ?? 0, pieces };
  });
  // Counts are whole: a line at 0.5 would say nothing.
  const ticks = y.ticks(3).filter(Number.isInteger);
  return {
    bars,
    ticks: ticks.map((value) => ({ y: y(value), value })),
    nameEvery: Math.max(1, Math.ceil(NAME_WIDTH / x.step())),
  };
}

export interface Ending {
  readonly id: string;
  /** As the API gives it. */
  readonly at: string;
  readonly label: string;
  /** "Expires" or "Rotation due". */
  readonly what: string;
  readonly tone: 'danger' | 'attention' | 'info';
  readonly href: string;
}

export interface Cluster {
  readonly x: number;
  readonly endings: readonly Ending[];
}

const DAY_MS = 86_400_000;

/** Endings that would touch each other become one point; `gap` is the least distance of two points, in pixels. */
export function clusterEndings(
  endings: readonly Ending[],
  from: Date,
  days: number,
  width: number,
  gap: number,
): readonly Cluster[] {
  const x = scaleLinear(
    [from.getTime(), from.getTime() + days * DAY_MS],
    [gap / 2, Math.max(width - gap / 2, gap)],
  ).clamp(true);
  const points = endings
    .map((ending) => ({ ending, x: x(Date.parse(ending.at)) }))
    .filter(({ ending }) => Date.parse(ending.at) <= from.getTime() + days * DAY_MS)
    .toSorted((one, other) => one.x - other.x);
  const clusters: { x: number; endings: Ending[] }[] = [];
  for (const { ending, x: place } of points) {
    const last = clusters.at(-1);
    if (last !== undefined && place - last.x < gap) last.endings.push(ending);
    else clusters.push({ x: place, endings: [ending] });
  }
  return clusters;
}

/** Where the days of `offsets` stand on the line of `clusterEndings`. */
export function placesOfDays(offsets: readonly number[], days: number, width: number, gap: number): readonly number[] {
  const x = scaleLinear([0, days], [gap / 2, Math.max(width - gap / 2, gap)]);
  return offsets.map((day) => x(day));
}

/** The line of a `Sparkline`, as the path of an SVG. */
export function sparkPath(values: readonly number[], width: number, height: number): string {
  if (values.length === 0) return '';
  const y = scaleLinear([0, Math.max(1, ...values)], [height - 1.5, 1.5]);
  const x = scaleLinear([0, Math.max(1, values.length - 1)], [1.5, width - 1.5]);
  return values.map((value, at) => `${at === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join('');
}

/** From the first to the last of two places in any order. */
export function span(one: number, other: number): { readonly first: number; readonly last: number } {
  return { first: Math.min(one, other), last: Math.max(one, other) };
}
