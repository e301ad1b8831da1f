import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KeyRingError } from '../../src/adapters/vault/key-file-format.ts';
import { runProgram } from '../../src/cli/program.ts';
import { canary } from '../support/canary.ts';
import type { KeyServiceDouble, ServiceFault } from '../support/key-services/key-service-double.ts';
import { KMS_ARN, kmsSettings, startKmsDouble } from '../support/key-services/kms-double.ts';
import { startTransitDouble, transitSettings } from '../support/key-services/transit-double.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { createTestIssuer } from '../support/tokens.ts';
import { CREATE, ISSUE } from './operations.ts';

const issuer = createTestIssuer();
let folder: string;
let connectionString: string;
let file: string;
let service: KeyServiceDouble;
let settings: string;
const running: TestPurser[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-external-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  ({ connectionString } = await createTestDatabase());
  file = join(folder, randomBytes(6).toString('hex'));
  await writeFile(file, `1 ${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
});
afterEach(async () => {
  await stopAll();
  await service.close();
});

async function stopAll(): Promise<void> {
  for (const purser of running.splice(0)) await purser.stop();
}

const KINDS = {
  transit: {
    option: '--transit transit/purser',
    line: 'transit:transit/purser',
    async start() {
      const double = await startTransitDouble();
      service = double;
      settings = transitSettings(double, { method: 'token', token: double.issueToken() });
    },
  },
  'aws-kms': {
    option: `--kms ${KMS_ARN}`,
    line: `aws-kms:${KMS_ARN}`,
    async start() {
      service = await startKmsDouble();
      settings = kmsSettings(service);
    },
  },
} as const;
const ALL_KINDS = ['transit', 'aws-kms'] as const;

const environment = (changes: Readonly<Record<string, string>> = {}) => ({
  DATABASE_URL: connectionString,
  PURSER_DATA_DIR: folder,
  MASTER_KEY_FILE: file,
  KEY_MANAGEMENT: settings,
  EGRESS_ALLOW: '127.0.0.1',
  PLAIN_HTTP_HOSTS: service.authority,
  JWT_ISSUERS: issuer.jwtIssuers,
  PORT: '0',
  LOG_LEVEL: 'error',
  ...changes,
});

async function start(changes: Readonly<Record<string, string>> = {}): Promise<TestPurser> {
  const purser = await startPurser({
    replicaOf: { connectionString, environment: environment(changes), token: issuer.token },
  });
  running.push(purser);
  return purser;
}

async function keys(command: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runProgram(['keys', ...command.split(' ')], environment(), {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
  });
  return { exitCode, ...written };
}

async function createRegistry(purser: TestPurser, host: string) {
  const password = canary('external');
  const { errors } = await purser.graphql(CREATE, { input: { url: host, username: 'robot', password } });
  return { password, code: errors?.[0]?.extensions.code };
}

async function issue(purser: TestPurser, host: string) {
  const { data, errors } = await purser.graphql(ISSUE, { input: { image: `${host}/app`, pipeline: 'p' } });
  return { password: data?.issueCredential?.password, code: errors?.[0]?.extensions.code };
}

async function readiness({ url }: TestPurser) {
  const { ready, checks } = (await (await fetch(`${url}/readyz`)).json()) as {
    ready: boolean;
    checks: { keys: object };
  };
  return { ready, keys: checks.keys };
}

/** The service runs on an external key alone, with a registry whose secret is under it. */
async function startOn(kind: (typeof ALL_KINDS)[number]) {
  await KINDS[kind].start();
  await writeFile(file, `1 ${KINDS[kind].line}\n`, { mode: 0o600 });
  const purser = await start();
  const { password } = await createRegistry(purser, 'a.example');
  return { purser, password };
}

describe.each(ALL_KINDS)('%s', (kind) => {
  it('takes over from a key in the file, beside a running service, and needs no key in the file from then on', async () => {
    await KINDS[kind].start();
    const purser = await start();
    const { password } = await createRegistry(purser, 'a.example');
    expect((await keys(`add ${KINDS[kind].option}`)).stdout).toContain('key 2 is primary');
    await expect.poll(() => readiness(purser)).toEqual({ ready: true, keys: { primary: 2, known: [1, 2] } });
    expect(await keys('rewrap')).toMatchObject({ exitCode: 0, stderr: '' });
    await expect.poll(async () => (await keys('retire 1')).exitCode).toBe(0);
    expect(await readFile(file, 'utf8')).toBe(`2 ${KINDS[kind].line} primary\n`);
    expect(JSON.parse((await keys('list --json')).stdout)).toMatchObject([
      { keyId: 1, state: 'retired' },
      { keyId: 2, kind, state: 'primary', secrets: 1, eventKeys: 1, auditKeys: 1 },
    ]);
    await stopAll();
    const again = await start();
    expect((await issue(again, 'a.example')).password === password).toBe(true);

    // And back.
    expect((await keys('add')).stdout).toContain('key 3 is primary');
    expect(await keys('rewrap')).toMatchObject({ exitCode: 0 });
    await expect
      .poll(async () => (await keys('retire 2')).stdout)
      .toContain(`key 2 is retired, and taken out of ${file}; the key itself stays with the service that keeps it`);
    service.fail('broken');
    expect((await issue(again, 'a.example')).password === password).toBe(true);
  });

  it('answers UNAVAILABLE during an outage, says so, and comes back without a restart or a request', async () => {
    const { purser, password } = await startOn(kind);
    service.fail('broken');
    expect(await issue(purser, 'a.example')).toEqual({ password: undefined, code: 'UNAVAILABLE' });
    expect((await createRegistry(purser, 'b.example')).code).toBe('UNAVAILABLE');
    expect(await readiness(purser)).toEqual({
      ready: true,
      keys: {
        primary: 1,
        known: [1],
        status: 'degraded',
        reason: 'Key 1 cannot be used: the service that keeps it does not answer.',
      },
    });
    const metrics = await (await fetch(`${purser.url}/metrics`)).text();
    expect(metrics).toMatch(
      new RegExp(
        `purser_external_key_request_duration_seconds_count\\{kind="${kind}",action="unwrap",outcome="outage"\\} [1-9]`,
      ),
    );
    const { data } = await purser.graphql('{ registries(projectId: "demo") { nodes { url credential { status } } } }');
    expect(data.registries.nodes).toEqual([{ url: 'a.example', credential: { status: 'ACTIVE' } }]);

    service.fail(undefined);
    await expect.poll(() => readiness(purser)).toEqual({ ready: true, keys: { primary: 1, known: [1] } });
    expect((await issue(purser, 'a.example')).password === password).toBe(true);

    // What was opened a moment ago is given out during an outage.
    service.fail('cut');
    expect((await issue(purser, 'a.example')).password === password).toBe(true);
  });

  it.each<[ServiceFault, RegExp]>([
    ['forbidden', /^Key 1 \(\S+\) may not be used: .*\.$/],
    ['missing', /^Key 1 \(\S+\) is not there: .*$/],
    ['broken', /^Key 1 \(\S+\) was answered with status 50\d\. Start again once it answers\.$/],
    ['cut', /^Key 1 \(\S+\) cannot be reached \(\w+\)\. Start again once it answers\.$/],
  ])('refuses the start, naming the key, if the service is %s', async (fault, sentence) => {
    await startOn(kind);
    await stopAll();
    service.fail(fault);
    const refusal: unknown = await start().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(KeyRingError);
    expect(refusal).toMatchObject({ message: expect.stringMatching(sentence) });
  });

  it('refuses the start if the primary key may open and not seal', async () => {
    await startOn(kind);
    await stopAll();
    service.forbidSealing();
    await expect(start()).rejects.toThrow(/^Key 1 \(\S+\) may not be used: .*(?:encrypt|Encrypt)/);
  });

  it('refuses the start if the key there is another one, or KEY_MANAGEMENT is missing', async () => {
    await startOn(kind);
    await stopAll();
    await service.close();
    await expect(start({ KEY_MANAGEMENT: '{}' })).rejects.toThrow(/^Key 1 of the key file .* KEY_MANAGEMENT must have/);
    await KINDS[kind].start();
    await expect(start()).rejects.toThrow(
      'Key 1 of the key file is not the key 1 that this database was first used with.',
    );
  });

  it('is not added if it cannot be used, and nothing is changed', async () => {
    await KINDS[kind].start();
    await stopAll();
    await (await start()).stop();
    running.splice(0);
    const before = await readFile(file, 'utf8');
    service.fail('forbidden');
    const refused = await keys(`add ${KINDS[kind].option}`);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^Key 2 \(\S+\) may not be used: .*\n$/);
    expect(await readFile(file, 'utf8')).toBe(before);
    const known = await withClient(connectionString, (client) => client.query('select kek_id from vault.key_checks'));
    expect(known.rows).toEqual([{ kek_id: 1 }]);
  });
});

describe('an alias, a broken ARN or a path with dots', () => {
  it.each([
    [
      '--kms arn:aws:kms:eu-central-1:111122223333:alias/purser',
      'must be aws-kms: and the ARN of a key (not of an alias)',
    ],
    ['--kms key', 'must be aws-kms:'],
    ['--transit purser', 'must be transit: and the mount and name of a key'],
    ['--transit transit/../sys', 'must be transit:'],
  ])('is refused: %s', async (option, sentence) => {
    await KINDS.transit.start();
    const refused = await keys(`add ${option}`);
    expect([refused.exitCode, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain(sentence);
  });
});
