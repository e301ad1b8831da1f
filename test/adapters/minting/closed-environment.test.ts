import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMutant } from '../../support/mutant.ts';
import { sampleRequests } from './cloud-credentials.ts';
import { type CloudStub, startCloudStub } from './cloud-stub.ts';
import { egressDivertedTo, faultOf, mintConfig, minterFor } from './minter-fixture.ts';

/** The targets in the environment: metadata services, proxies, other endpoints. */
let lure: CloudStub;
let stub: CloudStub;
let folder: string;
let pipe: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-minting-'));
  // A reader that opens the pipe waits for a writer, and the test can see it waiting.
  pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  [lure, stub] = await Promise.all([startCloudStub(), startCloudStub()]);
  const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'ALL_PROXY'];
  const environment = {
    ...Object.fromEntries(proxies.map((name) => [name, lure.url])),
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    HOME: folder,
    AWS_CONFIG_FILE: pipe,
    AWS_SHARED_CREDENTIALS_FILE: pipe,
    AWS_PROFILE: 'other',
    AWS_SDK_LOAD_CONFIG: '1',
    AWS_DEFAULTS_MODE: 'auto',
    AWS_MAX_ATTEMPTS: 'many',
    AWS_USE_FIPS_ENDPOINT: 'true',
    AWS_ENDPOINT_URL: lure.url,
    AWS_ENDPOINT_URL_ECR: lure.url,
    AWS_ENDPOINT_URL_STS: lure.url,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: lure.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${lure.url}/credentials`,
    AWS_WEB_IDENTITY_TOKEN_FILE: pipe,
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/environment',
    AWS_ACCESS_KEY_ID: 'AKIAENVIRONMENT00000',
    AWS_SECRET_ACCESS_KEY: 'of the environment',
    GOOGLE_APPLICATION_CREDENTIALS: pipe,
    GCE_METADATA_HOST: lure.authority,
    GCE_METADATA_IP: lure.authority,
    METADATA_SERVER_DETECTION: 'bios-only',
    GOOGLE_CLOUD_QUOTA_PROJECT: 'other',
    AZURE_CLIENT_ID: 'of the environment',
    AZURE_AUTHORITY_HOST: lure.url,
    MSI_ENDPOINT: lure.url,
    IDENTITY_ENDPOINT: lure.url,
    GITHUB_TOKEN: 'of the environment',
    GITHUB_API_URL: lure.url,
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all([lure.close(), stub.close()]);
});

/**
 * Whether a reader is waiting for the pipe; if so, it gets the end of the file. Synchronous, because waiting readers may
 * occupy all threads that Node has for files.
 */
function isPipeRead(): boolean {
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENXIO') return false;
    throw error;
  }
}

describe('minting in an environment full of other credentials', () => {
  it.each(sampleRequests())('uses only the stored credential for $kind', async ({ kind, request, secrets }) => {
    const mint = mintConfig({ ...request.mint, kind });
    await faultOf(minterFor(stub).mint({ ...request, mint }), ...secrets);
    expect(stub.requests).toHaveLength(1);
    const [asked] = stub.requests;
    expect(JSON.stringify([asked?.headers, asked?.body])).not.toContain('nvironment');
    expect(lure.connections()).toBe(0);
    expect(isPipeRead()).toBe(false);
  });

  it('uses only the stored access key to assume a role', async () => {
    const [ecr] = sampleRequests();
    if (ecr === undefined) throw new Error('there is a sample of each kind');
    const mint = mintConfig({ kind: 'AMAZON_ECR', roleArn: 'arn:aws:iam::123456789012:role/stored' });
    await faultOf(minterFor(stub).mint({ ...ecr.request, mint }), ...ecr.secrets);
    expect(stub.requests[0]?.headers.authorization).toContain(ecr.request.source.username);
    expect(stub.requests[0]?.form.get('RoleArn')).toBe('arn:aws:iam::123456789012:role/stored');
    expect(lure.connections()).toBe(0);
    expect(isPipeRead()).toBe(false);
  });
});

/** Without test endpoints, because those take precedence over the environment. */
describe("the clouds' own endpoints", () => {
  const role = mintConfig({ kind: 'AMAZON_ECR', roleArn: 'arn:aws:iam::123456789012:role/stored' });
  const [ecr, ecrPublic, google, azure, github] = sampleRequests();
  const EXPECTED = [
    ['Amazon ECR', ecr, undefined, 'api.ecr.eu-west-1.amazonaws.com'],
    ['Amazon ECR Public', ecrPublic, undefined, 'api.ecr-public.us-east-1.amazonaws.com'],
    ['a role', ecr, role, 'sts.eu-west-1.amazonaws.com'],
    ['Google', google, undefined, 'oauth2.googleapis.com'],
    ['Azure', azure, undefined, 'login.microsoftonline.com'],
    ['GitHub', github, undefined, 'api.github.com'],
  ] as const;

  it.each(EXPECTED)('are used for %s, whatever the environment names', async (_what, sample, mint, host) => {
    if (sample === undefined) throw new Error('there is a sample of each kind');
    const { egress, hosts } = egressDivertedTo(stub);
    const minter = minterFor(stub, { egress, endpoints: {} });
    await faultOf(minter.mint({ ...sample.request, ...(mint && { mint }) }), ...sample.secrets);
    expect(hosts).toEqual([host]);
    expect(lure.connections()).toBe(0);
    expect(isPipeRead()).toBe(false);
  });

  it("are caught being others if the SDK's settings are left open", async () => {
    const mutant = await createMutant('adapters/minting', [
      { file: 'amazon.ts', find: 'ignoreConfiguredEndpointUrls: true,', replace: '' },
    ]);
    const { createPasswordMinter } =
      await mutant.load<typeof import('../../../src/adapters/minting/password-minter.ts')>('password-minter.ts');
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'));
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'none'));
    const { egress, hosts } = egressDivertedTo(stub);
    if (ecr === undefined) throw new Error('there is a sample of each kind');
    await createPasswordMinter({ egress, now: Date.now })
      .mint(ecr.request)
      .catch(() => undefined);
    expect(hosts).toEqual([lure.authority]);
  });
});

describe('without closed settings, the SDK', () => {
  it('reads the files that the environment names, and these tests see it', async () => {
    // In a separate process, because waiting for the pipe would block this process's threads.
    const program = `import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
      await new ECRClient({ region: 'eu-west-1' }).send(new GetAuthorizationTokenCommand({}));`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    try {
      await vi.waitUntil(isPipeRead, { timeout: 20_000, interval: 20 });
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });

  it('contacts the endpoint that the environment names, and these tests see it', async () => {
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'));
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'none'));
    const client = new ECRClient({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
      defaultsMode: 'standard',
      useFipsEndpoint: false,
      profile: 'none',
    });
    await client.send(new GetAuthorizationTokenCommand({})).catch(() => undefined);
    client.destroy();
    expect(lure.connections()).toBe(1);
  });
});
