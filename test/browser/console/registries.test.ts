import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../../src/domain/permissions.ts';
import { launchBrowser } from '../../support/browser.ts';
import { canary } from '../../support/canary.ts';
import {
  DEVELOPMENT,
  developmentToken,
  expectNoAxeViolations,
  openConsole,
  signInByToken,
} from '../../support/console-page.ts';
import { type DockerRegistry, startDockerRegistry } from '../../support/docker-registry.ts';
import { freePort } from '../../support/postgres-server.ts';
import { ask } from '../../support/purser.ts';
import { createPurserHome, type PurserHome } from '../../support/purser-process.ts';
import { skipReason, titled } from '../../support/required-tools.ts';

const missing = skipReason('chromium', 'docker-registry', 'htpasswd');
const NEW = '/projects/demo/registries/new';

describe.skipIf(missing)(titled('the registries of a project', missing), () => {
  let purser: PurserHome;
  let registry: DockerRegistry;
  let browser: Browser;

  beforeAll(async () => {
    [purser, registry] = await Promise.all([
      createPurserHome({ ...DEVELOPMENT, PORT: String(await freePort()), EGRESS_ALLOW: 'localhost' }),
      startDockerRegistry(),
    ]);
    [browser] = await Promise.all([launchBrowser(), purser.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([purser?.remove(), registry?.stop()]);
  });

  const open = (path: string, options: Partial<Parameters<typeof openConsole>[0]> = {}) =>
    openConsole({ purser, browser, path, ...options });

  async function graphql(query: string, variables: Record<string, unknown> = {}) {
    const answer = await ask(purser.url, query, variables, await developmentToken(purser));
    if (answer.errors) throw new Error(answer.errors[0]?.message);
    return answer.data;
  }

  const create = (input: Record<string, unknown>) =>
    graphql(
      'mutation ($input: CreateRegistryInput!) { createRegistry(projectId: "demo", input: $input) { registry { id } } }',
      { input },
    );
  const stored = async (url: string) =>
    (
      await graphql(
        `query ($url: String!) { registryByUrl(projectId: "demo", url: $url) {
          name url provider username access description email credential { rotateEveryDays } mint { kind federated roleArn tenantId }
        } }`,
        { url },
      )
    ).registryByUrl;

  const add = (page: Page) => page.getByRole('button', { name: 'Add the registry' }).click();
  const secretOf = (page: Page) => page.getByLabel('Password or token', { exact: true });
  const isShown = (page: Page) => page.getByRole('tab', { name: 'Credential' }).waitFor();

  it('leads from an empty project to the table of common registries, and adds one of them', async () => {
    const { page, close } = await open('/projects/demo/registries');
    await page.getByText('No registries yet').waitFor();
    await expectNoAxeViolations(page);
    await page.getByRole('link', { name: 'Add a registry' }).click();
    await page.getByRole('heading', { name: 'Add a registry' }).waitFor();
    await expectNoAxeViolations(page);

    await page.getByLabel('Search by name or host').fill('docker');
    await page.getByRole('button', { name: /^Docker Hub/ }).click();
    await page.getByRole('heading', { name: 'Add Docker Hub' }).waitFor();
    expect(await page.getByLabel('URL').inputValue()).toBe('docker.io');
    await page.getByText('Read & Write').waitFor();
    await page.getByText('Pull only', { exact: true }).click();
    await page.getByText('Read-only').waitFor();
    await expectNoAxeViolations(page);

    // What is missing is said at its field, and nothing was sent.
    await add(page);
    await page.getByText('Enter the user name.').waitFor();
    await page.getByText('Enter the password or token.').waitFor();
    expect(await page.locator(':focus').getAttribute('name')).toBe('username');
    await expectNoAxeViolations(page);

    await page.getByLabel('User name').fill('ada');
    await secretOf(page).fill(`dckr_pat_${canary('console-hub')}`);
    await page.getByText('Name, contact and dates').click();
    await page.getByLabel('Contact').fill('not an address');
    await page.getByText('Test the login when it is added').click();
    await add(page);
    // The service found it; the rest stands as it was entered, the secret is gone.
    await page.locator('[data-field="email"] [role="alert"], [data-field="email"] [slot="errorMessage"]').waitFor();
    expect(await page.locator(':focus').getAttribute('name')).toBe('email');
    expect(await secretOf(page).inputValue()).toBe('');
    await page.getByText('It was not kept: enter it again.').waitFor();
    await page.getByLabel('Contact').fill('ada@example.com');
    await page.getByLabel('Rotate every').fill('90');
    await secretOf(page).fill(`dckr_pat_${canary('console-hub')}`);
    await add(page);
    await isShown(page);
    await page.getByText('docker.io was added').waitFor();
    expect(await stored('docker.io')).toEqual({
      name: 'docker.io',
      url: 'docker.io',
      provider: 'DOCKER_HUB',
      username: 'ada',
      access: 'PULL',
      description: null,
      email: 'ada@example.com',
      credential: { rotateEveryDays: 90 },
      mint: null,
    });
    await close();
  });

  it('says that the project has it, in whatever spelling, and leads there', async () => {
    await create({ url: 'twice.example.com', username: 'ada', password: canary('console-twice'), name: 'First' });
    const { page, close } = await open(`${NEW}?preset=Other+registry`);
    await page.getByLabel('URL').fill('https://Twice.example.com/v2/');
    await page.getByLabel('User name').click();
    await page.getByText('twice.example.com is registered as First.').waitFor();
    await expectNoAxeViolations(page);
    await page.getByLabel('User name').fill('ada');
    await secretOf(page).fill(canary('console-twice'));
    await page.getByText('Test the login when it is added').click();
    await add(page);
    await page.locator('[data-field="url"] [slot="errorMessage"]').waitFor();
    await page.getByRole('link', { name: 'Open it' }).click();
    await page.getByRole('heading', { name: 'First' }).waitFor();
    await close();
  });

  it('tests a private registry before it is added, and stores nothing that does not log in', {
    timeout: 90_000,
  }, async () => {
    const [right, wrong] = [canary('console-right'), canary('console-wrong')];
    await registry.setPassword('ada', right);
    const { host, caCertificate = '' } = registry;
    const { page, close } = await open(NEW);
    await page.getByLabel('Search by name or host').fill(host);
    await page.getByRole('button', { name: `Use ${host}` }).click();
    expect(await page.getByLabel('URL').inputValue()).toBe(host);
    await page.getByLabel('User name').fill('ada');
    await secretOf(page).fill(wrong);
    const test = page.getByRole('button', { name: 'Test it first' });

    // Without its authority no password is sent.
    await test.click();
    await page.getByText('No secure connection').waitFor();
    await expectNoAxeViolations(page);
    await page.getByLabel('Certificate authority').fill(caCertificate);
    await page.getByText('Something was changed since.').waitFor();
    await test.click();
    await page.getByText('Login refused').waitFor();
    await page.getByText('What to do').waitFor();
    await expectNoAxeViolations(page);
    expect(await secretOf(page).inputValue()).toBe(wrong);

    await add(page);
    await page.getByText('Nothing was stored, because the login was not proved.').waitFor();
    expect(await secretOf(page).inputValue()).toBe('');
    expect(await stored(host)).toBeNull();

    await secretOf(page).fill(right);
    await page.getByLabel('Repository to test with').fill('team/app');
    await test.click();
    await page.getByText('Works', { exact: true }).waitFor();
    expect(await page.getByText('Proved').count()).toBe(3);
    await expectNoAxeViolations(page);
    await page.getByText('Name, contact and dates').click();
    await page.getByLabel(/^Name/).fill('Releases');
    await add(page);
    await isShown(page);
    expect(await stored(host)).toMatchObject({ name: 'Releases', provider: 'GENERIC', access: 'PULL_AND_PUSH' });
    await close();
  });

  it('follows the cloud that mints: its names, its fields, its key from a file', async () => {
    const { page, close } = await open(`${NEW}?preset=Google+Artifact+Registry`);
    await page.getByLabel('URL').fill('europe-docker.pkg.dev');
    await page.getByText('Mint from a service-account key').click();
    expect(await page.getByLabel('User name').inputValue()).toBe('_json_key');
    const file = join(purser.dataDir, 'key.json');
    await writeFile(file, JSON.stringify({ type: 'service_account', project_id: 'shop' }));
    const choosing = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Read it from a file' }).click();
    await (await choosing).setFiles(file);
    await page.getByText('key.json was read.').waitFor();
    await page.getByText('Test the login when it is added').click();
    await add(page);
    // The file is no key, which the service says at its field.
    await page.locator('[data-field="password"]').getByText('service-account key').last().waitFor();
    await expectNoAxeViolations(page);

    await page.getByText('Mint without a stored secret').click();
    expect(await page.getByLabel('User name').count()).toBe(0);
    await add(page);
    await page.getByText('This is needed here.').waitFor();
    await page.getByLabel('Workload identity provider').fill('nonsense');
    await page.getByText('--workload-identity-provider nonsense').waitFor();
    await expectNoAxeViolations(page);
    await close();

    const azure = await open(`${NEW}?preset=Azure+Container+Registry`);
    await azure.page.getByLabel('URL').fill('acme.azurecr.io');
    await azure.page.getByText('Mint from a service principal').click();
    await azure.page.getByLabel('Tenant, by its id or domain').fill('no tenant');
    await azure.page.getByLabel('Application id of the service principal').fill('3f2504e0-4f89-41d3-9a0c-0305e82c3301');
    await azure.page.getByLabel('Secret of the service principal', { exact: true }).fill(canary('console-azure'));
    await azure.page.getByText('Test the login when it is added').click();
    await add(azure.page);
    await azure.page.locator('[data-field="mint.tenantId"]').getByText('tenantId is required').waitFor();
    await azure.page.getByLabel('Tenant, by its id or domain').fill('acme.onmicrosoft.com');
    await azure.page.getByLabel('Secret of the service principal', { exact: true }).fill(canary('console-azure'));
    await add(azure.page);
    await isShown(azure.page);
    expect(await stored('acme.azurecr.io')).toMatchObject({
      provider: 'AZURE',
      mint: { kind: 'AZURE', federated: false, tenantId: 'acme.onmicrosoft.com' },
    });
    await azure.close();
  });

  it('keeps what the list is narrowed to in the address', async () => {
    for (const name of ['bravo', 'alfa', 'charlie']) {
      await create({
        url: `${name}.example.com`,
        username: 'ada',
        password: canary('console-list'),
        name: `List ${name}`,
        ...(name === 'alfa' && { expiresAt: new Date(Date.now() + 3 * 86_400_000).toISOString() }),
      });
    }
    const { page, close } = await open('/projects/demo/registries?q=List&order=NAME&direction=DESC');
    const names = () => page.getByRole('rowheader').allInnerTexts();
    await expect
      .poll(async () => (await names()).map((text) => text.split('\n')[0]))
      .toEqual(['List charlie', 'List bravo', 'List alfa']);
    await expectNoAxeViolations(page);
    await page.getByRole('columnheader', { name: 'Registry' }).getByRole('button').click();
    await expect.poll(() => new URL(page.url()).searchParams.get('direction')).toBe('ASC');
    await expect.poll(async () => (await names())[0]?.split('\n')[0]).toBe('List alfa');
    await page.getByRole('button', { name: /^Status/ }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Expiring' }).click();
    await page.keyboard.press('Escape');
    await expect.poll(async () => (await names()).map((text) => text.split('\n')[0])).toEqual(['List alfa']);
    expect(new URL(page.url()).search).toContain('status=EXPIRING');
    // A reload forgets the token, and nothing of the address.
    await page.reload();
    await signInByToken(page, await developmentToken(purser));
    await page.getByText('Status: Expiring').waitFor();
    await expect.poll(async () => (await names()).map((text) => text.split('\n')[0])).toEqual(['List alfa']);
    await close();
  });

  it('shows of all projects what needs attention, and leads to it', async () => {
    const soon = { url: 'soon.example.com', username: 'ada', password: canary('console-soon') };
    await create({ ...soon, name: 'Soon', expiresAt: new Date(Date.now() + 3 * 86_400_000).toISOString() });
    const { page, close } = await open('/projects', { projects: ['demo', 'empty'] });
    const cards = page.getByRole('list', { name: 'Your projects' }).getByRole('listitem');
    await cards.filter({ hasText: 'empty' }).getByText('No registries yet').waitFor();
    await expectNoAxeViolations(page);
    await page.getByRole('link', { name: /^\d+ expiring$/ }).click();
    await page.getByRole('rowheader', { name: /^Soon/ }).waitFor();
    expect(new URL(page.url()).searchParams.getAll('status')).toEqual(['EXPIRING']);
    await close();
  });

  it('offers nothing to add to those who may only read', async () => {
    const permissions = [PERMISSIONS.registryRead];
    const { page, close } = await open('/projects/demo/registries', { permissions });
    await page.getByRole('rowheader').first().waitFor();
    expect(await page.getByText('Add a registry').count()).toBe(0);
    await close();
    const direct = await open(NEW, { permissions });
    await direct.page.getByText('Your token does not grant iam:project:cicd:registry:write').waitFor();
    await expectNoAxeViolations(direct.page);
    await direct.close();
  });
});
