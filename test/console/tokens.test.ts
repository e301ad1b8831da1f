import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

type Theme = 'light' | 'dark';

function colours(theme: Theme): ReadonlyMap<string, string> {
  const css = readFileSync(new URL('../../console/src/styles/tokens.css', import.meta.url), 'utf8');
  const pairs = css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g);
  return new Map([...pairs].map(([, name = '', light = '', dark = '']) => [name, theme === 'light' ? light : dark]));
}

/** Relative luminance, as WCAG defines it. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const GROUNDS = ['canvas', 'surface', 'surface-raised', 'surface-sunken', 'surface-hover', 'surface-selected'];
const TONES = ['ok', 'attention', 'danger', 'info', 'neutral'];
const TEXTS = ['ink', 'ink-soft', 'ink-faint', 'accent', 'danger-ink'];

/** What is written on what: 4.5. */
const WRITTEN = [
  ...TEXTS.flatMap((text) => GROUNDS.map((ground) => [text, ground])),
  ...TONES.flatMap((tone) => [
    [`${tone}-ink`, `${tone}-soft`],
    [`${tone}-ink`, 'surface'],
    [`${tone}-ink`, 'surface-hover'],
    ['ink', `${tone}-soft`],
    ['ink-soft', `${tone}-soft`],
  ]),
  ...['accent-fill', 'accent-fill-hover', 'accent-fill-pressed'].map((fill) => ['on-accent', fill]),
  ...['danger-fill', 'danger-fill-hover'].map((fill) => ['on-danger', fill]),
  ['on-highlight', 'highlight'],
  ['accent', 'accent-soft'],
  ['canvas', 'ink'],
];
/** What is drawn on what, and the edges of fields: 3. */
const DRAWN = [
  ...TONES.flatMap((tone) => [
    [`${tone}-mark`, 'surface'],
    [`${tone}-mark`, `${tone}-soft`],
  ]),
  ...['surface', 'canvas', 'surface-raised'].flatMap((ground) => [
    ['line-strong', ground],
    ['focus', ground],
    ['accent-fill', ground],
  ]),
];

it.each<Theme>(['light', 'dark'])('what is written and drawn can be told from its ground in %s', (theme) => {
  const named = colours(theme);
  const colour = (name = '') => {
    const found = named.get(name);
    if (found === undefined) throw new Error(`tokens.css has no colour ${name}`);
    return found;
  };
  const below = (pairs: readonly (readonly string[])[], least: number) =>
    pairs
      .map(([one, other]) => ({ pair: `${one} on ${other}`, is: contrast(colour(one), colour(other)) }))
      .filter(({ is }) => is < least)
      .map(({ pair, is }) => `${pair}: ${is.toFixed(2)}`);
  expect(below(WRITTEN, 4.5)).toEqual([]);
  expect(below(DRAWN, 3)).toEqual([]);
});

it('the contrast of black on white is 21, and of #777 on white just under 4.5', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});
