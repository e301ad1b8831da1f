import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { createKeyRecordStore } from '../../src/adapters/postgres/vault/key-record-store.ts';
import { loadKeyRing } from '../../src/adapters/vault/key-ring.ts';
import { keepWorkloadKeys } from '../../src/adapters/vault/workload-keys.ts';
import { createWorkloadTokens } from '../../src/adapters/vault/workload-tokens.ts';
import { runProgram } from '../../src/cli/program.ts';
import { registryId } from '../../src/domain/identity.ts';
import { PUBLISHED_AFTER_MS, PUBLISHED_BEFORE_MS, SIGNS_FOR_MS } from '../../src/domain/workload-keys.ts';
import { workloadSubject } from '../../src/domain/workload-token.ts';
import { createEmptyDatabase, createTestDatabase } from '../support/postgres.ts';
import { freePort } from '../support/postgres-server.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { createTestIssuer } from '../support/tokens.ts';
import { createWorkloadVerifier } from '../support/workload-verifier.ts';
import { CREATE } from './operations.ts';

const OWNER = { projectId: 'demo', registryId: '6a2f41a3-c54c-5ce8-8e39-7d1f1a1f7a5e' };
const AUDIENCE = 'sts.amazonaws.com';
const [FIRST_LINE, SECOND_LINE] = [1, 2].map((id) => `${id} ${randomBytes(32).toString('base64')}`);

const callers = createTestIssuer();
let folder: string;
let connectionString: string;
let port: number;
const running: TestPurser[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-workload-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  ({ connectionString } = await createTestDatabase());
  port = await freePort();
  await writeKeys(FIRST_LINE);
});
afterEach(async () => {
  for (const purser of running.splice(0)) await purser.stop();
});

const keyFile = () => join(folder, 'keys');
const writeKeys = (...lines: readonly (string | undefined)[]) =>
  writeFile(keyFile(), `${lines.join('\n')}\n`, { mode: 0o600 });
const issuerUrl = () => `http://127.0.0.1:${port}/ids`;
const environment = () => ({
  DATABASE_URL: connectionString,
  PURSER_DATA_DIR: folder,
  MASTER_KEY_FILE: keyFile(),
  JWT_ISSUERS: callers.jwtIssuers,
  WORKLOAD_ISSUER_URL: issuerUrl(),
  PORT: String(port),
  LOG_LEVEL: 'error',
});
const sql = (text: string) => withClient(connectionString, async (client) => (await client.query(text)).rows);

async function start(changes: Readonly<Record<string, string>> = {}): Promise<TestPurser> {
  const replica = { connectionString, environment: { ...environment(), ...changes }, token: callers.token };
  const purser = await startPurser({ replicaOf: replica });
  running.push(purser);
  return purser;
}

async function command(words: string) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runProgram(words.split(' '), environment(), {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
  });
  return { exitCode, ...written };
}

/** A process with the keys of this database, whose clock stands at a time. */
async function withSigner<Result>(
  use: (signer: ReturnType<typeof createWorkloadTokens>, keep: () => Promise<unknown>) => Promise<Result>,
  now: () => number = Date.now,
): Promise<Result> {
  const keyRing = await loadKeyRing({ file: keyFile(), createIfMissing: false });
  const store = createKeyRecordStore({ connectionString, logger: SILENT });
  try {
    const signer = createWorkloadTokens({ issuer: issuerUrl(), keyRing, store, now });
    return await use(signer, () => keepWorkloadKeys(keyRing, store, now()));
  } finally {
    await store.close();
  }
}
const signed = (now?: () => number) => withSigner(async (signer) => (await signer.sign(OWNER, AUDIENCE)).reveal(), now);
const publishedIds = (now?: () => number) =>
  withSigner(async (signer) => (await signer.publicKeys()).map(({ kid }) => kid), now);
async function publishedBy({ url }: Pick<TestPurser, 'url'>): Promise<readonly { readonly kid: string }[]> {
  const jwks = await (await fetch(`${url}/ids/jwks.json`)).json();
  return (jwks as { readonly keys: readonly { readonly kid: string }[] }).keys;
}
const trusted = () => ({ issuer: issuerUrl(), audience: AUDIENCE, subject: workloadSubject(OWNER) });

