import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresEventLog } from '../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { discardOrphanedSecrets } from '../../../src/application/credential/discard-orphaned-secrets.ts';
import { createAggregateStore } from '../../../src/application/log/aggregate-store.ts';
import { createEventWriter } from '../../../src/application/log/event-writer.ts';
import type { EventLog } from '../../../src/application/ports/event-log.ts';
import { SecretIntegrityError, type Vault } from '../../../src/application/ports/vault.ts';
import { registryStream } from '../../../src/domain/identity.ts';
import type { RegistryCreated } from '../../../src/domain/registry-events.ts';
import {
  createVaultFixture,
  type SealedCredential,
  sealSome,
  type VaultFixture,
} from '../../adapters/vault/vault-fixture.ts';
import { someAuthenticator } from '../../support/event-authenticator.ts';
import { createdEvent, METADATA } from '../../support/recorded-events.ts';

/** More than a page, all older than the orphan. */
const REFERRED_TO = 130;

let fixture: VaultFixture;
let log: EventLog;
beforeAll(async () => {
  fixture = await createVaultFixture();
  log = createPostgresEventLog({ connectionString: fixture.connectionString, logger: SILENT });
});
afterAll(async () => {
  await log.close();
  await fixture.close();
});

const seal = () => sealSome(fixture, 'pending', { registryId: randomUUID(), credentialVersion: 1 });

async function appendFor({ binding, ref }: SealedCredential): Promise<void> {
  const { data } = createdEvent('a', 1) as RegistryCreated;
  const { projectId, registryId } = binding;
  const event = {
    type: 'RegistryCreated',
    data: { ...data, registryId, credential: { ...data.credential, ...ref } },
  } as const;
  const occurredAt = new Date().toISOString();
  await log.append(registryStream(projectId, registryId), 'no-stream', [
    { id: randomUUID(), event, occurredAt, metadata: METADATA },
  ]);
}

/** An event that a newer build would write. */
async function appendUnreadableFor({ binding, ref }: SealedCredential): Promise<void> {
  await fixture.sql(
    `select log.append_events(array[$1], array[-1], array[0], array[$2::uuid], array['RegistryCreated'],
       array[99::smallint], array[now()], array[$3::json], array[$4::json])`,
    [registryStream(binding.projectId, binding.registryId), randomUUID(), { sealed: [ref.secretId] }, METADATA],
  );
}

function janitor(vault: Vault = fixture.vault, before: (stream: string) => void = () => undefined) {
  const aggregates = createAggregateStore(log);
  const read: string[] = [];
  const faults: unknown[] = [];
  const history = async (stream: string) => {
    read.push(stream);
    before(stream);
    return aggregates.history(stream);
  };
  const run = discardOrphanedSecrets({
    writer: createEventWriter({
      log,
      authenticator: someAuthenticator(),
      readYourWrites: { wrote: () => undefined },
      now: Date.now,
    }),
    aggregates: { ...aggregates, history },
    vault,
    olderThanMs: 0,
    onFault: (error) => faults.push(error),
  });
  return { run, read, faults };
}

const typesIn = async ({ binding }: SealedCredential) =>
  (await log.readStream(registryStream(binding.projectId, binding.registryId), { fromRevision: 0, maxCount: 10 })).map(
    ({ type }) => type,
  );

describe('clearing pending secrets', () => {
  it('reaches the orphan behind all secrets whose events the vault does not know yet, and reads each history once', async () => {
    const waiting = await Promise.all(Array.from({ length: REFERRED_TO }, seal));
    await Promise.all(waiting.map(appendFor));
    const unreadable = await seal();
    await appendUnreadableFor(unreadable);
    const orphan = await seal();

    // A version that reads only the first page finds nothing.
    const { vault } = fixture;
    const shortSighted: Vault = {
      ...vault,
      pending: async (age, limit, after) => (after === undefined ? vault.pending(age, limit) : []),
    };
    expect(await janitor(shortSighted).run()).toBe(0);

    const { run, read } = janitor();
    expect(await run()).toBe(1);
    expect(await typesIn(orphan)).toEqual(['PendingSecretDiscarded']);
    expect(await typesIn(unreadable)).toEqual(['RegistryCreated']);
    expect(read).toHaveLength(REFERRED_TO + 2);

    const another = await seal();
    expect(await run()).toBe(1);
    expect(read.slice(REFERRED_TO + 2)).toEqual([
      registryStream(another.binding.projectId, another.binding.registryId),
    ]);
    expect(await run()).toBe(0);
    expect(read).toHaveLength(REFERRED_TO + 3);
  });

  it('goes on behind a stream that cannot be read, and tells the operator', async () => {
    const [forged, orphan] = [await seal(), await seal()];
    const { run, faults } = janitor(fixture.vault, (stream) => {
      if (stream === registryStream(forged.binding.projectId, forged.binding.registryId)) throw new Error('forged');
    });
    expect(await run()).toBe(1);
    expect(await typesIn(orphan)).toEqual(['PendingSecretDiscarded']);
    expect(await run()).toBe(0);
    expect(faults).toEqual([new Error('forged')]);
    await janitor().run();
  });

  it.each([
    ['a copy of a row under another id', {}],
    ['a copy for another project', { project_id: 'victim' }],
    ['a copy for another registry', { registry_id: randomUUID() }],
    ['a copy for another host', { host: 'other.example' }],
    ['a row with any key', { wrapped_key: randomBytes(60), ciphertext: randomBytes(300) }],
  ])('signs no event for %s that somebody has put into the vault, and tells it once', async (_what, changes) => {
    const real = await seal();
    const [row] = await fixture.sql('select * from vault.secrets where secret_id = $1', [real.ref.secretId]);
    const forged = { ...row, secret_id: randomUUID(), ...changes };
    await fixture.sql('update vault.secrets set state = $2 where secret_id = $1', [real.ref.secretId, 'destroyed']);
    const columns = Object.keys(forged);
    const places = columns.map((_column, index) => `$${index + 1}`);
    await fixture.sql(`insert into vault.secrets (${columns}) values (${places})`, Object.values(forged));
    const before = await log.head();
    const { run, faults } = janitor();
    expect([await run(), await run()]).toEqual([0, 0]);
    expect(await log.head()).toBe(before);
    expect(faults).toEqual([expect.any(SecretIntegrityError)]);
    expect(String(faults[0])).toContain(forged.secret_id);
    await fixture.sql('delete from vault.secrets where secret_id = $1', [forged.secret_id]);
  });

  it('makes no event for a row with a version that the registry cannot have', async () => {
    const far = { registryId: randomUUID(), credentialVersion: 2_147_483_647 };
    const forged = await sealSome(fixture, 'pending', far);
    const { run, faults } = janitor();
    expect(await run()).toBe(0);
    expect(await typesIn(forged)).toEqual([]);
    expect(faults).toEqual([expect.any(SecretIntegrityError)]);
  });
});
