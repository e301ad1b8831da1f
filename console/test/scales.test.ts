import { expect, it } from 'vitest';
import {
  clusterEndings,
  type Ending,
  layOutBars,
  placesOfDays,
  span,
  sparkPath,
} from '../src/components/charts/scales.ts';

const bucket = (ok: number, failed: number, day = 1) => ({
  at: `2026-11-${String(day).padStart(2, '0')}T00:00:00Z`,
  counts: { ok, failed },
});

it('the pieces of a bar stand on each other, and the highest total reaches no further than the top', () => {
  const { bars, ticks } = layOutBars([bucket(6, 2), bucket(0, 0), bucket(0, 4)], ['ok', 'failed'], 300, 100);
  const [first, second, third] = bars;
  expect(first?.total).toBe(8);
  const [lower, upper] = first?.pieces ?? [];
  expect((lower?.y ?? 0) + (lower?.height ?? 0)).toBe(100);
  expect((upper?.y ?? 0) + (upper?.height ?? 0)).toBeCloseTo(lower?.y ?? 0);
  expect(upper?.y).toBeGreaterThanOrEqual(0);
  expect(second?.pieces).toEqual([]);
  expect(third?.pieces.map(({ series }) => series)).toEqual(['failed']);
  expect(ticks.every(({ value }) => Number.isInteger(value))).toBe(true);
});

it('fewer bars have their names where there is less room', () => {
  const month = Array.from({ length: 30 }, (_, day) => bucket(1, 0, day + 1));
  const every = (width: number) => layOutBars(month, ['ok'], width, 100).nameEvery;
  expect(every(2000)).toBe(1);
  expect(every(280)).toBeGreaterThanOrEqual(6);
});

const ending = (id: string, day: number): Ending => ({
  id,
  at: new Date(Date.UTC(2026, 10, 1) + day * 86_400_000).toISOString(),
  label: id,
  what: 'Expires',
  tone: 'attention',
  href: `/${id}`,
});

it('endings that would touch become one point, in order of time, and none is lost', () => {
  const from = new Date(Date.UTC(2026, 10, 1));
  const endings = [ending('late', 80), ending('b', 21), ending('a', 20), ending('past', -3), ending('beyond', 91)];
  const clusters = clusterEndings(endings, from, 90, 320, 34);
  expect(clusters.map((cluster) => cluster.endings.map(({ id }) => id))).toEqual([['past'], ['a', 'b'], ['late']]);
  for (const [at, { x }] of clusters.entries()) {
    expect(x).toBeGreaterThanOrEqual(17);
    expect(x).toBeLessThanOrEqual(303);
    if (at > 0) expect(x - (clusters[at - 1]?.x ?? 0)).toBeGreaterThanOrEqual(34);
  }
  expect(placesOfDays([0, 90], 90, 320, 34)).toEqual([17, 303]);
});

it('a line begins at its first value and has one point for each', () => {
  expect(sparkPath([], 96, 24)).toBe('');
  expect(sparkPath([0, 5, 10], 96, 24).match(/[ML]/g)).toHaveLength(3);
  expect(span(7, 3)).toEqual({ first: 3, last: 7 });
});
