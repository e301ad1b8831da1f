import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPasswordMinter } from '../../src/adapters/minting/password-minter.ts';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { createKeyRecordStore } from '../../src/adapters/postgres/vault/key-record-store.ts';
import { type KeyRing, loadKeyRing } from '../../src/adapters/vault/key-ring.ts';
import type { KeyRecordStore } from '../../src/adapters/vault/secret-stores.ts';
import { addWorkloadKey } from '../../src/adapters/vault/workload-keys.ts';
import { createWorkloadTokens } from '../../src/adapters/vault/workload-tokens.ts';
import type { LeasePurpose, MintConfig } from '../../src/domain/credential.ts';
import { registryId } from '../../src/domain/identity.ts';
import { federatedAudience } from '../../src/domain/mint-source.ts';
import { workloadSubject } from '../../src/domain/workload-token.ts';
import { egressDivertedTo, egressTo, faultOf, mintConfig, source } from '../adapters/minting/minter-fixture.ts';
import { type Replica, startReplica } from '../crash/replica.ts';
import {
  ACCOUNT,
  CLIENT,
  type CloudName,
  type FederatedClouds,
  INTEGRATION,
  POOL_PROVIDER,
  ROBOT,
  ROLE,
  startFederatedClouds,
  TENANT,
} from '../support/federated-clouds.ts';
import { freePort } from '../support/postgres-server.ts';
import { printed } from '../support/printed.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { createWorkloadVerifier, type WorkloadVerifier } from '../support/workload-verifier.ts';
import { CREATE, GET, ROTATE, UPDATE } from './operations.ts';

interface FederatedCase {
  readonly cloud: CloudName;
  readonly url: string;
  readonly mint: MintConfig;
  /** The user name that pipelines get. */
  readonly username: string;
  /** As the documentation of the cloud has it. */
  readonly audience: string;
  /** The only hosts that are asked. */
  readonly hosts: readonly string[];
}

const federated = (changes: Pick<MintConfig, 'kind'> & Partial<MintConfig>) =>
  mintConfig({ ...changes, federated: true });
const CASES: readonly FederatedCase[] = [
  {
    cloud: 'AWS',
    url: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    mint: federated({ kind: 'AMAZON_ECR', roleArn: ROLE }),
    username: 'AWS',
    audience: 'sts.amazonaws.com',
    hosts: ['sts.eu-west-1.amazonaws.com', 'api.ecr.eu-west-1.amazonaws.com'],
  },
  {
    cloud: 'GOOGLE',
    url: 'europe-docker.pkg.dev',
    mint: federated({ kind: 'GOOGLE', workloadIdentityProvider: POOL_PROVIDER }),
    username: 'oauth2accesstoken',
    audience: `https:${POOL_PROVIDER}`,
    hosts: ['sts.googleapis.com'],
  },
  {
    cloud: 'GOOGLE',
    url: 'us-docker.pkg.dev',
    mint: federated({ kind: 'GOOGLE', workloadIdentityProvider: POOL_PROVIDER, serviceAccountEmail: ACCOUNT }),
    username: 'oauth2accesstoken',
    audience: `https:${POOL_PROVIDER}`,
    hosts: ['sts.googleapis.com', 'iamcredentials.googleapis.com'],
  },
  {
    cloud: 'AZURE',
    url: 'acme.azurecr.io',
    mint: federated({ kind: 'AZURE', tenantId: TENANT, clientId: CLIENT }),
    username: '00000000-0000-0000-0000-000000000000',
    audience: 'api://AzureADTokenExchange',
    hosts: ['login.microsoftonline.com', 'acme.azurecr.io'],
  },
  {
    cloud: 'QUAY',
    url: 'quay.example.com',
    mint: federated({ kind: 'QUAY', robot: ROBOT }),
    username: ROBOT,
    audience: 'https://quay.example.com',
    hosts: ['quay.example.com'],
  },
  {
    cloud: 'JFROG',
    url: 'acme.jfrog.io',
    mint: federated({ kind: 'ARTIFACTORY', providerName: INTEGRATION }),
    username: 'builder',
    audience: 'https://acme.jfrog.io',
    hosts: ['acme.jfrog.io'],
  },
];
const [ECR] = CASES as readonly [FederatedCase];

let purser: TestPurser;
let replica: Replica;
let keyRing: KeyRing;
let records: KeyRecordStore;
let verifier: WorkloadVerifier;
let clouds: FederatedClouds;
let issuer: string;
let clock: () => number = Date.now;
beforeAll(async () => {
  const port = await freePort();
  issuer = `http://127.0.0.1:${port}`;
  purser = await startPurser({ environment: { PORT: String(port), WORKLOAD_ISSUER_URL: issuer } });
  const file = join(purser.environment.PURSER_DATA_DIR ?? '', 'master-key');
  keyRing = await loadKeyRing({ file, createIfMissing: false });
  records = createKeyRecordStore({ connectionString: purser.connectionString, logger: SILENT });
});
afterAll(async () => {
  await replica?.close();
  await clouds?.close();
  await records?.close();
  await purser?.stop();
});
beforeEach(async () => {
  await clouds?.close();
  clock = Date.now;
  verifier = createWorkloadVerifier();
  clouds = await startFederatedClouds(verifier);
  for (const { cloud, url, audience } of CASES) clouds.trusted.set(cloud, trust(url, audience));
});

