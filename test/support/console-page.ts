import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { openDevelopmentIssuer } from '../../src/adapters/auth/development-issuer.ts';
import { PERMISSIONS, type Permission } from '../../src/domain/permissions.ts';
import { watchConsole } from './console-watch.ts';
import { PATIENCE_MS } from './patience.ts';
import type { PurserHome } from './purser-process.ts';

/** For `createPurserHome`: people sign in with tokens of the development issuer. */
export const DEVELOPMENT = { JWT_ISSUERS: '' } as const;

export interface TokenFor {
  readonly projects?: readonly string[];
  /** In each of the projects. Default: all. */
  readonly permissions?: readonly Permission[];
  readonly subject?: string;
  readonly ttlSeconds?: number;
}

/** A token that the service of this home accepts. */
export async function developmentToken(
  { dataDir }: Pick<PurserHome, 'dataDir'>,
  {
    projects = ['demo'],
    permissions = Object.values(PERMISSIONS),
    subject = 'developer',
    ttlSeconds = 3600,
  }: TokenFor = {},
): Promise<string> {
  const issuer = await openDevelopmentIssuer(dataDir);
  return issuer.signToken({ projectIds: [...projects], permissions: [...permissions], subject, ttlSeconds });
}

export interface ConsoleOptions extends TokenFor {
  readonly purser: Pick<PurserHome, 'url' | 'dataDir'>;
  readonly browser: Browser;
  /** What is opened. Default: `/`. */
  readonly path?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
  /** Whether it is used by fingers. Default: false. */
  readonly hasTouch?: boolean;
  /** Whether its clock can be put forward, by `page.clock`. Default: false. */
  readonly hasClock?: boolean;
  /** False: it stays at the sign-in page. */
  readonly isSignedIn?: boolean;
}

export interface ConsolePage {
  readonly page: Page;
  /** What the page complained of: errors, what its content security policy refused, requests that failed, secrets that it got. */
  readonly complaints: readonly string[];
  /** How many answers were searched for secrets. */
  answers(): number;
  /** Closes it. Fails if it complained of anything but what is expected. */
  close(expected?: RegExp): Promise<void>;
}

/** The console in a browser with nothing kept from before, signed in by a token that is pasted. */
export async function openConsole({
  purser,
  browser,
  path = '/',
  viewport = { width: 1280, height: 800 },
  colorScheme = 'light',
  hasTouch = false,
  hasClock = false,
  isSignedIn = true,
  ...tokenFor
}: ConsoleOptions): Promise<ConsolePage> {
  const context = await browser.newContext({
    baseURL: purser.url,
    viewport,
    colorScheme,
    hasTouch,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  if (hasClock) await page.clock.install();
  // Pages of providers may ask for fonts.
  await context.route(/^https:/, (route) => route.abort());
  const { complaints, answers, searched } = await watchConsole(context, page, purser.url);
  await page.goto(path);
  if (isSignedIn) await signInByToken(page, await developmentToken(purser, tokenFor));
  return {
    page,
    complaints,
    answers,
    async close(expected) {
      await searched();
      await context.close();
      expect(complaints.filter((complaint) => !expected?.test(complaint))).toEqual([]);
    },
  };
}

/** At the sign-in page, or in the dialog over a page whose session has ended. */
export async function signInByToken(page: Page, token: string): Promise<void> {
  await page.getByLabel('Or paste a link or a token').fill(token);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: /^Signed in as / }).waitFor();
}

/** Waits until the page follows what happens. */
export async function becomesLive(page: Page): Promise<void> {
  await page.locator('[data-status="live"]').waitFor();
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const ALL = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };
/** What may differ between light and dark: the rest of the page is the same. */
const COLOURS = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

/** Colours count once they have come to rest. What runs without end is not awaited. */
const AT_REST = `Promise.allSettled(document.getAnimations()
  .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime))
  .map(({ finished }) => finished)).then(() => undefined)`;

/**
 * What axe finds in the page as it stands now, by the rules of WCAG 2.2 AA and its own. React Aria's announcer is left out: for some
 * seconds it names buttons that may be gone by then.
 * @param what is named in the failure
 * @param only its colours: everything else was looked at before
 */
export async function expectNoAxeViolations(page: Page, what = '', only?: 'colours'): Promise<void> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(await readFile(AXE, 'utf8'));
  await page.evaluate(AT_REST);
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run({ exclude: ['[data-live-announcer]'] }, { runOnly: ${JSON.stringify(only ? COLOURS : ALL)}, resultTypes: ['violations'] })`,
  );
  const found = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    at: nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`),
  }));
  expect(found, what).toEqual([]);
}
