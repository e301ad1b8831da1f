import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';

/** What one step took, in milliseconds. */
export interface Measured {
  readonly took: number;
  /** The longest time for which the page answered nobody. */
  readonly longestTask: number;
  /** The longest time for which the page painted nothing. */
  readonly longestGap: number;
}

/** A page of the console in a profile of its own: nothing is kept from before. */
export interface MeasuredPage {
  readonly page: Page;
  /**
   * From the last input of `act` to the frame after which `condition` holds, an expression of JavaScript in which `before` is the
   * text of the rows as it was. @throws Error with what the console says if something failed
   */
  measure(act: () => Promise<unknown>, condition: string, patienceMs?: number): Promise<Measured>;
  /** The same from the beginning of a navigation. */
  open(path: string, condition: string): Promise<Measured>;
  /** Waits until the condition holds: what follows begins from a page at rest. */
  settle(condition: string): Promise<void>;
  /** In bytes, of the page's process since it began. */
  mostMemory(): Promise<number>;
  close(): Promise<void>;
}

/** Ends what never comes, also on a machine that is busy. */
const PATIENCE_MS = 60_000;

/** Keeps when the last input was, and which tasks were long. */
const WATCH = `
  window.benchInput = undefined;
  window.benchTasks = [];
  for (const kind of ['pointerup', 'keyup', 'input', 'click', 'popstate'])
    addEventListener(kind, ({ timeStamp }) => { window.benchInput = timeStamp; }, { capture: true });
  new PerformanceObserver((list) => window.benchTasks.push(...list.getEntries())).observe({ type: 'longtask', buffered: true });
`;

export const ROWS_TEXT = `[...document.querySelectorAll('tbody tr:not([aria-hidden])')].map(({ textContent }) => textContent).join()`;

/** Looks once a frame, and once more after the frame was painted. */
const waitFor = (condition: string, patienceMs: number) => `new Promise((resolve, reject) => {
  const before = ${ROWS_TEXT};
  const giveUp = performance.now() + ${patienceMs};
  let last = performance.now();
  let longestGap = 0;
  const look = () => {
    longestGap = Math.max(longestGap, performance.now() - last);
    last = performance.now();
    const alert = [...document.querySelectorAll('[role="alert"]')].find(({ textContent }) => textContent.includes('could not be loaded'));
    if (alert !== undefined) return reject(new Error('the console says: ' + alert.textContent));
    if (performance.now() > giveUp) return reject(new Error('never: ' + ${JSON.stringify(condition)}));
    if (window.benchInput === undefined || !(${condition})) return requestAnimationFrame(look);
    setTimeout(() => {
      const tasks = window.benchTasks.filter(({ startTime, duration }) => startTime + duration > window.benchInput);
      resolve({
        took: performance.now() - window.benchInput,
        longestTask: Math.max(0, ...tasks.map(({ duration }) => duration)),
        longestGap,
      });
    });
  };
  requestAnimationFrame(look);
})`;

/** For a step without an input: its time begins now. */
export const beginNow = (page: Page): Promise<unknown> => page.evaluate('window.benchInput = performance.now()');

export async function openMeasuredPage(browser: Browser, baseURL: string): Promise<MeasuredPage> {
  const context = await browser.newContext({ baseURL, viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  await page.addInitScript(WATCH);
  // Nobody is there to say where a file goes.
  await page.addInitScript('delete window.showSaveFilePicker');
  const measure: MeasuredPage['measure'] = async (act, condition, patienceMs = PATIENCE_MS) => {
    await page.evaluate('window.benchInput = undefined');
    const [measured] = await Promise.all([page.evaluate<Measured>(waitFor(condition, patienceMs)), act()]);
    return measured;
  };
  return {
    page,
    measure,
    async open(path, condition) {
      await page.goto(path, { waitUntil: 'commit' });
      return page.evaluate<Measured>(`window.benchInput ??= 0, ${waitFor(condition, PATIENCE_MS)}`);
    },
    async settle(condition) {
      await measure(() => beginNow(page), condition);
    },
    mostMemory: () => mostMemoryOfPages(browser),
    close: () => context.close(),
  };
}

/** Pages of a context that was closed have no process any more. */
async function mostMemoryOfPages(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const pages = processInfo.filter(({ type }) => type === 'renderer');
    const kilobytes = pages.map(async ({ id }) => {
      const status = await readFile(`/proc/${id}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]);
    });
    return Math.max(...(await Promise.all(kilobytes))) * 1024;
  } finally {
    await session.detach();
  }
}
