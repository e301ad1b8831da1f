import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../../src/domain/permissions.ts';
import { launchBrowser } from '../../support/browser.ts';
import { canary } from '../../support/canary.ts';
import { answering, holdingBack } from '../../support/console-answers.ts';
import {
  becomesLive,
  DEVELOPMENT,
  developmentToken,
  expectNoAxeViolations,
  openConsole,
} from '../../support/console-page.ts';
import { type DockerRegistry, startDockerRegistry } from '../../support/docker-registry.ts';
import { freePort } from '../../support/postgres-server.ts';
import { ask } from '../../support/purser.ts';
import { createPurserHome, type PurserHome } from '../../support/purser-process.ts';
import { skipReason, titled } from '../../support/required-tools.ts';

const missing = skipReason('chromium', 'docker-registry', 'htpasswd');
/** What the browser says of requests that fail while the service is away. */
const OUTAGE = /net::ERR_(?:CONNECTION|INCOMPLETE|EMPTY|NETWORK)/;
/** Runs if it becomes an element; as text it does nothing. */
const SCRIPT = '<img src=x onerror="window.wasRun=true"><script>window.wasRun=true</script>';

const CREATE = `mutation ($input: CreateRegistryInput!) {
  createRegistry(projectId: "demo", input: $input) { registry { id } }
}`;
const ISSUE = `mutation ($input: IssueCredentialInput!) {
  issueCredential(projectId: "demo", input: $input) { lease { id credentialVersion } }
}`;

