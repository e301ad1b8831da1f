import { generateKeyPairSync } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../../support/browser.ts';
import { canary } from '../../support/canary.ts';
import { type ConsolePage, DEVELOPMENT, developmentToken, openConsole } from '../../support/console-page.ts';
import { goTo, holdsSecret } from '../../support/console-views.ts';
import { ask } from '../../support/purser.ts';
import { createPurserHome, type PurserHome } from '../../support/purser-process.ts';
import { skipReason, titled } from '../../support/required-tools.ts';

const missing = skipReason('chromium');
const PROJECTS = ['demo', 'minted'];
const ANY_HOST = 'Any other host';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const GOOGLE_KEY = JSON.stringify({
  type: 'service_account',
  project_id: 'shop',
  private_key_id: canary('kinds-google'),
  private_key: PEM,
  client_email: 'push@shop.iam.gserviceaccount.com',
  client_id: '1',
  token_uri: 'https://oauth2.googleapis.com/token',
});
const UUID = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
const ROLE = 'arn:aws:iam::210987654321:role/push';
const POOL = '//iam.googleapis.com/projects/12345/locations/global/workloadIdentityPools/ci-pool/providers/purser';

interface Kind {
  /** The name of its card. */
  readonly card: string;
  readonly url: string;
  /** Whether the form has the URL already. */
  readonly isKnown?: boolean;
  /** What the form asks for, by its field, and what is entered. */
  readonly fields: Readonly<Record<string, string>>;
  /** What is chosen in place of the password itself. */
  readonly choice?: string;
  readonly provider: string;
  readonly mint?: Readonly<Record<string, unknown>>;
}

const login = (username: string, password = canary('kinds')) => ({ username, password });
const KINDS: readonly Kind[] = [
  { card: 'Docker Hub', url: 'docker.io', isKnown: true, fields: login('ada'), provider: 'DOCKER_HUB' },
  {
    card: 'GitHub Container Registry',
    url: 'ghcr.io',
    isKnown: true,
    fields: login('ada', `ghp_${canary('kinds')}`),
    provider: 'GITHUB',
  },
  { card: 'GitHub Enterprise', url: 'containers.github.example.com', fields: login('ada'), provider: 'GITHUB' },
  {
    card: 'GitLab Container Registry',
    url: 'registry.gitlab.com',
    isKnown: true,
    fields: login('gitlab+deploy-token-1', `gldt-${canary('kinds')}`),
    provider: 'GITLAB',
  },
  { card: 'Quay', url: 'quay.io', isKnown: true, fields: login('acme+ci'), provider: 'QUAY' },
  {
    card: 'Amazon Elastic Container Registry',
    url: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    fields: login('AWS'),
    provider: 'AMAZON_ECR',
  },
  {
    card: 'Amazon ECR Public Gallery',
    url: 'public.ecr.aws',
    isKnown: true,
    fields: login('AWS'),
    provider: 'AMAZON_ECR_PUBLIC',
  },
  {
    card: 'Google Container Registry',
    url: 'gcr.io',
    isKnown: true,
    fields: login('_json_key', GOOGLE_KEY),
    provider: 'GOOGLE',
  },
  {
    card: 'Google Artifact Registry',
    url: 'europe-docker.pkg.dev',
    fields: login('_json_key', GOOGLE_KEY),
    provider: 'GOOGLE',
  },
  { card: 'Azure Container Registry', url: 'acme.azurecr.io', fields: login(UUID), provider: 'AZURE' },
  {
    card: 'DigitalOcean Container Registry',
    url: 'registry.digitalocean.com',
    isKnown: true,
    fields: login('ada@example.com', `dop_v1_${canary('kinds')}`),
    provider: 'DIGITALOCEAN',
  },
  {
    card: 'Scaleway Container Registry',
    url: 'rg.fr-par.scw.cloud',
    isKnown: true,
    fields: login('nologin', UUID),
    provider: 'SCALEWAY',
  },
  { card: 'JFrog Artifactory', url: 'acme.jfrog.io', fields: login('ada'), provider: 'ARTIFACTORY' },
  { card: 'Harbor', url: 'harbor.example.com', fields: login('robot$ci'), provider: 'HARBOR' },
  { card: 'Gitea and Forgejo', url: 'codeberg.org', isKnown: true, fields: login('ada'), provider: 'FORGEJO' },
  { card: ANY_HOST, url: 'registry.example.com:5000', fields: login('ada'), provider: 'GENERIC' },
];

