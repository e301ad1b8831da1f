import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAuditHeads } from '../../src/adapters/postgres/audit-heads.ts';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { createReadConnections } from '../../src/adapters/postgres/read-connections.ts';
import { KeyRingError } from '../../src/adapters/vault/key-file-format.ts';
import { runProgram } from '../../src/cli/program.ts';
import { auditKeyId, ed25519PublicKey, isSignedBy, SERVICE_LOG } from '../../src/domain/audit-head.ts';
import { canary } from '../support/canary.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { createTestIssuer } from '../support/tokens.ts';
import { CREATE } from './operations.ts';

const issuer = createTestIssuer();
const KEYS = Array.from({ length: 2 }, () => randomBytes(32).toString('base64'));
let folder: string;
let connectionString: string;
let running: TestPurser | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-audit-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  ({ connectionString } = await createTestDatabase());
  await writeKeys(`1 ${KEYS[0]}`);
});
afterEach(() => stop());

const keyFile = () => join(folder, 'keys');
const writeKeys = (...lines: readonly string[]) => writeFile(keyFile(), `${lines.join('\n')}\n`, { mode: 0o600 });
const environment = () => ({
  DATABASE_URL: connectionString,
  PURSER_DATA_DIR: folder,
  MASTER_KEY_FILE: keyFile(),
  JWT_ISSUERS: issuer.jwtIssuers,
  PORT: '0',
  LOG_LEVEL: 'error',
});
const sql = (text: string) => withClient(connectionString, async (client) => (await client.query(text)).rows);

async function start(): Promise<TestPurser> {
  running = await startPurser({
    replicaOf: { connectionString, environment: environment(), token: issuer.token },
  });
  return running;
}

/** A leader signs once more when it stops. */
async function stop(): Promise<void> {
  await running?.stop();
  running = undefined;
}

let urls = 0;
async function createRegistry(purser: TestPurser): Promise<void> {
  urls += 1;
  const input = { url: `${urls}.example`, username: 'robot', password: canary('signing') };
  expect((await purser.graphql(CREATE, { input })).errors).toBeUndefined();
}

async function withHeads<Result>(use: (heads: ReturnType<typeof createAuditHeads>) => Promise<Result>) {
  const name = 'purser audit';
  const database = createReadConnections({ connectionString, name, connections: 1, logger: SILENT });
  try {
    return await use(createAuditHeads(database));
  } finally {
    await database.close();
  }
}
const signedHeads = (projectId = 'demo') =>
  withHeads(async (heads) => (await heads.list(projectId, { first: 100, before: undefined })).heads.toReversed());
const keys = () => withHeads((heads) => heads.keys());