describe.skipIf(missing)(titled('the page of a registry', missing), () => {
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

  async function graphql(query: string, variables: Record<string, unknown> = {}, subject = 'developer') {
    const answer = await ask(purser.url, query, variables, await developmentToken(purser, { subject }));
    if (answer.errors) throw new Error(answer.errors[0]?.message);
    return answer.data;
  }

  async function create(input: Record<string, unknown>): Promise<string> {
    return (await graphql(CREATE, { input })).createRegistry.registry.id;
  }

  /** A lease of a pipeline that may use credentials and do nothing else. */
  async function lease(input: { image: string; pipeline: string; runId: string; ttlSeconds?: number }) {
    const token = await developmentToken(purser, { subject: 'ci', permissions: [PERMISSIONS.registryUse] });
    const { data } = await ask(purser.url, ISSUE, { input }, token);
    const { id, credentialVersion } = data.issueCredential.lease;
    const release = () =>
      ask(purser.url, 'mutation ($id: ID!) { releaseLease(projectId: "demo", leaseId: $id) { id } }', { id }, token);
    return { credentialVersion, release };
  }

  /** Whether a text stands anywhere in the page, in a field or in its markup. */
  const holds = (page: Page, text: string) =>
    page.evaluate<boolean>(
      `[document.documentElement.outerHTML, ...[...document.querySelectorAll('input, textarea')].map(({ value }) => value)]
        .some((part) => part.includes(${JSON.stringify(text)}))`,
    );

  it('rotates with a grace while a lease runs, and shows it end', { timeout: 240_000 }, async () => {
    const [first, wrong, second] = [canary('console-first'), canary('console-wrong'), canary('console-second')];
    await registry.setPassword('ada', first);
    await registry.setPassword('bob', second);
    const { host, caCertificate } = registry;
    const id = await create({ url: host, username: 'ada', password: first, name: 'Releases', caCertificate });
    const { page, close } = await open(`/projects/demo/registries/${id}?tab=leases`);
    // A lease is no change of the registry, and stands there all the same.
    await page.getByText('No lease is active').waitFor();
    const running = await lease({ image: `${host}/team/app:1`, pipeline: 'shop/build', runId: '1742' });
    await page.getByRole('button', { name: 'shop/build' }).waitFor();
    await page.getByRole('tab', { name: 'Leases 1' }).waitFor();
    await page.getByRole('button', { name: 'Revoke all…' }).waitFor();

    // What a test finds, with the repository.
    await page.getByRole('tab', { name: 'Health' }).click();
    await page.getByLabel('Repository').fill('team/app');
    await page.getByRole('button', { name: 'Test now' }).click();
    await page.getByText('Works').waitFor();
    expect(await page.getByText('Proved').count()).toBe(3);
    await expectNoAxeViolations(page);

    await page.getByRole('link', { name: 'Rotate' }).first().click();
    await page.getByRole('heading', { name: 'Rotate Releases' }).waitFor();
    await page.getByText('1 lease is active.').waitFor();
    await page.getByRole('button', { name: 'shop/build' }).waitFor();
    await expectNoAxeViolations(page);
    await page.getByRole('button', { name: 'Enter the new credential' }).click();
    await page.locator('h2:focus', { hasText: 'The new credential' }).waitFor();

    // Nothing is sent without a secret, and a typed one leaves the page with the request.
    const store = page.getByRole('button', { name: 'Store as the next version' });
    await store.click();
    await page.getByText('Enter the new password or token.').waitFor();
    await expectNoAxeViolations(page);
    const password = page.getByLabel('New password or token', { exact: true });
    await password.fill(wrong);
    expect(await holds(page, wrong)).toBe(true);
    const username = page.getByLabel('User name');
    await username.fill('a'.repeat(300));
    await store.click();
    await expect.poll(() => username.getAttribute('aria-invalid')).toBe('true');
    expect(await holds(page, wrong)).toBe(false);
    await username.fill('');
    await password.fill(wrong);
    await store.click();
    await page.getByRole('button', { name: 'Test both versions' }).waitFor();
    expect(await holds(page, wrong)).toBe(false);

    // The service ends in the middle; whoever comes back goes on where the registry stands.
    await becomesLive(page);
    await purser.kill('SIGTERM');
    await page.locator('[data-status="reconnecting"], [data-status="offline"]').waitFor();
    await purser.start();
    await becomesLive(page);
    await page.getByRole('button', { name: 'Test both versions' }).click();
    await page.getByText('It does not prove enough').waitFor();
    const compared = page.getByRole('region', { name: 'Found at the same moment' });
    await compared.getByText('Login refused').waitFor();
    await compared.getByText('Works').waitFor();
    await expectNoAxeViolations(page);
    // Whoever activates it all the same is refused, with what was found then.
    await page.getByRole('button', { name: 'Go on without a proof' }).click();
    await page.getByRole('button', { name: 'Test both and activate' }).click();
    await page.getByText('It was not activated: nothing has changed').waitFor();
    await compared.getByText('Login refused').waitFor();
    await page.getByRole('button', { name: 'Abandon…' }).click();
    await page.getByRole('button', { name: 'Abandon it' }).click();

    await page.getByRole('button', { name: 'Enter the new credential' }).click();
    await page.getByLabel('User name').fill('bob');
    await password.fill(second);
    await page.getByRole('button', { name: 'Test it' }).click();
    await page.getByRole('heading', { name: 'What the test found' }).waitFor();
    await store.click();
    await page.getByRole('button', { name: 'Test both versions' }).click();
    await page.getByText('It proves all that the current version proves').waitFor();
    // What cannot be read is not taken for nothing.
    const activate = page.getByRole('button', { name: 'Test both and activate' });
    const readable = await answering(page, 'ChangeImpactOfRegistry', 'FORBIDDEN');
    await page.getByRole('button', { name: 'Go on to the activation' }).click();
    await page.getByText('It is not known which leases run').waitFor();
    expect(await activate.isDisabled()).toBe(true);
    expect(await page.getByText('nobody loses anything').count()).toBe(0);
    await readable();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('1 lease keeps version 1.').waitFor();
    await expectNoAxeViolations(page);
    expect(await page.getByRole('radio', { name: 'Until they end' }).isChecked()).toBe(true);
    await activate.click();

    await page.getByText('1 lease still holds version 1.').waitFor();
    await expectNoAxeViolations(page);
    const next = await lease({ image: `${host}/team/app:1`, pipeline: 'shop/build', runId: '1743' });
    expect([running.credentialVersion, next.credentialVersion]).toEqual([1, 3]);
    await running.release();
    await page.getByText('The old version is gone').waitFor({ timeout: 30_000 });
    expect(await holds(page, second)).toBe(false);
    await close(OUTAGE);
  });

  it('replaces nothing that somebody else stored meanwhile, and nothing twice', async () => {
    const id = await create({ url: 'twice.example.com', username: 'ada', password: canary('console'), name: 'Twice' });
    const theirs = (mutation: string, input: string) =>
      graphql(
        `mutation ($id: ID!, $input: ${input}!) { ${mutation}(projectId: "demo", id: $id, input: $input) { registry { id } } }`,
        { id, input: { password: canary('console-theirs') } },
        'bob',
      );
    const versionOf = async () => {
      const query = 'query ($id: ID!) { registry(projectId: "demo", id: $id) { credential { version } } }';
      return (await graphql(query, { id })).registry.credential.version;
    };
    const { page, close } = await open(`/projects/demo/registries/${id}/rotate?step=now`);
    const password = page.getByLabel('New password or token', { exact: true });
    const [replace, mine] = [page.getByRole('button', { name: 'Replace the credential' }), canary('console-mine')];
    await becomesLive(page);
    await password.fill(mine);
    await page.getByText('Test the login first').click();
    await theirs('rotateCredential', 'RotateCredentialInput');
    await page.getByText('Version 2 is the current one, by bob.').waitFor();
    await replace.click();
    await page.getByText('The registry is at revision').waitFor();
    expect(await versionOf()).toBe(2);
    await page.getByRole('button', { name: 'Go on from what is there now' }).click();

    // Its answer is lost; the same is sent again although the registry is another by now.
    const mended = await answering(page, 'RotateCredentialAtOnce', 'UNAVAILABLE', true);
    await password.fill(mine);
    await replace.click();
    await page.getByText('It is not known whether it was stored.').waitFor();
    await mended();
    await password.fill(mine);
    await replace.click();
    await page.getByText('The old version is gone').waitFor();
    expect(await versionOf()).toBe(3);

    // What is typed stays while somebody stages another one, and is stored in its place by those who say so.
    await page.getByRole('button', { name: 'Rotate again' }).click();
    await password.fill(mine);
    await theirs('stageCredential', 'StageCredentialInput');
    await page.getByText('Version 4 is staged, by bob.').waitFor();
    expect(await password.inputValue()).toBe(mine);
    await expectNoAxeViolations(page);
    await page.getByRole('button', { name: 'Go on from what is there now' }).click();
    // Whoever has left is not led back by an answer that comes late.
    const answer = await holdingBack(page, 'StageNextCredential');
    await page.getByRole('button', { name: 'Store as the next version' }).click();
    await page.getByRole('link', { name: 'Twice' }).first().click();
    await page.getByText('by bob').first().waitFor();
    await answer();
    await page.getByText('5', { exact: true }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/projects/demo/registries/${id}`);
    await close();
  });

  it('refuses to delete what pipelines use, and deletes it when it is forced', async () => {
    const url = 'delete.example.com';
    const id = await create({ url, username: 'ada', password: canary('console-delete') });
    const { page, close } = await open(`/projects/demo/registries/${id}`);
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByText('No lease is active').waitFor();
    const confirm = page.getByRole('button', { name: 'Delete the registry' });
    await page.getByLabel(`Type ${url} to confirm`).fill('delete.example');
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByLabel(`Type ${url} to confirm`).fill(url);
    // It begins after the page has looked.
    await lease({ image: `${url}/a/b`, pipeline: 'late/build', runId: '9' });
    await confirm.click();
    await page.getByText('1 lease is active.').waitFor();
    await page.getByText('late/build run 9').waitFor();
    await expectNoAxeViolations(page);
    await page.getByText('Delete although it is in use').click();
    await confirm.click();
    await page.getByText(`${url} was deleted`).waitFor();
    expect(new URL(page.url()).pathname).toBe('/projects/demo/registries');
    expect((await graphql(`{ registry(projectId: "demo", id: "${id}") { id } }`)).registry).toBeNull();
    await close();
  });

  it('keeps what was typed when somebody else saves, and shows what they changed', async () => {
    const id = await create({
      url: 'edit.example.com',
      username: 'ada',
      password: canary('console-edit'),
      name: 'Before',
      description: 'Before',
    });
    const { page, close } = await open(`/projects/demo/registries/${id}?tab=edit`);
    await page.getByLabel('Description').fill('Mine');
    await graphql(
      `mutation { updateRegistry(projectId: "demo", id: "${id}", input: { name: "Theirs", description: "Theirs" }) { registry { id } } }`,
      {},
      'grace',
    );
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Somebody else changed this registry').waitFor();
    await page.getByText('You both changed description.').waitFor();
    await expectNoAxeViolations(page);
    await page.getByRole('button', { name: 'Go on with theirs and mine' }).click();
    expect(await page.getByLabel('Name', { exact: false }).first().inputValue()).toBe('Theirs');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved').waitFor();
    const saved = await graphql(`{ registry(projectId: "demo", id: "${id}") { name description } }`);
    expect(saved.registry).toEqual({ name: 'Theirs', description: 'Mine' });

    // As it stood before both of them.
    await page.getByRole('tab', { name: 'History' }).click();
    await page.getByRole('button', { name: 'As it stood then' }).last().click();
    await page.getByText('2 things differed from now.').waitFor();
    await page.getByRole('row', { name: 'Name Before Theirs' }).waitFor();
    await expectNoAxeViolations(page);
    await close();
  });

  it('shows scripts in every text as text', async () => {
    const id = await create({
      url: 'scripts.example.com',
      username: 'ada',
      password: canary('console-scripts'),
      name: SCRIPT,
      description: SCRIPT,
    });
    await graphql(
      `mutation ($input: LinkPipelineInput!) { linkPipeline(projectId: "demo", id: "${id}", input: $input) { registry { id } } }`,
      { input: { pipeline: SCRIPT, note: SCRIPT } },
    );
    await lease({ image: 'scripts.example.com/a/b', pipeline: SCRIPT, runId: SCRIPT });
    const path = `/projects/demo/registries/${id}`;
    const { page, close } = await open(path);
    await page.getByRole('heading', { name: SCRIPT }).waitFor();
    for (const tab of ['Health', 'Pipelines', 'Leases', 'History', 'Details', 'Use it', 'Credential']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.getByRole('tab', { name: tab, selected: true }).waitFor();
      await expect.poll(() => page.getByText(/^Loading /).count()).toBe(0);
      await expectNoAxeViolations(page);
    }
    await page.getByRole('tab', { name: 'Leases' }).click();
    await page.getByRole('button', { name: SCRIPT }).click();
    await page.getByRole('dialog', { name: 'Lease' }).getByText(SCRIPT).first().waitFor();
    await expectNoAxeViolations(page);
    expect(await page.evaluate('window.wasRun')).toBeUndefined();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    await close();
  });

  it('offers those who may only read what they may see, and nothing that they may not do', async () => {
    const id = await create({ url: 'read.example.com', username: 'ada', password: canary('console-read') });
    const permissions = [PERMISSIONS.registryRead];
    const path = `/projects/demo/registries/${id}`;
    const { page, close } = await open(path, { permissions });
    await page.getByText('Your token lets you look at this registry').waitFor();
    for (const tab of ['Health', 'Pipelines', 'Leases', 'History', 'Details', 'Use it', 'Credential']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.getByRole('tab', { name: tab, selected: true }).waitFor();
      for (const name of ['Rotate', 'Delete…', 'Test now', 'Link a pipeline', 'Revoke all…', 'Save']) {
        expect(await page.getByText(name, { exact: true }).count(), `${name} in ${tab}`).toBe(0);
      }
    }
    await page.getByRole('tab', { name: 'History' }).click();
    await page.getByText('Your token does not grant iam:project:cicd:audit:read').waitFor();
    await expectNoAxeViolations(page);
    await close();

    const rotate = await open(`${path}/rotate`, { permissions });
    await rotate.page.getByText('Your token does not grant iam:project:cicd:registry:write').waitFor();
    await rotate.close();
  });
});