const ownerOf = (url: string, projectId = 'demo') => ({ projectId, registryId: registryId(projectId, url) });
const trust = (url: string, audience: string, projectId = 'demo') => ({
  issuer,
  audience,
  subject: workloadSubject(ownerOf(url, projectId)),
});
/** The service's own, at the stubs of the clouds, and with keys as another replica reads them. */
function minter() {
  const now = () => clock();
  const workloadTokens = createWorkloadTokens({ issuer, keyRing, store: records, now });
  return createPasswordMinter({ egress: egressTo(clouds), now: Date.now, endpoints: clouds.endpoints, workloadTokens });
}
const mint = ({ url, mint: config }: FederatedCase, projectId = 'demo', purpose: LeasePurpose = 'PULL') =>
  minter().mint({
    mint: config,
    url,
    owner: ownerOf(url, projectId),
    source: source('federated', 'federated'),
    purpose,
  });

describe.each(CASES)('a federated login at $cloud for $url', (one) => {
  const { cloud, url, audience } = one;
  beforeEach(() => clouds.trusted.set(cloud, trust(url, audience)));

  it('is by a token for this cloud and this registry, and gives a password', async () => {
    expect(federatedAudience(one.mint, url)).toBe(audience);
    const password = await mint(one);
    expect(password.username).toBe(one.username);
    expect(Date.parse(password.expiresAt)).toBeGreaterThan(Date.now() + 30 * 60_000);
    expect(clouds.tokens).toHaveLength(1);
  });

  it('asks hosts of this cloud alone, by the way out that is guarded', async () => {
    const { egress, hosts } = egressDivertedTo(clouds);
    const workloadTokens = createWorkloadTokens({ issuer, keyRing, store: records, now: Date.now });
    const real = createPasswordMinter({ egress, now: Date.now, workloadTokens });
    const login = source('federated', 'federated');
    await real.mint({ mint: one.mint, url, owner: ownerOf(url), source: login, purpose: 'PULL' });
    expect(hosts).toEqual(one.hosts);
  });

  it('is refused for the registry of another project, and with the audience of another cloud', async () => {
    expect(await faultOf(mint(one, 'other'), ...clouds.tokens)).toBe('TOKEN_REFUSED');
    clouds.trusted.set(cloud, trust(url, 'another-cloud'));
    expect(await faultOf(mint(one), ...clouds.tokens)).toBe('TOKEN_REFUSED');
    expect(clouds.tokens).toHaveLength(2);
  });

  it('is refused with a token that has expired', async () => {
    clock = () => Date.now() - 10 * 60_000;
    const known = ['AWS', 'GOOGLE', 'AZURE'].includes(cloud) ? 'CLOCK_SKEWED' : 'TOKEN_REFUSED';
    expect(await faultOf(mint(one))).toBe(known);
  });
});

describe('the keys of federated logins', () => {
  it('are rotated while a cloud has cached them, and are worth nothing once they are destroyed', async () => {
    await mint(ECR);
    expect(verifier.fetches()).toBe(1);
    // Published, and not signing yet: a cloud that reads no keys any more goes on.
    const next = await addWorkloadKey(keyRing, records, { now: Date.now(), atOnce: false });
    verifier.freeze();
    await mint(ECR);

    const [old = ''] = clouds.tokens;
    const made = await addWorkloadKey(keyRing, records, { now: Date.now(), atOnce: true });
    expect(made?.id).toBe((next?.id ?? 0) + 1);
    // This cloud still trusts the old key alone, as a cache does after a rotation at once.
    expect(await faultOf(mint(ECR), ...clouds.tokens)).toBe('TOKEN_REFUSED');
    const fresh = clouds.tokens.at(-1) ?? '';
    const reader = createWorkloadVerifier();
    const trusted = trust(ECR.url, ECR.audience);
    await expect.poll(() => reader.refusal(fresh, trusted), { timeout: 60_000 }).toBeUndefined();
    expect(await reader.refusal(old, trusted)).toBe('keys');
  });
});

