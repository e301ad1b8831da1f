import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFindRetirable } from '../../../../src/adapters/postgres/read-models/retirable-secrets.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { withClient } from '../../../support/server-databases.ts';

/** Filled by hand: what the rows say decides only when somebody looks into the log. */
let connectionString: string;
beforeAll(async () => {
  ({ connectionString } = await createTestDatabase());
});

async function sql(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
  return withClient(connectionString, async (client) => (await client.query(text, [...values])).rows);
}

const FUTURE = '2100-01-01T00:00:00.000Z';
/** Another time than the server's. */
const NOW = '2099-12-31T23:59:59.999Z';
const PAST = '2099-12-31T23:59:59.999Z';

const find = () => withClient(connectionString, (client) => createFindRetirable(client)(NOW));

async function secret(registryId: string, state: 'current' | 'retiring', version = 1): Promise<void> {
  await sql(
    `insert into vault.secrets (secret_id, project_id, registry_id, credential_version, host, state, format, kek_id,
       wrapped_key, message_id, commitment, ciphertext, digest)
     values ($1, 'demo', $2, $3, 'a.example', $4, 1, 1, '\\x00', '\\x00', '\\x00', '\\x00', sha256(''))`,
    [randomUUID(), registryId, version, state],
  );
}

async function registry(id: string, graceEndsAt: string): Promise<void> {
  await sql(
    `insert into read_models.registries (id, project_id, phase, revision, last_version, retiring)
     values ($1, 'demo', 'live', 0, 2, $2)`,
    [id, JSON.stringify({ version: 1, graceEndsAt })],
  );
}

async function lease(registryId: string, version: number, ends: string, released = false): Promise<void> {
  await sql(
    `insert into read_models.leases
     select * from json_populate_record(null::read_models.leases, $1::json)`,
    [
      JSON.stringify({
        ...{ id: randomUUID(), project_id: 'demo', registry_id: registryId, credential_version: version },
        ...{ pipeline: 'p', purpose: 'PULL', issued_to: 'ada', issued_at: '2030-01-01T00:00:00Z', expires_at: ends },
        ...{ url: 'a.example', image: 'a.example/app', released_at: released ? '2030-01-01T00:00:00Z' : null },
      }),
    ],
  );
}

describe('the secrets that may retire', () => {
  let id: string;
  beforeEach(async () => {
    await sql('truncate vault.secrets cascade');
    id = randomUUID();
    await secret(id, 'retiring');
    await secret(id, 'current', 2);
  });

  it.each([
    ['no lease holds them', async () => registry(id, FUTURE), true],
    ['a lease holds them', async () => [await registry(id, FUTURE), await lease(id, 1, FUTURE)], false],
    ['their lease was released', async () => [await registry(id, FUTURE), await lease(id, 1, FUTURE, true)], true],
    ['their lease has expired', async () => [await registry(id, FUTURE), await lease(id, 1, PAST)], true],
    ['another version is held', async () => [await registry(id, FUTURE), await lease(id, 2, FUTURE)], true],
    ['their grace is over', async () => [await registry(id, PAST), await lease(id, 1, FUTURE)], true],
    ['the read models do not know them yet', async () => lease(id, 1, FUTURE), true],
  ])('if %s', async (_which, prepare, isFound) => {
    await prepare();
    const found = await find();
    expect(found.map(({ registryId, credentialVersion }) => [registryId, credentialVersion])).toEqual(
      isFound ? [[id, 1]] : [],
    );
  });

  it('are found by an index that holds no other secrets', async () => {
    const [row] = await sql(
      `select count(*)::int as count from pg_indexes where indexname = 'retiring_secrets' and indexdef like '%retiring%'`,
    );
    expect(row).toEqual({ count: 1 });
    const plan = await sql(`explain select from vault.secrets where state = 'retiring'`);
    expect(JSON.stringify(plan)).toContain('retiring_secrets');
  });
});
