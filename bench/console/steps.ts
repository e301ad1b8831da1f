import type { Page } from 'playwright-core';
import { beginNow, ROWS_TEXT } from './measured-page.ts';

/** One thing that a person does, and how it shows that it is done. */
export interface Step {
  readonly what: string;
  act(page: Page): Promise<unknown>;
  readonly done: string;
  /** What must be so before the next step, because steps begin from a page at rest. */
  readonly settles?: string;
}

const ROWS = `document.querySelectorAll('tbody tr:not([aria-hidden])').length`;
const IS_IDLE = `document.querySelector('[aria-busy="true"]') === null`;
const NOTHING_LOADS = `![...document.querySelectorAll('[role="status"]')].some(({ textContent }) => textContent.startsWith('Loading'))`;
const AT_REST = `${IS_IDLE} && ${NOTHING_LOADS}`;
const NEW_ROWS = `${IS_IDLE} && ${ROWS} > 0 && ${ROWS_TEXT} !== before`;
const FULL = `${IS_IDLE} && ${ROWS} >= 50`;
/** What is looked for page by page has ended. */
const NOT_PENDING = `document.querySelector('[data-pending]') === null`;
const HAS_CHART = `document.querySelector('[role="toolbar"] button') !== null`;
const says = (text: string) => `document.querySelector('main')?.innerText.includes(${JSON.stringify(text)})`;
const heading = (text: string) => `document.querySelector('h1')?.textContent === ${JSON.stringify(text)}`;

const goTo = (name: string) => (page: Page) =>
  page.getByRole('navigation').first().getByRole('link', { name, exact: true }).click();
const press = (name: string | RegExp) => (page: Page) =>
  page.getByRole('button', { name, exact: true }).first().click();

/** Chooses one of a menu of filters. */
const choose = (menu: string, option: string) => async (page: Page) => {
  await page.getByRole('button', { name: menu }).first().click();
  await page.getByRole('menu').getByText(option, { exact: true }).click();
  // One of which several can be chosen stays open.
  if (await page.getByRole('menu').isVisible()) await page.keyboard.press('Escape');
};

const REGISTRIES: readonly Step[] = [
  {
    what: 'registries, opened',
    act: goTo('Registries'),
    done: `${heading('Registries')} && ${ROWS} >= 50`,
    settles: says('of at least'),
  },
  { what: 'registries, the next page', act: press('Load more'), done: `${ROWS} >= 100` },
  { what: 'registries, searched, one is found', act: search('registry-77777.'), done: `${IS_IDLE} && ${ROWS} === 1` },
  { what: 'registries, searched, 10,000 are found', act: search('7.example'), done: `${IS_IDLE} && ${ROWS} >= 40` },
  {
    what: 'registries, searched, 1,000 are found: the first of them',
    act: search('77.example'),
    done: NEW_ROWS,
  },
  {
    what: '… and the rest of a page of them',
    act: beginNow,
    done: FULL,
    settles: NOT_PENDING,
  },
  {
    what: 'registries, searched, none is found',
    act: search('nothing-has-this'),
    done: says('No registry matches'),
  },
  { what: 'registries, all again', act: press('Clear'), done: FULL },
  { what: 'registries, of one provider', act: choose('Provider', 'Other'), done: NEW_ROWS },
  {
    what: 'registries, failing as well',
    act: choose('Status', 'Failing'),
    done: `${IS_IDLE} && ${ROWS} > 0 && ${ROWS} < 50`,
  },
  {
    what: 'registries, sorted by last use',
    act: choose('Sort by', 'Last use: Ascending'),
    done: NEW_ROWS,
    settles: NOT_PENDING,
  },
];

function search(text: string) {
  return (page: Page) => page.getByRole('searchbox').first().fill(text);
}

const REGISTRY: readonly Step[] = [
  {
    what: 'a registry, opened from the list',
    act: (page) => page.locator('tbody [data-row]').first().click(),
    done: `document.querySelector('[role="tablist"]') !== null`,
  },
  {
    what: 'its leases',
    act: (page) => page.getByRole('tab', { name: 'Leases' }).click(),
    done: `${AT_REST} && ${says('lease')}`,
  },
  {
    // No event is behind it.
    what: 'its history, which is empty',
    act: (page) => page.getByRole('tab', { name: 'History' }).click(),
    done: `${AT_REST} && ${says('Nothing has happened yet')}`,
  },
];