/** Those from which short-lived passwords are minted, with and without a stored secret of the cloud. */
const MINTED: readonly Kind[] = [
  {
    card: 'Amazon Elastic Container Registry',
    url: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    choice: 'Mint from an access key',
    fields: { 'mint.roleArn': ROLE, 'mint.externalId': 'ci', ...login('AKIAIOSFODNN7EXAMPLE') },
    provider: 'AMAZON_ECR',
    mint: { kind: 'AMAZON_ECR', federated: false, roleArn: ROLE, externalId: 'ci' },
  },
  {
    card: 'Amazon Elastic Container Registry',
    url: '210987654321.dkr.ecr.eu-west-1.amazonaws.com',
    choice: 'Mint without a stored secret',
    fields: { 'mint.roleArn': ROLE },
    provider: 'AMAZON_ECR',
    mint: { kind: 'AMAZON_ECR', federated: true, roleArn: ROLE },
  },
  {
    card: 'Amazon ECR Public Gallery',
    url: 'public.ecr.aws',
    isKnown: true,
    choice: 'Mint from an access key',
    fields: { 'mint.roleArn': '', 'mint.externalId': '', ...login('AKIAIOSFODNN7EXAMPLE') },
    provider: 'AMAZON_ECR_PUBLIC',
    mint: { kind: 'AMAZON_ECR_PUBLIC', federated: false, roleArn: null },
  },
  {
    card: 'Google Artifact Registry',
    url: 'europe-docker.pkg.dev',
    choice: 'Mint from a service-account key',
    fields: login('_json_key', GOOGLE_KEY),
    provider: 'GOOGLE',
    mint: { kind: 'GOOGLE', federated: false },
  },
  {
    card: 'Google Artifact Registry',
    url: 'us-docker.pkg.dev',
    choice: 'Mint without a stored secret',
    fields: { 'mint.workloadIdentityProvider': POOL, 'mint.serviceAccountEmail': 'push@shop.iam.gserviceaccount.com' },
    provider: 'GOOGLE',
    mint: { kind: 'GOOGLE', federated: true, workloadIdentityProvider: POOL },
  },
  {
    card: 'Azure Container Registry',
    url: 'acme.azurecr.io',
    choice: 'Mint from a service principal',
    fields: { 'mint.tenantId': 'acme.onmicrosoft.com', ...login(UUID) },
    provider: 'AZURE',
    mint: { kind: 'AZURE', federated: false, tenantId: 'acme.onmicrosoft.com' },
  },
  {
    card: 'Azure Container Registry',
    url: 'other.azurecr.io',
    choice: 'Mint without a stored secret',
    fields: { 'mint.tenantId': UUID, 'mint.clientId': UUID },
    provider: 'AZURE',
    mint: { kind: 'AZURE', federated: true, tenantId: UUID, clientId: UUID },
  },
  {
    card: 'GitHub Container Registry',
    url: 'ghcr.io',
    isKnown: true,
    choice: 'Mint from an app’s private key',
    fields: { 'mint.installationId': '4711', 'mint.apiUrl': '', ...login('1234', PEM) },
    provider: 'GITHUB',
    mint: { kind: 'GITHUB_APP', federated: false, installationId: '4711', apiUrl: null },
  },
  {
    card: 'Quay',
    url: 'quay.io',
    isKnown: true,
    choice: 'Mint without a stored secret',
    fields: { 'mint.robot': 'acme+ci' },
    provider: 'QUAY',
    mint: { kind: 'QUAY', federated: true, robot: 'acme+ci' },
  },
  {
    card: 'JFrog Artifactory',
    url: 'acme.jfrog.io',
    choice: 'Mint without a stored secret',
    fields: { 'mint.providerName': 'purser' },
    provider: 'ARTIFACTORY',
    mint: { kind: 'ARTIFACTORY', federated: true, providerName: 'purser' },
  },
];

const STORED = `query ($projectId: ID!, $url: String!) { registryByUrl(projectId: $projectId, url: $url) { provider username
  mint { kind federated roleArn externalId tenantId clientId installationId apiUrl workloadIdentityProvider robot providerName } } }`;

describe.skipIf(missing)(titled('each kind of registry', missing), () => {
  let purser: PurserHome;
  let browser: Browser;
  let opened: ConsolePage;
  let page: Page;

  beforeAll(async () => {
    purser = await createPurserHome({ ...DEVELOPMENT, WORKLOAD_ISSUER_URL: 'https://purser.example' });
    [browser] = await Promise.all([launchBrowser(), purser.start()]);
    opened = await openConsole({ purser, browser, path: '/projects', projects: PROJECTS });
    page = opened.page;
  });
  afterAll(async () => {
    await opened?.close();
    await browser?.close();
    await purser?.remove();
  });

  async function add(projectId: string, kind: Kind): Promise<void> {
    const { card, url, isKnown = false, choice, fields, provider, mint } = kind;
    await goTo(page, `/projects/${projectId}/registries/new`, 'Add a registry');
    await page.getByRole('button', { name: new RegExp(`^${card}`) }).click();
    const form = page.locator('main form');
    const entry = (name: string) => form.locator(`[data-field="${name}"]`).locator('input, textarea').first();
    expect(await entry('url').inputValue()).toBe(isKnown ? url : '');
    await entry('url').fill(url);
    if (choice !== undefined) await page.getByText(choice, { exact: true }).click();
    // Exactly these are asked for.
    const asked = () =>
      form
        .locator('[data-field^="mint."], [data-field="username"], [data-field="password"]')
        .evaluateAll((fields) => fields.map((field) => field.getAttribute('data-field')));
    await expect.poll(asked).toEqual(Object.keys(fields));
    for (const [name, value] of Object.entries(fields)) await entry(name).fill(value);
    await page.getByText('Test the login when it is added').click();
    await page.getByRole('button', { name: 'Add the registry' }).click();
    await page.getByRole('heading', { name: url, level: 1, exact: true }).waitFor();
    expect(await holdsSecret(page)).toBe(false);

    const token = await developmentToken(purser, { projects: PROJECTS });
    const { data } = await ask(purser.url, STORED, { projectId, url }, token);
    const username = fields.username === undefined ? {} : { username: fields.username };
    expect(data.registryByUrl).toMatchObject({ provider, ...username });
    if (mint === undefined) expect(data.registryByUrl.mint).toBeNull();
    else expect(data.registryByUrl.mint).toMatchObject(mint);
  }

  it('has a card that is tried here', async () => {
    await goTo(page, '/projects/demo/registries/new', 'Add a registry');
    const cards = page.getByRole('list', { name: 'Common registries' }).getByRole('button');
    await expect
      .poll(async () => (await cards.allInnerTexts()).map((text) => text.split('\n')[0]).toSorted())
      .toEqual(KINDS.map(({ card }) => card).toSorted());
  });

  it.each(KINDS)('is added with its password: $card', (kind) => add('demo', kind));

  it.each(MINTED)('is added to mint passwords: $url, $choice', (kind) => add('minted', kind));
});
