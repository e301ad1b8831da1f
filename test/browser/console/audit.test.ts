import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREATE, ISSUE } from '../../service/operations.ts';
import { launchBrowser } from '../../support/browser.ts';
import { canary } from '../../support/canary.ts';
import { DEVELOPMENT, developmentToken, expectNoAxeViolations, openConsole } from '../../support/console-page.ts';
import { freePort } from '../../support/postgres-server.ts';
import { ask } from '../../support/purser.ts';
import { createPurserHome, type PurserHome } from '../../support/purser-process.ts';
import { skipReason, titled } from '../../support/required-tools.ts';

const missing = skipReason('chromium');
/** In a text field, it must stay text. */
const SCRIPT = '<img src=x onerror="window.hasRun=1"><script>window.hasRun=1</script>';
const ENTRIES = 30;

/** Browsers without a dialog for saving write to a file of their own, which a test can read. */
const NO_SAVE_DIALOG = 'delete window.showSaveFilePicker';

describe.skipIf(missing)(titled('the audit log in the console', missing), () => {
  let purser: PurserHome;
  let browser: Browser;
  let page: Page;
  let close: () => Promise<void>;

  beforeAll(async () => {
    purser = await createPurserHome({ ...DEVELOPMENT, PORT: String(await freePort()) });
    [browser] = await Promise.all([launchBrowser(), purser.start()]);
    const token = await developmentToken(purser, { subject: 'ada' });
    const input = { url: 'ghcr.io', name: SCRIPT, description: SCRIPT, username: 'ada', password: canary('audit') };
    const created = await ask(purser.url, CREATE, { input }, token);
    expect(created.errors).toBeUndefined();
    for (let run = 1; run < ENTRIES; run += 1) {
      const asked = { image: `ghcr.io/org/app${run}`, pipeline: run === 7 ? SCRIPT : 'web/deploy', runId: String(run) };
      expect((await ask(purser.url, ISSUE, { input: asked }, token)).errors).toBeUndefined();
    }
    const denied = await developmentToken(purser, {
      subject: 'mallory',
      permissions: ['iam:project:cicd:registry:read'],
    });
    await ask(purser.url, ISSUE, { input: { image: 'ghcr.io/org/secret', pipeline: 'web/deploy' } }, denied);
    // The head of the log is signed when the service stops.
    await purser.kill('SIGTERM');
    await purser.start();
    const opened = await openConsole({ purser, browser, path: '/projects/demo/audit' });
    page = opened.page;
    close = opened.close;
    await page.addInitScript(NO_SAVE_DIALOG);
    await page.evaluate(NO_SAVE_DIALOG);
  });
  afterAll(async () => {
    await close?.();
    await browser?.close();
    await purser?.remove();
  });

  const rows = () => page.getByRole('table', { name: 'Entries of the audit log' }).locator('tbody tr');
  const parameters = () => Object.fromEntries(new URL(page.url()).searchParams);

  it('lists entries, filters them by the address, and goes back', async () => {
    await expect.poll(() => rows().count()).toBeGreaterThanOrEqual(ENTRIES);
    await expectNoAxeViolations(page);
    await page.getByRole('button', { name: 'Denied', exact: true }).click();
    await expect.poll(parameters).toEqual({ outcome: 'DENIED' });
    await expect.poll(() => rows().count()).toBe(1);
    await rows().getByText('mallory').waitFor();
    await page.getByRole('button', { name: 'Changes by people' }).click();
    await expect.poll(parameters).toEqual({ kind: 'changes', outcome: 'SUCCEEDED' });
    await rows().getByText('CREATE_REGISTRY').waitFor();
    await expect.poll(() => rows().count()).toBe(1);
    await page.goBack();
    await expect.poll(parameters).toEqual({ outcome: 'DENIED' });
    await page.getByRole('button', { name: 'Clear all', exact: true }).click();
    await expect.poll(parameters).toEqual({});
  });

  it('opens an entry to all its fields, and shows a stored script as text', async () => {
    await page.getByRole('button', { name: 'Changes by people' }).click();
    await page.getByRole('button', { name: 'CREATE_REGISTRY' }).click();
    const panel = page.getByRole('dialog', { name: 'Entry 1' });
    await panel.getByText(SCRIPT).first().waitFor();
    await expect.poll(() => parameters().entry).toMatch(/^1@/);
    await expectNoAxeViolations(page);
    await page.keyboard.press('Escape');
    await expect.poll(parameters).toEqual({ kind: 'changes', outcome: 'SUCCEEDED' });
    await page.getByRole('button', { name: 'Clear all', exact: true }).click();
    // Its column is left out where the window is this narrow, but the text is there.
    await rows().getByText(SCRIPT).first().waitFor({ state: 'attached' });
    expect(await page.evaluate('window.hasRun')).toBeUndefined();
  });

  it('chooses a time over the chart by keyboard and by pointer', async () => {
    const bars = page.getByRole('toolbar', { name: /^Choose a range/ }).getByRole('button');
    await expect.poll(() => bars.count()).toBeGreaterThanOrEqual(30);
    await bars.last().focus();
    await page.keyboard.press('Shift+ArrowLeft');
    await expect.poll(() => Object.keys(parameters())).toEqual(['from', 'to']);
    const { from = '', to = '' } = parameters();
    expect(Date.parse(to) - Date.parse(from)).toBe(2 * 24 * 3_600_000);
    await expect.poll(() => rows().count()).toBeGreaterThanOrEqual(ENTRIES);
    await page.getByRole('button', { name: 'All times' }).click();
    await expect.poll(() => bars.count()).toBeGreaterThanOrEqual(30);
    await expect.poll(parameters).toEqual({});
    await bars.first().click();
    await expect.poll(() => Object.keys(parameters())).toEqual(['from', 'to']);
    await page.getByText('No entry matches').waitFor();
    await page.getByRole('button', { name: 'Clear all', exact: true }).click();
    await expect.poll(parameters).toEqual({});
  });

  let exported = '';
  it('exports the log to a file', async () => {
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Export the audit log' });
    await expectNoAxeViolations(page);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Export', exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^demo-audit-\d{4}-\d\d-\d\d\.ndjson$/);
    exported = await readFile(await download.path(), 'utf8');
    const lines = exported.trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ record: 'end' });
    await dialog.getByText('is complete').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
  });

  it('verifies the log as it is, by a key of the service, and by one that was pasted', async () => {
    await page.getByRole('link', { name: 'Verify' }).click();
    await page.getByRole('heading', { name: 'Verify the audit log' }).waitFor();
    await page.getByRole('checkbox').first().waitFor();
    await expectNoAxeViolations(page);
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page.getByText('The log is whole').waitFor();
    await page.getByText('Only the service vouches for this key.').waitFor();
    await expectNoAxeViolations(page);
    await page.getByLabel('Paste a public key').fill(`${'A'.repeat(43)}=`);
    await page.getByRole('button', { name: 'Accept this key' }).click();
    await page.getByRole('button', { name: 'Verify again' }).click();
    // The reader's own key did not sign this log.
    await page.getByText('is not signed by a key that you chose').waitFor();
    await expectNoAxeViolations(page);
  });

  async function verifyFile(name: string, text: string): Promise<void> {
    const opened = await openConsole({ purser, browser, path: '/projects/demo/audit/verify' });
    await close();
    ({ page, close } = opened);
    await page.getByText('Files', { exact: true }).click();
    await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
    await page.getByText(name).waitFor();
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
  }

  it('finds nothing in the export, and the right row in one that was tampered with', async () => {
    await verifyFile('whole.ndjson', exported);
    await page.getByText('The log is whole').waitFor();
    await page.getByText('signed on').waitFor();

    const lines = exported.split('\n');
    const row = lines.findIndex((line) => line.includes('"sequence":12,'));
    const tampered = lines.with(row, lines[row]?.replace('"actor":"ada"', '"actor":"grace"') ?? '').join('\n');
    expect(tampered).not.toBe(exported);
    await verifyFile('tampered.ndjson', tampered);
    await page.getByText('The log is not as it was written').waitFor();
    await page.getByText(`Line ${row + 1}, entry 12`).waitFor();
    const table = page.getByRole('table', { name: 'Fields that differ from what the service has' });
    await table.getByRole('row', { name: /actor.*grace.*ada/ }).waitFor();
    await expectNoAxeViolations(page);
  });
});
