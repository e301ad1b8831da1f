import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KeyRingError } from '../../src/adapters/vault/key-file-format.ts';
import { runProgram } from '../../src/cli/program.ts';
import { canary } from '../support/canary.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { createTestIssuer } from '../support/tokens.ts';
import { CREATE, ISSUE } from './operations.ts';

const issuer = createTestIssuer();
const KEYS = Array.from({ length: 4 }, () => randomBytes(32).toString('base64'));
let folder: string;
let connectionString: string;
const running: TestPurser[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-key-files-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  ({ connectionString } = await createTestDatabase());
});
afterEach(async () => {
  for (const purser of running.splice(0)) await purser.stop();
});

/** A key file with these lines, such as `1 <key>`. */
async function keyFile(...lines: readonly string[]): Promise<string> {
  const file = join(folder, `keys-${randomBytes(6).toString('hex')}`);
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return file;
}

const environment = (file: string, database = connectionString) => ({
  DATABASE_URL: database,
  PURSER_DATA_DIR: folder,
  MASTER_KEY_FILE: file,
  JWT_ISSUERS: issuer.jwtIssuers,
  PORT: '0',
  LOG_LEVEL: 'error',
});

async function start(file: string, database = connectionString): Promise<TestPurser> {
  const purser = await startPurser({
    replicaOf: {
      connectionString: database,
      environment: environment(file, database),
      token: issuer.token,
    },
  });
  running.push(purser);
  return purser;
}

async function stopAll(): Promise<void> {
  for (const purser of running.splice(0)) await purser.stop();
}