describe('a registry without a stored secret', () => {
  const input = (one: FederatedCase, changes: object = {}) => {
    const { kind, roleArn, tenantId, clientId, workloadIdentityProvider, serviceAccountEmail, robot, providerName } =
      one.mint;
    const settings = {
      roleArn,
      tenantId,
      clientId,
      workloadIdentityProvider,
      serviceAccountEmail,
      robot,
      providerName,
    };
    return { url: one.url, mint: { kind, federated: true, ...settings }, ...changes };
  };
  const issue = (url: string) => replica.issue(`${url}/team/app:1`);
  const fieldOf = async (operation: string, variables: Record<string, unknown>) => {
    const { errors } = await purser.graphql(operation, variables);
    return [errors?.[0]?.extensions.code, errors?.[0]?.extensions.field];
  };

  it('is created without a login, and issues what its cloud mints; the token is in no event, row or log', async () => {
    replica = await startReplica(purser, { minter: minter() });
    const created = await purser.graphql(CREATE, { input: input(ECR) });
    expect(created.errors).toBeUndefined();
    const { id, username } = created.data.createRegistry.registry;
    expect([username, created.data.createRegistry.registry.credential.kind]).toEqual(['federated', 'MINTED']);
    const issued = await issue(ECR.url);
    expect([issued.username, issued.expirySource]).toEqual(['AWS', 'MINTED']);
    const fields = 'mint { kind federated roleArn clientId }';
    const read = await purser.graphql(`query ($id: ID!) { registry(projectId: "demo", id: $id) { ${fields} } }`, {
      id,
    });
    expect(read.data.registry.mint).toEqual({ kind: 'AMAZON_ECR', federated: true, roleArn: ROLE, clientId: null });
    const { rows } = await withClient(purser.connectionString, (client) =>
      client.query('select data::text, metadata::text from log.events'),
    );
    expect(clouds.tokens).toHaveLength(1);
    const [token = ''] = clouds.tokens;
    expect(JSON.stringify(rows)).not.toContain(token.split('.')[2]);

    // A new version ends what was minted before.
    await purser.graphql(ROTATE, { id, input: { mint: input(ECR).mint } });
    expect((await purser.graphql(GET, { id })).data.registry.credential.version).toBe(2);
    await issue(ECR.url);
    expect(clouds.tokens).toHaveLength(2);

    expect(await fieldOf(UPDATE, { id, input: { username: 'AKIAIOSFODNN7EXAMPLE' } })).toEqual([
      'BAD_USER_INPUT',
      'username',
    ]);
    expect(await fieldOf(UPDATE, { id, input: { password: 'secret-text' } })).toEqual(['BAD_USER_INPUT', 'password']);
    expect(await fieldOf(ROTATE, { id, input: { password: 'secret-text' } })).toEqual(['BAD_USER_INPUT', 'password']);
    expect(await fieldOf(ROTATE, { id, input: { password: 'secret-text', mint: null } })).toEqual([
      'BAD_USER_INPUT',
      'username',
    ]);
  });

  it('is added and rotated by the command line, which asks for no password', async () => {
    const environment = { PURSER_URL: purser.url, PURSER_PROJECT: 'demo', PURSER_TOKEN: purser.token() };
    const run = (...argv: string[]) => printed(environment, 'registries', ...argv);
    const mint = ['--mint', 'azure', '--mint-federated', '--mint-tenant-id', TENANT, '--mint-client-id', CLIENT];
    const added = await run('add', 'printed.azurecr.io', '--no-test', ...mint);
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('"kind":"MINTED"') });
    const rotated = await run('rotate', 'printed.azurecr.io', '--no-test', '--yes', ...mint);
    expect(rotated).toMatchObject({ code: 0, stdout: expect.stringContaining('"version":2') });
    const { code, stderr } = await run('add', 'other.azurecr.io', '--password-stdin', ...mint);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--password-stdin')]);
  });

  it.each<[string, number, object, string]>([
    ['a user name', 0, { username: 'AKIAIOSFODNN7EXAMPLE' }, 'username'],
    ['a password', 0, { password: 'secret-text' }, 'password'],
    ['no role', 0, { mint: { kind: 'AMAZON_ECR', federated: true } }, 'mint'],
    ['an external id', 0, { mint: { kind: 'AMAZON_ECR', federated: true, roleArn: ROLE, externalId: 'xx' } }, 'mint'],
    [
      'another host for the provider',
      1,
      {
        mint: {
          kind: 'GOOGLE',
          federated: true,
          workloadIdentityProvider:
            '//evil.example/projects/1/locations/global/workloadIdentityPools/pool/providers/prov',
        },
      },
      'mint',
    ],
    ['no client id', 3, { mint: { kind: 'AZURE', federated: true, tenantId: TENANT } }, 'mint'],
    [
      'a stored secret for Quay',
      4,
      { provider: 'QUAY', username: ROBOT, password: 'secret-text', mint: { kind: 'QUAY', robot: ROBOT } },
      'mint',
    ],
    [
      'a client id where a secret is stored',
      0,
      { username: 'AKIAIOSFODNN7EXAMPLE', password: 'secret-text', mint: { kind: 'AMAZON_ECR', clientId: CLIENT } },
      'mint',
    ],
  ])('is refused with %s', async (_, index, changes, field) => {
    const one = CASES[index] ?? ECR;
    expect(await fieldOf(CREATE, { input: input(one, { ...changes }) })).toEqual(['BAD_USER_INPUT', field]);
  });
});