describe('what this service says of itself to clouds', () => {
  it('is verified by the keys that it publishes, which are the same on every replica', async () => {
    const [one, other] = await Promise.all([start(), start({ PORT: '0' })]);
    expect(await sql('select id, kek_id from vault.workload_keys')).toEqual([{ id: 1, kek_id: 1 }]);
    expect(await publishedBy(other)).toEqual(await publishedBy(one));

    const token = await signed();
    const verifier = createWorkloadVerifier();
    expect(await verifier.refusal(token, trusted())).toBeUndefined();
    const other22 = workloadSubject({ ...OWNER, projectId: 'other' });
    expect(await verifier.refusal(token, { ...trusted(), subject: other22 })).toBe('subject');
    expect(await verifier.refusal(token, { ...trusted(), audience: 'other' })).toBe('audience');
    const [head, , signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: other22 })).toString('base64url');
    expect(await verifier.refusal(`${head}.${forged}.${signature}`, trusted())).toBe('signature');
    const later = createWorkloadVerifier({ now: () => Date.now() + 301_000 });
    expect(await later.refusal(token, trusted())).toBe('time');
    expect(verifier.fetches()).toBe(1);
  });

  it('is published for everybody, with public keys only', async () => {
    const { url } = await start();
    const discovery = await fetch(`${url}/ids/.well-known/openid-configuration`);
    expect([discovery.status, discovery.headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
    expect(await discovery.json()).toMatchObject({ issuer: issuerUrl(), jwks_uri: `${issuerUrl()}/jwks.json` });
    const jwks = await fetch(`${url}/ids/jwks.json`);
    expect([jwks.status, jwks.headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
    expect((await publishedBy({ url })).map((key) => Object.keys(key).toSorted())).toEqual([
      ['alg', 'e', 'kid', 'kty', 'n', 'use'],
    ]);
  });

  it('is what `federation export` tells people to trust', async () => {
    await withSigner((_, keep) => keep());
    const url = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
    const { stdout } = await command(`federation export --project demo --registry https://${url}/ --json`);
    const exported = JSON.parse(stdout);
    expect(exported).toMatchObject({
      issuer: issuerUrl(),
      subject: workloadSubject({ projectId: 'demo', registryId: registryId('demo', url) }),
      audience: AUDIENCE,
      input: { url, mint: { kind: 'AMAZON_ECR', federated: true } },
    });
    expect(exported.jwks.keys.map(({ kid }: { kid: string }) => kid)).toEqual(await publishedIds());
    const text = (await command(`federation export --project demo --registry ${url} --role-arn arn:aws:iam::1:role/r`))
      .stdout;
    expect(text).toContain(exported.subject);
    expect(await command('federation export --project demo --registry registry.example')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^No cloud exchanges this service's tokens/),
    });
    expect((await command('federation export --project demo')).stderr).toMatch(/^--registry is missing/);
  });

  it('does not exist without WORKLOAD_ISSUER_URL', async () => {
    const { url, graphql } = await start({ WORKLOAD_ISSUER_URL: '' });
    expect((await fetch(`${url}/ids/.well-known/openid-configuration`)).status).toBe(404);
    expect(await sql('select id from vault.workload_keys')).toEqual([]);
    const mint = { kind: 'AMAZON_ECR', federated: true, roleArn: 'arn:aws:iam::123456789012:role/pull' };
    const input = { url: '123456789012.dkr.ecr.eu-west-1.amazonaws.com', mint };
    expect((await graphql(CREATE, { input })).errors?.[0]).toMatchObject({
      message: 'federated needs an issuer, which this service does not have: its operator sets WORKLOAD_ISSUER_URL.',
      extensions: { code: 'BAD_USER_INPUT', field: 'mint' },
    });
  });

  it('is never what a caller may say: the service does not start', async () => {
    const trusting = JSON.stringify([
      ...JSON.parse(callers.jwtIssuers),
      { issuer: issuerUrl(), audience: 'purser', jwksUri: `${issuerUrl()}/jwks.json` },
    ]);
    await expect(start({ JWT_ISSUERS: trusting })).rejects.toThrow(
      /^JWT_ISSUERS trusts .*, which is WORKLOAD_ISSUER_URL/,
    );
  });
});

describe('the keys of what this service says of itself', () => {
  it('are followed by another that is published long before it signs, by age', async () => {
    await start();
    const [created] = await sql('select signs_from from vault.workload_keys');
    const begun = created.signs_from.getTime();
    const cached = createWorkloadVerifier();
    expect(await cached.refusal(await signed(), trusted())).toBeUndefined();

    const dueAt = begun + SIGNS_FOR_MS - PUBLISHED_BEFORE_MS;
    const at = (time: number) => () => time;
    await withSigner((_, keep) => keep(), at(dueAt));
    await withSigner((_, keep) => keep(), at(dueAt));
    expect(await sql('select id from vault.workload_keys order by id')).toEqual([{ id: 1 }, { id: 2 }]);
    // The provider has the first key only, and reads no other one.
    const [first = ''] = await publishedIds(at(dueAt));
    cached.freeze();
    expect(await cached.refusal(await signed(), trusted())).toBeUndefined();
    expect(await publishedIds(at(dueAt))).toHaveLength(2);

    const signsFrom = dueAt + PUBLISHED_BEFORE_MS;
    // The replica reads its keys anew within seconds.
    await expect.poll(() => publishedBy(running[0] ?? { url: '' }), { timeout: 60_000 }).toHaveLength(2);
    const later = createWorkloadVerifier({ now: at(signsFrom) });
    expect(await later.refusal(await signed(at(signsFrom)), trusted())).toBeUndefined();
    expect(await cached.refusal(await signed(at(signsFrom)), trusted())).toBe('keys');
    // What was signed just before is verified still.
    expect(await publishedIds(at(signsFrom + PUBLISHED_AFTER_MS - 1))).toContain(first);
    expect(await publishedIds(at(signsFrom + PUBLISHED_AFTER_MS))).not.toContain(first);
    await withSigner((_, keep) => keep(), at(signsFrom + PUBLISHED_AFTER_MS));
    expect(await sql('select id from vault.workload_keys')).toEqual([{ id: 2 }]);
  });

  it('are replaced by a command, in time or at once', async () => {
    expect((await command('federation rotate-key')).stderr).toMatch(/^There is no such key yet/);
    const { url } = await start();
    const kids = async () => (await publishedBy({ url })).map(({ kid }) => kid);
    const [first] = await kids();
    const leaked = await signed();
    expect((await command('federation rotate-key')).stdout).toMatch(/^key 2 is published and signs from 20/);
    expect((await command('federation rotate-key')).stderr).toMatch(/^Key 2 is published already and signs from /);
    await expect.poll(kids, { timeout: 60_000 }).toHaveLength(2);

    const made = JSON.parse((await command('federation rotate-key --at-once --json')).stdout);
    expect(made).toMatchObject({ keyId: 3 });
    expect(await sql('select id from vault.workload_keys')).toEqual([{ id: 3 }]);
    await expect.poll(kids, { timeout: 60_000 }).toHaveLength(1);
    expect(await kids()).not.toContain(first);
    const provider = createWorkloadVerifier();
    expect(await provider.refusal(leaked, trusted())).toBe('keys');
    expect(await provider.refusal(await signed(), trusted())).toBeUndefined();
  });

  it('come under a new primary key, and are the same keys', async () => {
    await withSigner((_, keep) => keep());
    const before = await publishedIds();
    await writeKeys(FIRST_LINE, SECOND_LINE);
    const listed = async () =>
      JSON.parse((await command('keys list --json')).stdout).map(
        ({ workloadKeys }: { workloadKeys: number }) => workloadKeys,
      );
    expect(await listed()).toEqual([1, 0]);
    expect((await command('keys rewrap')).stdout).toContain('1 workload key');
    expect(await listed()).toEqual([0, 1]);
    expect(await publishedIds()).toEqual(before);
  });

  it('are in a backup, and the same ones after a restore', async () => {
    await start();
    const before = await publishedIds();
    const file = join(folder, 'purser.backup');
    expect(await command(`backup ${file}`)).toMatchObject({ exitCode: 0, stderr: '' });
    connectionString = await createEmptyDatabase();
    expect(await command(`restore ${file}`)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await publishedIds()).toEqual(before);
  });

  it.each([
    ['was moved in time', `update vault.workload_keys set signs_from = signs_from - interval '1 day'`],
    [
      'was changed',
      'update vault.workload_keys set sealed_key = set_byte(sealed_key, 40, get_byte(sealed_key, 40) # 1)',
    ],
    [
      'was entered by somebody else',
      'insert into vault.workload_keys select 2, signs_from, kek_id, wrapped_key, sealed_key from vault.workload_keys',
    ],
  ])('keep the service from starting if a row %s, and the doctor tells it', async (_, change) => {
    await withSigner((__, keep) => keep());
    await sql(change);
    await expect(start()).rejects.toThrow(/^Workload key \d \(table vault\.workload_keys\) does not open with key 1/);
    await expect(publishedIds()).rejects.toThrow(/does not open/);
    const { exitCode, stdout } = await command('doctor');
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('(table vault.workload_keys) does not open')]);
  });
});