describe('the heads of audit logs', () => {
  it('are signed at the stop where the chain moved, by the key that is published', async () => {
    const purser = await start();
    await createRegistry(purser);
    await createRegistry(purser);
    await stop();
    await start();
    await stop();
    const [head, ...others] = await signedHeads();
    const [{ hash }] = await sql(
      `select hash from read_models.audit_entries where project_id = 'demo' and sequence = 2`,
    );
    const [key] = await keys();
    if (!head || !key) throw new Error('there is no signed head, or no key');
    expect(others).toEqual([]);
    expect(head).toMatchObject({ format: 1, projectId: 'demo', sequence: 2, hash });
    const publicKey = Buffer.from(key.publicKey, 'base64');
    expect([key.keyId, key.retiredAt]).toEqual([auditKeyId(publicKey), null]);
    expect(isSignedBy(head, ed25519PublicKey(publicKey))).toBe(true);
    for (const changed of [
      { projectId: 'other' },
      { sequence: 3 },
      { hash: '0'.repeat(64) },
      { signedAt: '2026-01-01T00:00:00.000Z' },
      { instance: 'other' },
    ]) {
      expect(isSignedBy({ ...head, ...changed }, ed25519PublicKey(publicKey))).toBe(false);
    }
  });

  it('are signed of the log of what belongs to no project', async () => {
    const purser = await start();
    const answer = await fetch(`${purser.url}/graphql`, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(401);
    // Only the leader signs at its stop.
    await expect
      .poll(async () => (await fetch(`${purser.url}/metrics`)).text())
      .toContain('purser_projection_leading 1');
    await stop();
    // A stop has seconds for the entries that it makes itself. What a busy machine leaves, the next leader signs.
    for (let next = 0; next < 3 && (await signedHeads(SERVICE_LOG)).length === 0; next += 1) {
      await start();
      await stop();
    }
    expect(await signedHeads(SERVICE_LOG)).toMatchObject([{ projectId: '', sequence: 1 }]);
    expect(
      await sql(`select action, outcome, code, count from read_models.audit_entries where project_id = ''`),
    ).toEqual([{ action: 'AUTHENTICATE', outcome: 'DENIED', code: 'UNAUTHENTICATED', count: 1 }]);
  });

  it.each([
    ['was written anew', `update read_models.audit_entries set hash = repeat('0', 64) where sequence = 2`],
    ['was cut', 'delete from read_models.audit_entries where sequence = 2'],
    [
      'was cut, with its head',
      `delete from read_models.audit_entries where sequence = 2;
      update read_models.audit_heads h set sequence = 1, hash = e.hash from read_models.audit_entries e
       where e.project_id = h.project_id`,
    ],
  ])('are not signed again of a chain that %s', async (_how, change) => {
    const purser = await start();
    await createRegistry(purser);
    await createRegistry(purser);
    await stop();
    await sql(change);
    await createRegistry(await start());
    await stop();
    expect((await signedHeads()).map(({ sequence }) => sequence)).toEqual([2]);
  });
});

describe('the key that signs them', () => {
  it('is replaced by a new one when the key ring is, and keeps its public half', async () => {
    await createRegistry(await start());
    await stop();
    await writeKeys(`1 ${KEYS[0]}`, `2 ${KEYS[1]}`);
    const written: string[] = [];
    const output = { stdout: { write: (text: string) => written.push(text) }, stderr: { write: () => true } };
    expect(await runProgram(['keys', 'rewrap'], environment(), output)).toBe(0);
    expect(await runProgram(['keys', 'rewrap'], environment(), output)).toBe(0);
    await writeKeys(`2 ${KEYS[1]}`);
    await createRegistry(await start());
    await stop();
    const [old, current, ...others] = await keys();
    expect(others).toEqual([]);
    expect([typeof old?.retiredAt, current?.retiredAt]).toEqual(['string', null]);
    expect(written.join('')).toContain(`new key ${current?.keyId} from now on: ${current?.publicKey}\n`);
    expect((await signedHeads()).map(({ keyId }) => keyId)).toEqual([old?.keyId, current?.keyId]);
    expect(await sql('select kek_id, wrapped_key is null as gone from vault.audit_keys order by id')).toEqual([
      { kek_id: null, gone: true },
      { kek_id: 2, gone: false },
    ]);
  });

  it.each([
    ['is missing', 'delete from vault.audit_keys', 'the table vault.audit_keys has no key in use'],
    [
      'was changed',
      'update vault.audit_keys set wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)',
      'Audit key 1 (table vault.audit_keys) does not open with key 1 of the key file',
    ],
    [
      'shows another public key',
      `update vault.audit_keys set public_key = decode(repeat('ab', 32), 'hex')`,
      'has another public key than its private key',
    ],
    [
      'did not sign the newest head',
      `alter table log.signed_heads disable trigger append_only;
       update log.signed_heads set signature = decode(repeat('ab', 64), 'hex')`,
      'The newest signed head of audit logs (table log.signed_heads)',
    ],
  ])('keeps the service from starting if it %s', async (_what, change, sentence) => {
    await createRegistry(await start());
    await stop();
    await sql(change);
    const refused = await start().then(
      () => 'started',
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(KeyRingError);
    expect(String(refused)).toContain(sentence);
  });
});