const AUDIT: readonly Step[] = [
  {
    what: 'audit log, opened',
    act: goTo('Audit log'),
    done: `${heading('Audit log')} && ${ROWS} >= 50`,
    settles: `${HAS_CHART} && ${says('1,000,0')}`,
  },
  { what: 'audit log, the next page', act: press('Load more'), done: `${ROWS} >= 100` },
  {
    what: 'audit log, an entry opened',
    act: (page) => page.locator('tbody [data-row]').nth(5).click(),
    done: `document.querySelector('[role="dialog"] dl') !== null`,
  },
  {
    what: 'audit log, closed again',
    act: (page) => page.keyboard.press('Escape'),
    done: `document.querySelector('[role="dialog"]') === null`,
  },
  { what: 'audit log, denied alone', act: press('Denied'), done: `${NEW_ROWS} && location.search.includes('DENIED')` },
  { what: 'audit log, everything again', act: press('Clear all'), done: NEW_ROWS },
  { what: 'audit log, searched, none is found', act: search('nothing-has-this'), done: says('No entry matches') },
  {
    what: 'audit log, all again',
    act: press('Clear'),
    done: FULL,
    settles: HAS_CHART,
  },
  {
    what: 'audit log, three bars chosen over the chart',
    act: brush,
    done: `${NEW_ROWS} && location.search.includes('from=')`,
    settles: AT_REST,
  },
];

/** A drag over three of the newest bars. */
async function brush(page: Page): Promise<void> {
  const bars = page.locator('[role="toolbar"] button');
  const last = (await bars.count()) - 1;
  const from = await bars.nth(last - 4).boundingBox();
  const to = await bars.nth(last - 2).boundingBox();
  if (from === null || to === null) throw new Error('the chart has no bars');
  const y = from.y + from.height / 2;
  await page.mouse.move(from.x + from.width / 2, y);
  await page.mouse.down();
  await page.mouse.move(to.x + to.width / 2, y, { steps: 8 });
  await page.mouse.up();
}

const OTHERS: readonly Step[] = [
  {
    what: 'notices, opened',
    act: goTo('Notices'),
    done: `${heading('Notices')} && document.querySelectorAll('main li').length >= 20`,
  },
  { what: 'calendar, opened', act: goTo('Calendar'), done: `${heading('Calendar')} && ${AT_REST}` },
  { what: 'webhooks, opened', act: goTo('Webhooks'), done: `${heading('Webhooks')} && ${AT_REST}` },
  { what: 'trust rules, opened', act: goTo('Trust rules'), done: `${heading('Trust rules')} && ${AT_REST}` },
  {
    what: 'all projects, opened',
    act: (page) => page.getByRole('banner').getByRole('link').first().click(),
    done: `${heading('Projects')} && ${says('registries')}`,
  },
];

/** The overview: what needs attention comes first. */
export const FIRST_VIEW = { done: says('Needs attention'), settles: AT_REST };
export const STEPS: readonly Step[] = [...REGISTRIES, ...REGISTRY, ...AUDIT, ...OTHERS];

/** The audit log's page, with all that it loads. */
export const AUDIT_AT_REST = {
  open: '/projects/demo/audit',
  isReady: `${AT_REST} && ${ROWS} >= 50 && ${HAS_CHART}`,
} as const;

/** The whole log, to a file. */
export const EXPORT = {
  async choose(page: Page, format: string): Promise<void> {
    await press('Export')(page);
    const dialog = page.getByRole('dialog');
    await dialog.getByText(format, { exact: true }).click();
  },
  act: (page: Page) => page.getByRole('dialog').getByRole('button', { name: 'Export', exact: true }).click(),
  done: `document.querySelector('[role="dialog"]')?.innerText.includes('is complete')`,
} as const;

/** The whole log, in the browser. */
export const VERIFICATION = {
  open: '/projects/demo/audit/verify',
  isReady: `document.querySelector('[role="checkbox"], input[type="checkbox"]') !== null`,
  act: press('Verify'),
  // With or without a signed head.
  done: says('is whole'),
} as const;
