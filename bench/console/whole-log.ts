import { stat } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { megabytes, whole } from '../figures.ts';
import { type Row, reference } from '../table.ts';
import { CONSOLE_PROJECT } from './console-project.ts';
import { type Measured, type MeasuredPage, openMeasuredPage } from './measured-page.ts';
import { AUDIT_AT_REST, EXPORT, FIRST_VIEW, VERIFICATION } from './steps.ts';

const PATIENCE_MS = 15 * 60_000;
/** An entry takes more than that in each format: an export that ended before its end is none. */
const FEWEST_BYTES = CONSOLE_PROJECT.entries * 200;

/** What reads every entry of the log. Each in a profile of its own, so that the memory is its own too. */
export async function benchWholeLog(browser: Browser, url: string, signIn: () => Promise<string>): Promise<Row[]> {
  const rows: Row[] = [];
  for (const format of ['NDJSON', 'CSV']) rows.push(await benchExport(browser, url, await signIn(), format));
  return [...rows, await benchVerification(browser, url, await signIn())];
}

async function benchExport(browser: Browser, url: string, signIn: string, format: string): Promise<Row> {
  const measured = await openMeasuredPage(browser, url);
  const { page } = measured;
  try {
    await openPage(measured, signIn, AUDIT_AT_REST);
    await EXPORT.choose(page, format);
    const downloaded = page.waitForEvent('download', { timeout: PATIENCE_MS });
    const seen = await measured.measure(() => EXPORT.act(page), EXPORT.done, PATIENCE_MS);
    const { size } = await stat(await (await downloaded).path());
    if (size < FEWEST_BYTES) throw new Error(`the export in ${format} has ${size} bytes alone`);
    return rowOf(`audit log, all of it exported as ${format}`, seen, megabytes(size), await measured.mostMemory());
  } finally {
    await measured.close();
  }
}

async function benchVerification(browser: Browser, url: string, signIn: string): Promise<Row> {
  const measured = await openMeasuredPage(browser, url);
  try {
    await openPage(measured, signIn, VERIFICATION);
    const seen = await measured.measure(() => VERIFICATION.act(measured.page), VERIFICATION.done, PATIENCE_MS);
    const rate = `${whole((CONSOLE_PROJECT.entries / seen.took) * 1000)} entries/s`;
    return rowOf('audit log, all of it verified in the browser', seen, rate, await measured.mostMemory());
  } finally {
    await measured.close();
  }
}

async function openPage(measured: MeasuredPage, signIn: string, { open, isReady }: { open: string; isReady: string }) {
  await measured.open(signIn, FIRST_VIEW.settles);
  await measured.page.evaluate(`history.pushState(null, '', ${JSON.stringify(open)})`);
  await measured.settle(isReady);
}

function rowOf(what: string, { took, longestTask, longestGap }: Measured, more: string, memory: number): Row {
  const gaps = `longest task ${whole(longestTask)} ms, longest time without a frame ${whole(longestGap)} ms`;
  return reference(what, `${whole(took / 1000)} s, ${more}, ${gaps}, ${megabytes(memory)} of memory`);
}
