import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SIZES, THEMES } from '../../scripts/screenshots/sizes.ts';
import { viewsOf } from '../../scripts/screenshots/views.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MOST_BYTES = 2_000_000;

const pictures = readdirSync(`${ROOT}docs/images`);

/** The pictures that a page shows, from the project's folder. */
function shownBy(page: string): string[] {
  const folder = page.slice(0, page.lastIndexOf('/') + 1);
  const text = readFileSync(ROOT + page, 'utf8');
  return [...text.matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, path = '']) => folder + path);
}

describe('the pictures of the console', () => {
  it('are there for every view, at each width, light and dark, and no others', () => {
    const views = viewsOf({ registryIds: new Map(), ruleId: '' }).map(({ name }) => name);
    const folders = readdirSync(`${ROOT}console/src/views`);
    expect(views.toSorted()).toEqual([...folders, 'sign-in'].toSorted());
    const expected = views.flatMap((name) =>
      SIZES.flatMap(({ width }) => THEMES.map((theme) => `${name}-${width}-${theme}.webp`)),
    );
    expect(pictures.toSorted()).toEqual(expected.toSorted());
  });

  it('are at most 2 MB in all', () => {
    const bytes = pictures.reduce((sum, name) => sum + statSync(`${ROOT}docs/images/${name}`).size, 0);
    expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
  });

  it.each(['README.md', 'docs/console.md'])('that %s shows are there', (page) => {
    const shown = shownBy(page);
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.filter((path) => !pictures.includes(path.replace('docs/images/', '')))).toEqual([]);
  });
});
