import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../../src/domain/permissions.ts';
import { ISSUE, RELEASE } from '../../service/operations.ts';
import { launchBrowser } from '../../support/browser.ts';
import { canary } from '../../support/canary.ts';
import { becomesLive, type ConsolePage, expectNoAxeViolations, openConsole } from '../../support/console-page.ts';
import { goTo, holdsSecret } from '../../support/console-views.ts';
import { type DockerRegistry, startDockerRegistry } from '../../support/docker-registry.ts';
import { type OpenidProvider, startOpenidProvider } from '../../support/openid-provider.ts';
import { freePort } from '../../support/postgres-server.ts';
import { ask } from '../../support/purser.ts';
import { createPurserHome, type PurserHome } from '../../support/purser-process.ts';
import { skipReason, titled } from '../../support/required-tools.ts';
import { createTestIssuer } from '../../support/tokens.ts';

const missing = skipReason('chromium', 'docker-registry', 'htpasswd');
/** What the browser says of requests that fail while the service is away. */
const OUTAGE = /net::ERR_(?:CONNECTION|INCOMPLETE|EMPTY|NETWORK)/;
const NO_SAVE_DIALOG = 'delete window.showSaveFilePicker';

/** One registry from its first day to its last, as one person sees it; each test goes on where the one before ended. */
describe.skipIf(missing)(titled('a registry in the console, from sign-in to its audit log', missing), () => {
  const pipelines = createTestIssuer();
  const [wrong, first, second] = [canary('story-wrong'), canary('story-first'), canary('story-second')];
  let provider: OpenidProvider;
  let registry: DockerRegistry;
  let purser: PurserHome;
  let browser: Browser;
  let opened: ConsolePage;
  let page: Page;
  /** A second tab of the same person, which stays on the notices and is never loaded again. */
  let notices: Page;
  let registryId = '';

  beforeAll(async () => {
    [provider, registry] = await Promise.all([startOpenidProvider(), startDockerRegistry()]);
    const issuers = [JSON.parse(provider.environment.JWT_ISSUERS), JSON.parse(pipelines.jwtIssuers)].flat();
    purser = await createPurserHome({
      ...provider.environment,
      JWT_ISSUERS: JSON.stringify(issuers),
      PORT: String(await freePort()),
      EGRESS_ALLOW: 'localhost',
    });
    [browser] = await Promise.all([launchBrowser(), purser.start()]);
    await registry.setPassword('ada', first);
    await registry.setPassword('ci', second);
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([purser?.remove(), registry?.stop(), provider?.close()]);
  });

  let hasFailed = false;
  afterEach(({ task }) => {
    hasFailed ||= task.result?.state === 'fail';
  });
  beforeEach(({ skip }) => skip(hasFailed, 'the story has ended before'));

  /** Of a pipeline that may use credentials and do nothing else. */
  async function lease(runId: string) {
    const token = pipelines.token({ projects: { demo: [PERMISSIONS.registryUse] } });
    const input = { image: `${registry.host}/team/app:1`, pipeline: 'shop/build', runId };
    const { data } = await ask(purser.url, ISSUE, { input }, token);
    const { password, lease: given } = data.issueCredential;
    return { password, release: () => ask(purser.url, RELEASE, { leaseId: given.id }, token) };
  }
  const secretOf = () => page.getByRole('textbox', { name: /password or token$/i });
  const notified = (kind: RegExp) => notices.locator('main ol li').filter({ hasText: kind }).first().waitFor();

  it('signs in, and finds an empty project', async () => {
    opened = await openConsole({ purser, browser, path: '/projects/demo/registries', isSignedIn: false });
    page = opened.page;
    await page.getByRole('button', { name: 'Sign in as ada' }).click();
    await page.getByText('No registries yet').waitFor();
    notices = await page.context().newPage();
    await notices.goto('/projects/demo/notices');
    await notices.getByText('Nothing has happened yet').waitFor();
    await becomesLive(notices);
  });

  it('adds it: a wrong password is refused with its reason, the right one is proved', async () => {
    await page.getByRole('link', { name: 'Add a registry' }).click();
    await page.getByLabel('Search by name or host').fill(registry.host);
    await page.getByRole('button', { name: `Use ${registry.host}` }).click();
    await page.getByLabel('User name').fill('ada');
    await page.getByLabel('Certificate authority').fill(registry.caCertificate ?? '');
    await page.getByLabel('Repository to test with').fill('team/app');
    await secretOf().fill(wrong);
    await page.getByRole('button', { name: 'Test it first' }).click();
    await page.getByText('Login refused').waitFor();
    await page.getByRole('button', { name: 'Add the registry' }).click();
    await page.getByText('Nothing was stored, because the login was not proved.').waitFor();
    await page.locator('[data-field="password"]').getByText('It was not kept: enter it again.').waitFor();
    expect(await holdsSecret(page)).toBe(false);

    await secretOf().fill(first);
    await page.getByRole('button', { name: 'Test it first' }).click();
    await page.getByText('Works', { exact: true }).waitFor();
    expect(await page.getByText('Proved').count()).toBe(3);
    await page.getByText('Name, contact and dates').click();
    await page.getByLabel(/^Name/).fill('Releases');
    await page.getByRole('button', { name: 'Add the registry' }).click();
    await page.getByRole('heading', { name: 'Releases', level: 1 }).waitFor();
    expect(await holdsSecret(page)).toBe(false);
    registryId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  });

  let running: Awaited<ReturnType<typeof lease>>;
  it('shows a lease that a pipeline takes while the page is open', async () => {
    await page.getByRole('link', { name: 'Rotate' }).first().click();
    await page.getByText('Nothing runs with it').waitFor();
    running = await lease('1742');
    expect(running.password).toBe(first);
    await page.getByText('1 lease is active.').waitFor();
    await page.getByRole('button', { name: 'shop/build' }).first().waitFor();
  });

  it('keeps what is being typed through a restart of the service', async () => {
    await page.evaluate('window.isSamePage = true');
    await notices.evaluate('window.isSamePage = true');
    await page.getByRole('button', { name: 'Enter the new credential' }).click();
    await page.getByLabel('User name').fill('ci');
    await secretOf().fill(second);
    await becomesLive(page);
    await purser.kill('SIGTERM');
    await page.locator('[data-status="reconnecting"], [data-status="offline"]').waitFor();
    await purser.start();
    await Promise.all([becomesLive(page), becomesLive(notices)]);
    expect(await page.getByLabel('User name').inputValue()).toBe('ci');
    expect(await secretOf().inputValue()).toBe(second);
  });

  it('rotates with a grace while the lease runs, and the notices come by themselves', async () => {
    await page.getByRole('button', { name: 'Test it' }).click();
    await page.getByRole('heading', { name: 'What the test found' }).waitFor();
    await page.getByRole('button', { name: 'Store as the next version' }).click();
    await page.getByRole('button', { name: 'Test both versions' }).click();
    await page.getByText('It proves all that the current version proves').waitFor();
    expect(await holdsSecret(page)).toBe(false);
    await notified(/Staged/i);
    await page.getByRole('button', { name: 'Go on to the activation' }).click();
    await page.getByText('Until they end').waitFor();
    await page.getByRole('button', { name: 'Test both and activate' }).click();
    await page.getByText('1 lease still holds version 1.').waitFor();
    await notified(/Rotated/i);
    expect((await lease('1743')).password).toBe(second);
    // The run that began before keeps what it has.
    expect((await lease('1742')).password).toBe(first);

    await running.release();
    await page.getByText('The old version is gone').waitFor();
    await notified(/Retired/i);
    expect(await notices.evaluate('window.isSamePage')).toBe(true);
    expect(await page.evaluate('window.isSamePage')).toBe(true);
  });

  it('leads from its history to the entry of the audit log', async () => {
    await page.getByRole('link', { name: 'To the registry' }).click();
    await page.getByRole('tab', { name: 'History' }).click();
    await page.getByRole('link', { name: 'In the audit log' }).last().click();
    const entry = page.getByRole('dialog', { name: /^Entry \d+$/ });
    await entry.getByText('CREATE_REGISTRY').first().waitFor();
    await page.goBack();
    await page.getByRole('tab', { name: 'History', selected: true }).waitFor();
  });

  it('is not deleted while a run uses it, and is when that is forced', async () => {
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByText('shop/build run 1743').waitFor();
    const confirm = page.getByRole('button', { name: 'Delete the registry' });
    const typed = page.getByLabel(`Type ${registry.host} to confirm`);
    await typed.fill(registry.host.slice(0, -1));
    expect(await confirm.isDisabled()).toBe(true);
    await typed.fill(registry.host);
    await confirm.click();
    await page.getByRole('dialog').getByRole('alert').getByText('1 lease is active.').waitFor();
    await expectNoAxeViolations(page);
    await page.getByText('Delete although it is in use').click();
    await confirm.click();
    await page.getByText(`${registry.host} was deleted`).waitFor();
    await notified(/Deleted/i);
  });

  let exported = '';
  it('stays in the audit log, which is filtered to it and exported', async () => {
    await page.evaluate(`history.pushState(null, '', '/projects/demo/registries/${registryId}')`);
    await page.getByRole('link', { name: 'Its history is in the audit log.' }).click();
    const table = page.getByRole('table', { name: 'Entries of the audit log' });
    for (const action of ['CREATE_REGISTRY', 'STAGE_CREDENTIAL', 'ACTIVATE_CREDENTIAL', 'ISSUE_CREDENTIAL']) {
      await table.getByRole('button', { name: action }).first().waitFor();
    }
    // Once refused, once done.
    await expect.poll(() => table.getByRole('button', { name: 'DELETE_REGISTRY' }).count()).toBe(2);
    expect(new URL(page.url()).searchParams.get('registryId')).toBe(registryId);
    await page.evaluate(NO_SAVE_DIALOG);
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Export the audit log' });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Export', exact: true }).click(),
    ]);
    exported = await readFile(await download.path(), 'utf8');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
  });

  async function verify(name: string, text: string): Promise<void> {
    await goTo(page, '/projects/demo/audit', 'Audit log');
    await page.getByRole('link', { name: 'Verify' }).click();
    await page.getByText('Files', { exact: true }).click();
    const files = page.locator('input[type=file]');
    await files.setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
    await page.getByText(name).waitFor();
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
  }

  it('is verified in the browser, and an export that was tampered with is found', async () => {
    await verify('whole.ndjson', exported);
    await page
      .getByText(/is whole/)
      .first()
      .waitFor();
    const lines = exported.split('\n');
    const row = lines.findIndex((line) => line.includes('"action":"DELETE_REGISTRY"'));
    const tampered = lines.with(row, lines[row]?.replace('"actor":"ada"', '"actor":"bob"') ?? '').join('\n');
    expect(tampered).not.toBe(exported);
    await verify('tampered.ndjson', tampered);
    await page.getByText('The log is not as it was written').waitFor();
    await page.getByText(new RegExp(`^Line ${row + 1}, entry `)).waitFor();
    expect(opened.answers()).toBeGreaterThan(30);
    await notices.close();
    await opened.close(OUTAGE);
  });
});