/** Why a start was refused. */
async function refusal(starting: Promise<unknown>): Promise<string> {
  const outcome = await starting.then(
    () => 'started',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(KeyRingError);
  return String(outcome);
}

const sql = (text: string, values: readonly unknown[] = []) =>
  withClient(connectionString, async (client) => (await client.query(text, [...values])).rows);

async function createRegistry(purser: TestPurser, url = 'registry.example'): Promise<string> {
  const password = canary('keys');
  const { errors } = await purser.graphql(CREATE, { input: { url, username: 'robot', password } });
  expect(errors).toBeUndefined();
  return password;
}

async function isIssued(purser: TestPurser, password: string, url = 'registry.example'): Promise<boolean> {
  const { data } = await purser.graphql(ISSUE, { input: { image: `${url}/app`, pipeline: 'p' } });
  return data?.issueCredential?.password === password;
}

const OTHER_KEY =
  'KeyRingError: Key 1 of the key file is not the key 1 that this database was first used with. Restore that key, or give yours another id.';

describe('a replica with another key under a known id', () => {
  it('does not start, even if nothing was sealed yet', async () => {
    await start(await keyFile(`1 ${KEYS[0]}`));
    expect(await refusal(start(await keyFile(`1 ${KEYS[1]}`)))).toBe(OTHER_KEY);
  });

  it('does not start if the key is not the primary one', async () => {
    await start(await keyFile(`1 ${KEYS[0]}`));
    expect(await refusal(start(await keyFile(`1 ${KEYS[1]}`, `2 ${KEYS[2]}`)))).toBe(OTHER_KEY);
  });

  it('does not start although it came to an empty database at the same time', async () => {
    const files = [await keyFile(`1 ${KEYS[0]}`), await keyFile(`1 ${KEYS[1]}`)];
    const outcomes = await Promise.allSettled(files.map((file) => start(file)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(String(refused?.reason)).toBe(OTHER_KEY);
  });

  it('does not start long after the key was retired', async () => {
    await start(await keyFile(`1 ${KEYS[0]}`));
    await stopAll();
    const both = environment(await keyFile(`1 ${KEYS[0]}`, `2 ${KEYS[1]}`));
    expect(await runProgram(['keys', 'rewrap'], both, quiet())).toBe(0);
    await start(await keyFile(`2 ${KEYS[1]}`));
    expect(await refusal(start(await keyFile(`1 ${KEYS[2]}`, `2 ${KEYS[1]}`)))).toBe(OTHER_KEY);
  });
});

describe('a key that a stored secret needs', () => {
  it.each<[string, () => Promise<string>, string]>([
    [
      'is missing',
      () => keyFile(`2 ${KEYS[1]}`),
      'Secrets are sealed under key 1, which is not in the key ring: restore it.',
    ],
    ['is another one', () => keyFile(`1 ${KEYS[1]}`), 'Key 1 of the key file is not the key 1'],
    ['is all zeroes', () => keyFile(`1 ${Buffer.alloc(32).toString('base64')}`), 'Key 1 in the key file'],
    [
      'can be read by others',
      async () => {
        const file = await keyFile(`1 ${KEYS[0]}`);
        await chmod(file, 0o644);
        return file;
      },
      'replace its keys (1)',
    ],
  ])('keeps the service from starting if it %s, and the refusal names it', async (_, other, sentence) => {
    const file = await keyFile(`1 ${KEYS[0]}`);
    const password = await createRegistry(await start(file));
    await stopAll();
    expect(await refusal(start(await other()))).toContain(sentence);
    expect(await isIssued(await start(file), password)).toBe(true);
  });
});

function quiet() {
  return { stdout: { write: () => true }, stderr: { write: () => true } };
}

describe('the key of events', () => {
  it('is one, if two replicas start on an empty database', async () => {
    const file = await keyFile(`1 ${KEYS[0]}`);
    const [one, other] = await Promise.all([start(file), start(file)]);
    expect(await sql('select id, kek_id from vault.event_keys')).toEqual([{ id: 1, kek_id: 1 }]);
    expect(await isIssued(other, await createRegistry(one))).toBe(true);
    expect(await isIssued(one, await createRegistry(other, 'b.example'), 'b.example')).toBe(true);
  });

  it('outlives the key that it is wrapped by, once that was rewrapped', async () => {
    const password = await createRegistry(await start(await keyFile(`1 ${KEYS[0]}`)));
    await stopAll();
    const both = environment(await keyFile(`1 ${KEYS[0]}`, `2 ${KEYS[1]}`));
    expect(await runProgram(['keys', 'rewrap'], both, quiet())).toBe(0);
    expect(await sql('select kek_id from vault.event_keys')).toEqual([{ kek_id: 2 }]);
    expect(await isIssued(await start(await keyFile(`2 ${KEYS[1]}`)), password)).toBe(true);
  });

  it('keeps the service from starting without the key that it is wrapped by', async () => {
    await start(await keyFile(`1 ${KEYS[0]}`));
    await stopAll();
    expect(await refusal(start(await keyFile(`2 ${KEYS[1]}`)))).toContain(
      'Event key 1 (table vault.event_keys) is wrapped by key 1, which is not in the key file: restore key 1.',
    );
  });

  it.each([
    ['is missing', 'delete from vault.event_keys', 'the table vault.event_keys is empty'],
    [
      'was changed',
      'update vault.event_keys set wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)',
      'Event key 1 (table vault.event_keys) does not open with key 1 of the key file',
    ],
    [
      'has a stranger beside it',
      'insert into vault.event_keys select 2, kek_id, wrapped_key from vault.event_keys',
      'Event key 2 (table vault.event_keys) does not open with key 1 of the key file',
    ],
  ])('keeps the service from starting if its row %s', async (_what, change, sentence) => {
    const file = await keyFile(`1 ${KEYS[0]}`);
    await createRegistry(await start(file));
    await stopAll();
    await sql(change);
    expect(await refusal(start(file))).toContain(sentence);
  });

  it('keeps the service from starting if its row is that of another database under the same keys', async () => {
    const file = await keyFile(`1 ${KEYS[0]}`);
    await createRegistry(await start(file));
    const elsewhere = await createTestDatabase();
    await start(file, elsewhere.connectionString);
    await stopAll();
    const [row] = await withClient(
      elsewhere.connectionString,
      async (client) => (await client.query('select wrapped_key from vault.event_keys')).rows,
    );
    await sql('update vault.event_keys set wrapped_key = $1', [row.wrapped_key]);
    expect(await refusal(start(file))).toContain(
      'Event key 1 (table vault.event_keys) is not the one that the events of this database are signed with.',
    );
  });
});
