import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { createSignInCodes } from '../../src/adapters/auth/sign-in-codes.ts';
import { median, whole } from '../figures.ts';
import { type PurserEnvironment, startPurser } from '../purser-process.ts';
import { type Row, reference } from '../table.ts';
import { CONSOLE_PROJECT, seedSecrets } from './console-project.ts';
import { type Measured, type MeasuredPage, openMeasuredPage } from './measured-page.ts';
import { FIRST_VIEW, STEPS, VERIFICATION } from './steps.ts';

const REPEATS = 5;
/** The shell first: Chromium draws its own window too, by the same cores. */
const CHROMIUM = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const VERIFICATION_PATIENCE_MS = 15 * 60_000;
const MAX_MS = 1_000;
const MAX_SCRIPT_BYTES = 300 * 1024;

/** Sent to the browser until now, compressed as it came. */
const SCRIPT_BYTES = `performance.getEntriesByType('resource').filter(({ name }) => /\\.js$/.test(name))
  .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`;

/**
 * What people wait for in the console, on a project with 100,000 registries and 1,000,000 audit entries: each view in a profile
 * that has never seen it, and what is done in it. The service has answered all of it once before.
 */
export async function benchConsole(environment: PurserEnvironment): Promise<Row[]> {
  const executablePath = CHROMIUM.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('no Chromium: apt-get install chromium');
  const purser = await startPurser({ ...environment, ...DEVELOPMENT });
  const browser = await chromium.launch({ executablePath });
  try {
    await seedSecrets(environment.DATABASE_URL ?? '');
    const codes = createSignInCodes(environment.PURSER_DATA_DIR ?? '');
    const signIn = async () => `/sign-in#code=${(await codes.create()).reveal()}`;
    const all = new Map<string, Measured[]>();
    const scriptBytes: number[] = [];
    for (let round = 0; round <= REPEATS; round += 1) {
      const seen = await walk(browser, purser.url, await signIn());
      // The first one warms the service.
      if (round === 0) continue;
      scriptBytes.push(seen.scriptBytes);
      for (const [what, measured] of seen.steps) all.set(what, [...(all.get(what) ?? []), measured]);
    }
    return [
      scriptRow(Math.max(...scriptBytes)),
      ...[...all].map(([what, measured]) => rowOf(what, measured)),
      ...(await benchVerification(browser, purser.url, await signIn())),
    ];
  } finally {
    await browser.close();
    await purser.stop();
  }
}

/** People sign in by links. */
const DEVELOPMENT = { NODE_ENV: 'development', JWT_ISSUERS: '' };

async function walk(browser: Browser, url: string, signIn: string) {
  const measured = await openMeasuredPage(browser, url);
  try {
    const steps: [string, Measured][] = [];
    steps.push(['the first view, from the link that signs in', await measured.open(signIn, FIRST_VIEW.done)]);
    const scriptBytes = await measured.page.evaluate<number>(SCRIPT_BYTES);
    await settled(measured, FIRST_VIEW.settles);
    for (const { what, act, done, settles } of STEPS) {
      try {
        steps.push([what, await measured.measure(() => act(measured.page), done)]);
        if (settles) await settled(measured, settles);
      } catch (error) {
        throw new Error(`${what}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
    return { steps, scriptBytes };
  } finally {
    await measured.close();
  }
}

async function settled(measured: MeasuredPage, condition: string): Promise<void> {
  await measured.measure(() => measured.page.evaluate('window.benchInput = performance.now()'), condition);
}

async function benchVerification(browser: Browser, url: string, signIn: string): Promise<Row[]> {
  const measured = await openMeasuredPage(browser, url);
  try {
    await measured.open(signIn, FIRST_VIEW.settles);
    await measured.page.evaluate(`history.pushState(null, '', ${JSON.stringify(VERIFICATION.open)})`);
    await settled(measured, VERIFICATION.isReady);
    const { took, longestTask } = await measured.measure(
      () => VERIFICATION.act(measured.page),
      VERIFICATION.done,
      VERIFICATION_PATIENCE_MS,
    );
    const rate = (CONSOLE_PROJECT.entries / took) * 1000;
    return [
      reference(
        'audit log, all of it verified in the browser',
        `${whole(rate)} entries/s (${whole(took / 1000)} s, longest task ${whole(longestTask)} ms)`,
      ),
    ];
  } finally {
    await measured.close();
  }
}

function scriptRow(bytes: number): Row {
  return {
    what: 'script before the first use, compressed',
    measured: `${whole(bytes / 1024)} KB`,
    goal: '≤ 300 KB',
    met: bytes <= MAX_SCRIPT_BYTES,
  };
}

function rowOf(what: string, measured: readonly Measured[]): Row {
  const times = measured.map(({ took }) => took);
  const task = Math.max(...measured.map(({ longestTask }) => longestTask));
  return {
    what,
    measured: `${whole(median(times))} ms, worst ${whole(Math.max(...times))} ms, longest task ${whole(task)} ms`,
    goal: '≤ 1 s',
    met: median(times) <= MAX_MS,
  };
}
