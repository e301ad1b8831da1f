import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { canary } from '../support/canary.ts';
import { skipReason, titled } from '../support/required-tools.ts';

const missing = skipReason('chromium');
/** As the console has it, for what the parts do: no inline style or script, and nothing is inserted as HTML. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

describe.skipIf(missing)(titled('the parts of the console', missing), () => {
  let folder: string;
  let server: Server;
  let url: string;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'console-parts-'));
    await build({
      configFile: fileURLToPath(new URL('../../console/gallery/vite.config.ts', import.meta.url)),
      logLevel: 'error',
      build: { outDir: folder },
    });
    server = createServer((request, response) => {
      const path = request.url === '/' ? '/index.html' : (request.url ?? '');
      response.setHeader('content-security-policy', POLICY);
      response.setHeader('content-type', TYPES[extname(path)] ?? 'text/plain');
      response.end(readFileSync(join(folder, path)));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    url = `http://127.0.0.1:${address.port}/`;
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true });
  });
  afterEach(() => page.close());

  async function open(width: number, colorScheme: 'light' | 'dark'): Promise<void> {
    complaints.length = 0;
    page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, timezoneId: 'America/Los_Angeles' });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    await page.goto(url);
    await page.getByRole('heading', { level: 1 }).waitFor();
  }

  async function axeFindings(): Promise<readonly string[]> {
    const found: { violations: readonly Finding[] } = await page.evaluate(
      `(() => { ${AXE}; return axe.run(document, { resultTypes: ['violations'] }); })()`,
    );
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  }

  it.each([
    [360, 'light'],
    [360, 'dark'],
    [1024, 'light'],
    [1920, 'dark'],
  ] as const)('have no accessibility fault and no sideways scrolling at %d px in %s', async (width, scheme) => {
    await open(width, scheme);
    expect(await axeFindings()).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
  });

  it('open, are used and close by keys, and break no rule of the policy', async () => {
    await open(1024, 'light');
    await page.getByRole('button', { name: 'Open dialog' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    expect(await axeFindings()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Open dialog');

    await page.getByRole('button', { name: 'More actions' }).first().press('Enter');
    await page.getByRole('menuitem', { name: 'Edit details' }).waitFor();
    expect(await axeFindings()).toEqual([]);
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Tell it failed' }).press('Enter');
    await page.getByRole('alertdialog').getByText('Nothing was sent').waitFor();
    expect(await axeFindings()).toEqual([]);

    const number = page.getByRole('textbox', { name: 'Rotate every, in days' });
    await number.focus();
    await page.keyboard.press('ArrowUp');
    expect(await number.inputValue()).toBe('91');
    expect(complaints).toEqual([]);
  });

  it('ask for the text that must be typed before a dialog confirms', async () => {
    await open(360, 'dark');
    await page.getByRole('button', { name: 'Ask first' }).click();
    const confirm = page.getByRole('dialog').getByRole('button', { name: 'Delete registry' });
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByLabel('Type ghcr.io/acme to confirm').fill('ghcr.io/acme');
    expect(await axeFindings()).toEqual([]);
    expect(await confirm.isDisabled()).toBe(false);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('put an error at its field with the focus, and keep a secret no longer than until it was read', async () => {
    await open(1024, 'light');
    const secret = canary('console-field');
    const password = page.getByRole('textbox', { name: 'Password', exact: true });
    await password.fill(secret);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText(`${secret.length} characters were read.`).waitFor();
    expect(await password.inputValue()).toBe('');
    expect(await page.content()).not.toContain(secret);
    const name = page.getByLabel('User name');
    await expect.poll(() => page.evaluate('document.activeElement.name')).toBe('username');
    expect(await name.getAttribute('aria-invalid')).toBe('true');
    await page.getByRole('button', { name: 'Fail', exact: true }).click();
    await page.getByRole('alert').getByText('The registry cannot be reached.').waitFor();
    expect(complaints).toEqual([]);
  });

  it('refuse a date of which a part is missing, and keep none from before in its place', async () => {
    await open(1024, 'light');
    await page.getByText('Expires: 2027-03-31T22:00:00.000Z').waitFor();
    const hour = page.getByRole('group', { name: 'Expires' }).getByRole('spinbutton', { name: /^hour/ });
    await hour.focus();
    for (const key of ['Backspace', 'Backspace']) await page.keyboard.press(key);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Still missing: hour.').waitFor();
    expect(await hour.evaluate('document.activeElement.dataset.type')).toBe('hour');
    expect(await page.getByText('characters were read').count()).toBe(0);
    await page.keyboard.press('7');
    await page.getByText('Expires: 2027-03-31T14:00:00.000Z').waitFor();
    expect(await page.getByText('Still missing').count()).toBe(0);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('characters were read').waitFor();
    expect(complaints).toEqual([]);
  });

  it('send a form once, however often Enter is pressed', async () => {
    await open(1024, 'light');
    const pipeline = page.getByLabel('Pipeline', { exact: true });
    await pipeline.press('Enter');
    await page.getByText('Sent 1 times.').waitFor();
    await pipeline.press('Enter');
    await page.getByRole('button', { name: 'Answer' }).click();
    await pipeline.press('Enter');
    await expect.poll(() => page.getByText(/Sent \d times/).textContent()).toBe('Sent 2 times.');
    expect(complaints).toEqual([]);
  });

  it('keep what is typed while an earlier search is taken over', async () => {
    await open(1024, 'light');
    const search = page.getByRole('searchbox', { name: 'Search registries' });
    await search.pressSequentially('gh');
    const takeOver = page.getByRole('button', { name: 'Take over “gh”', exact: true });
    await takeOver.waitFor();
    await search.pressSequentially('cr io');
    await takeOver.click();
    expect(await search.inputValue()).toBe('ghcr io');
    await page.getByRole('button', { name: 'Take over “ghcr io”', exact: true }).click();
    await takeOver.waitFor({ state: 'detached' });
    expect(await search.inputValue()).toBe('ghcr io');
    expect(complaints).toEqual([]);
  });

  it('lead the focus from the last filter that is taken away to the filters above', async () => {
    await open(1024, 'light');
    const focused = () => page.evaluate('document.activeElement.textContent');
    await page.getByRole('row', { name: 'Status: Expired' }).press('Delete');
    await expect.poll(focused).toBe('Status: Failing');
    await page.keyboard.press('Delete');
    await expect.poll(focused).toBe('Never tested');
    expect(complaints).toEqual([]);
  });

  it('let a range of a chart be chosen by keys and by dragging', async () => {
    await open(1024, 'light');
    const columns = page.getByRole('toolbar').getByRole('button');
    // The service counts days of UTC, whatever the reader's clock says.
    const today = new Date().toLocaleDateString('en-US', { dateStyle: 'medium', timeZone: 'UTC' });
    expect(await columns.last().getAttribute('aria-label')).toContain(today);
    await columns.first().focus();
    for (const key of ['ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight']) await page.keyboard.press(key);
    await page.getByText('3 days chosen').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('All days').waitFor();
    await columns.nth(4).hover();
    await page.mouse.down();
    await columns.nth(8).hover();
    await page.mouse.up();
    await page.getByText('5 days chosen').waitFor();
    expect(complaints).toEqual([]);
  });

  it('lead from row to row by arrow keys', async () => {
    await open(1024, 'light');
    await page.getByRole('link', { name: 'ghcr.io/acme' }).focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('registry.gitlab.com/acme/platform');
  });
});
