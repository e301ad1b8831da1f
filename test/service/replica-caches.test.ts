import { randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MintRequest } from '../../src/application/ports/password-minter.ts';
import { Secret } from '../../src/domain/secret.ts';
import { type Replica, startReplica } from '../crash/replica.ts';
import { canary } from '../support/canary.ts';
import { type GraphqlAnswer, startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { measureHeldUp } from '../support/waited-for-cpu.ts';
import { CREATE, DELETE, GET, ISSUE, LIST, RELEASE, ROTATE, UPDATE } from './operations.ts';

const ROUNDS = 20;
/** Without `usage`, which waits for the read models. */
const RENAME = `mutation ($id: ID!, $name: String!) {
  updateRegistry(projectId: "demo", id: $id, input: { name: $name }) { registry { name } } }`;
const REVOKE_LEASES = `mutation ($id: ID!) { revokeLeases(projectId: "demo", registryId: $id) { revoked } }`;

let folder: string;
let revokedTokens: string;
/** The replica on which things change; it leads. */
let here: TestPurser;
/** The replica that must not answer from what it remembers. It is asked before each change, so that it remembers. */
let there: TestPurser;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replica-caches-'));
  revokedTokens = join(folder, 'revoked-tokens');
  await writeFile(revokedTokens, '');
  const environment = { CALLER_ISSUES_PER_MINUTE: '0', REVOKED_TOKENS_FILE: revokedTokens };
  here = await startPurser({ environment });
  there = await startPurser({ replicaOf: here, environment });
});
afterAll(async () => {
  await there?.stop();
  await here?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function done(answer: Promise<GraphqlAnswer>) {
  const { data, errors } = await answer;
  expect(errors).toBeUndefined();
  const [payload] = Object.values(data);
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
  return payload as any;
}

async function create(url: string): Promise<{ readonly id: string; readonly password: string }> {
  const password = canary('first');
  const { registry } = await done(here.graphql(CREATE, { input: { url, username: 'ada', password } }));
  return { id: registry.id, password };
}

const ask = (url: string, input: Record<string, unknown> = {}) =>
  there.graphql(ISSUE, { input: { image: `${url}/app`, pipeline: 'build', ...input } });
const issued = (url: string, input: Record<string, unknown> = {}) => done(ask(url, input));
const codeOf = async (answer: Promise<GraphqlAnswer>) => (await answer).errors?.[0]?.extensions.code;

describe('what was changed on one replica is not given from what another remembers', () => {
  it('a rotated password, at any moment of the rotation', async () => {
    const url = 'rotated.example';
    const { id, password } = await create(url);
    let old = password;
    for (let round = 0; round < ROUNDS; round += 1) {
      expect((await issued(url)).password).toBe(old);
      const next = canary('next');
      let rotated = false;
      const rotation = done(here.graphql(ROTATE, { id, input: { password: next } })).then(() => {
        rotated = true;
      });
      // What is asked for meanwhile may be either.
      while (!rotated) expect([old, next]).toContain((await issued(url)).password);
      await rotation;
      expect((await issued(url)).password).toBe(next);
      old = next;
    }
  });

  it('a registry that was deleted, and one that may only be pulled from now', async () => {
    const [gone, narrowed] = [await create('gone.example'), await create('narrowed.example')];
    await issued('gone.example');
    await issued('narrowed.example', { purpose: 'PUSH' });
    await done(here.graphql(DELETE, { id: gone.id, input: { force: true } }));
    await done(here.graphql(UPDATE, { id: narrowed.id, input: { access: 'PULL' } }));
    expect(await codeOf(ask('gone.example'))).toBe('NOT_FOUND');
    expect(await codeOf(ask('narrowed.example', { purpose: 'PUSH' }))).toBeDefined();
    expect((await issued('narrowed.example', { purpose: 'PULL' })).username).toBe('ada');
  });

  it('a username and a certificate authority', async () => {
    const url = 'details.example';
    const { id } = await create(url);
    expect(await issued(url)).toMatchObject({ username: 'ada', caCertificate: null });
    for (const [index, username] of ['grace', 'linus'].entries()) {
      const input = { username, password: canary('renamed'), caCertificate: rootCertificates[index] };
      const { caCertificate } = (await done(here.graphql(UPDATE, { id, input }))).registry;
      expect(caCertificate).toContain('BEGIN CERTIFICATE');
      expect(await issued(url)).toMatchObject({ username, caCertificate });
    }
  });

  it('a lease of a run that was released or revoked', async () => {
    const url = 'runs.example';
    const { id } = await create(url);
    const run = { runId: 'run-1' };
    const { lease: first } = await issued(url, run);
    expect((await issued(url, run)).lease.id).toBe(first.id);
    await done(here.graphql(RELEASE, { leaseId: first.id }));
    const { lease: second } = await issued(url, run);
    expect(second.id).not.toBe(first.id);
    expect(await done(here.graphql(REVOKE_LEASES, { id }))).toEqual({ revoked: 1 });
    expect((await issued(url, run)).lease.id).not.toBe(second.id);
  });

  it('an idempotency key, which gives one answer on all, and none with another input', async () => {
    const url = 'keyed.example';
    await create(url);
    const input = { image: `${url}/app`, pipeline: 'build', idempotencyKey: randomUUID() };
    const [one, other] = await Promise.all([here, there].map((each) => done(each.graphql(ISSUE, { input }))));
    expect(other.lease.id).toBe(one.lease.id);
    await done(here.graphql(RELEASE, { leaseId: one.lease.id }));
    expect(await codeOf(there.graphql(ISSUE, { input }))).toBe('CREDENTIAL_UNAVAILABLE');
    const changed = { input: { ...input, pipeline: 'other' } };
    expect(await codeOf(there.graphql(ISSUE, changed))).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('a token that both verified before, within two seconds', async () => {
    const { id } = await create('token.example');
    const token = here.token({ claims: { jti: 'stolen' } });
    const read = (from: TestPurser) => from.graphql(GET, { id }, token);
    for (const each of [here, there]) expect((await read(each)).errors).toBeUndefined();
    const [{ issuer }] = JSON.parse(here.environment.JWT_ISSUERS ?? '');
    await appendFile(revokedTokens, `${JSON.stringify({ issuer, jti: 'stolen' })}\n`);
    const [revokedAt, heldUpMs] = [performance.now(), measureHeldUp(process.pid)];
    for (const each of [here, there]) {
      await expect.poll(() => codeOf(read(each)), { interval: 50 }).toBe('UNAUTHENTICATED');
    }
    expect(performance.now() - revokedAt - heldUpMs()).toBeLessThan(2_500);
    expect((await there.graphql(GET, { id })).errors).toBeUndefined();
  });
});

it('a caller reads on any replica what it wrote on another, in lists too, although the read models are behind', async () => {
  const { id } = await create('written.example');
  for (let round = 0; round < 6; round += 1) {
    const [writes, reads] = round % 2 === 0 ? [here, there] : [there, here];
    const name = `name ${round}`;
    await withClient(here.connectionString, async (projection) => {
      await projection.query('begin');
      await projection.query('select from read_models.checkpoint for update');
      await done(writes.graphql(RENAME, { id, name }));
      const reading = Promise.all([
        done(reads.graphql(GET, { id })),
        done(reads.graphql(LIST, { first: 100, filter: { search: 'written.example' } })),
      ]);
      // Less than the second for which a query waits for what was written elsewhere.
      await delay(250);
      await projection.query('rollback');
      const [one, list] = await reading;
      expect([one.name, ...list.nodes.map((node: { readonly name: string }) => node.name)]).toEqual([name, name]);
    });
  }
});

describe('a password that is minted, if the registry changes on another replica', () => {
  const HOST = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
  const roleOf = (name: string) => ({ kind: 'AMAZON_ECR', roleArn: `arn:aws:iam::123456789012:role/${name}` });
  const asked: MintRequest[] = [];
  let held: Promise<void> | undefined;
  let minting: Replica;
  let id: string;
  beforeAll(async () => {
    minting = await startReplica(here, {
      minter: {
        async mint(request) {
          asked.push(request);
          const password = new Secret(canary(`minted-${asked.length}`));
          await held;
          const [issuedAt, expiresAt] = [Date.now(), Date.now() + 43_200_000].map((at) => new Date(at).toISOString());
          return { username: 'AWS', password, issuedAt: String(issuedAt), expiresAt: String(expiresAt) };
        },
      },
    });
    const input = { url: HOST, username: 'AKIAIOSFODNN7EXAMPLE', password: canary('cloud'), mint: roleOf('first') };
    id = (await done(here.graphql(CREATE, { input }))).registry.id;
  });
  afterAll(() => minting?.close());

  const rotateTo = (role: string) =>
    done(here.graphql(ROTATE, { id, input: { password: canary('cloud'), mint: roleOf(role) } }));
  const roles = () => asked.map(({ mint }) => ('roleArn' in mint ? mint.roleArn : undefined));

  it('is minted anew, by the new configuration', async () => {
    const first = (await minting.issue(`${HOST}/app`)).password.reveal();
    expect((await minting.issue(`${HOST}/app`)).password.reveal()).toBe(first);
    await rotateTo('second');
    expect((await minting.issue(`${HOST}/app`)).password.reveal()).not.toBe(first);
    expect(roles()).toEqual([roleOf('first').roleArn, roleOf('second').roleArn]);
  });

  it('is not shared with those who ask after the change, nor given to those who asked before', async () => {
    await rotateTo('third');
    asked.length = 0;
    let release = () => {};
    held = new Promise((resolve) => {
      release = resolve;
    });
    const before = minting.issue(`${HOST}/app`);
    await expect.poll(() => asked.length).toBe(1);
    await rotateTo('fourth');
    const after = minting.issue(`${HOST}/app`);
    await expect.poll(() => asked.length).toBe(2);
    release();
    const [one, other] = await Promise.all([before, after]);
    expect(roles().slice(0, 2)).toEqual([roleOf('third').roleArn, roleOf('fourth').roleArn]);
    // The second that was minted, which belongs to the new configuration.
    expect([one, other].map(({ lease }) => lease.credentialVersion)).toEqual([4, 4]);
    expect(one.password.reveal()).toContain('minted-2');
    expect(other.password.reveal()).toContain('minted-2');
  });
});
