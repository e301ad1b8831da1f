import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROTATE } from '../service/operations.ts';
import { canary } from '../support/canary.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { findingsIn } from './findings.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Client, createClient } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';

/** Takes the log's own guards away. */
const UNGUARDED = 'alter table log.events disable trigger append_only';
/** Another event like the last one of its type, under an id that nobody asked for. */
const doubled = (type: string) => `${UNGUARDED};
  insert into log.events (position, occurred_at, event_id, revision, schema_version, stream, type, data, metadata)
  select (select max(position) + 1 from log.events), occurred_at, gen_random_uuid(),
    (select max(revision) + 1 from log.events where stream = last.stream), schema_version, stream, type, data, metadata
  from log.events last where type = '${type}' order by position desc limit 1`;

describe('the checks after a crash', () => {
  let home: PurserHome;
  let ledger: Ledger;
  let client: Client;
  beforeAll(async () => {
    home = await createPurserHome();
    await home.start();
    ledger = createLedger(home.issuer.issuerConfig.issuer);
    client = createClient(home);
    const created = ledger.create();
    await client.settle(created);
    for (const mutation of [ledger.rotate(created.registry), ledger.issue(created.registry), ledger.create()]) {
      await client.settle(mutation);
    }
    const lease = ledger.takeLease();
    if (!lease) throw new Error('there is no lease');
    await client.settle(ledger.release(lease.leaseId, lease.registry));
  });
  afterAll(() => home.remove());

  const findings = () => home.withDatabase((database) => findingsIn(database, ledger));

  it('find nothing where nothing happened', async () => {
    expect(await findings()).toEqual([]);
    expect(await readBackFaults(client, ledger)).toEqual([]);
    expect(await repeatFaults(client, ledger.mutations)).toEqual([]);
  });

  it.each([
    ['a lost event', `${UNGUARDED}; delete from log.events where type = 'CredentialRotated'`, 'acknowledged rotate of'],
    ['a lost release', `${UNGUARDED}; delete from log.events where type = 'LeaseReleased'`, 'acknowledged release of'],
    ['a doubled rotation', doubled('CredentialRotated'), 'happened 2 times'],
    ['a doubled issue', doubled('CredentialIssued'), 'is not the lease of its key'],
    [
      'an event whose key was not claimed',
      `${UNGUARDED}; delete from log.events where type = 'IdempotencyKeyClaimed'`,
      'came before its key was claimed',
    ],
    [
      'an event that nobody asked for',
      `${UNGUARDED}; update log.events set metadata = replace(metadata::text, '"idempotencyId":"', '"idempotencyId":"0')::json`,
      'asked for by nobody',
    ],
    ['a doubled release', doubled('LeaseReleased'), 'was released 2 times'],
    ['a gap in the positions', `${UNGUARDED}; update log.events set position = 99 where position = 2`, 'position 2 is'],
    ['a gap in a stream', `${UNGUARDED}; update log.events set revision = 5 where revision = 1`, 'revision 1 of'],
    [
      'another version in the log',
      `${UNGUARDED}; update log.events set data = replace(data::text, '"version":2', '"version":3')::json`,
      'version 2 of r0.crash.example is another',
    ],
    ['a checkpoint that is behind', 'update read_models.checkpoint set position = position - 1', 'checkpoints behind'],
    ['a lease that is missing', 'delete from read_models.leases', 'leases without their event'],
    [
      'a change that is missing',
      'delete from read_models.changes where sequence = (select min(sequence) from read_models.changes)',
      'events without their change',
    ],
    [
      'a change with the number of another event',
      `update read_models.changes set sequence = sequence + 1 where sequence = (select max(sequence) from read_models.changes)`,
      'changes without their event',
    ],
    [
      'an altered audit entry',
      `update read_models.audit_entries set actor = 'mallory' where sequence = 2`,
      'breaks at 2',
    ],
    [
      'a shortened audit log',
      `delete from read_models.audit_entries e where sequence = (select max(sequence) from read_models.audit_entries)`,
      'does not tell what',
    ],
    ['an altered head of the chain', `update read_models.audit_heads set hash = repeat('0', 64)`, 'the head of'],
    [
      'a current secret that is gone',
      `update vault.secrets set state = 'destroyed' where state = 'current'`,
      'without a current secret',
    ],
    [
      'a replaced secret that is still there',
      `alter table vault.secrets disable trigger shred; alter table vault.secrets drop constraint destroyed_means_gone;
       update vault.secrets set ciphertext = '\\x00' where state = 'destroyed'`,
      'replaced secrets that have key material',
    ],
  ])('find %s', async (_, damage, finding) => {
    const found = await home.withDatabase(async (database) => {
      await database.query('begin');
      await database.query(damage);
      const inDamaged = await findingsIn(database, ledger);
      await database.query('rollback');
      return inDamaged;
    });
    expect(found).toContainEqual(expect.stringContaining(finding));
    expect(await findings()).toEqual([]);
  });

  it('find an acknowledgement that the log knows nothing of, and a version that was given twice', async () => {
    const rotation = ledger.mutations.find(({ kind }) => kind === 'rotate');
    if (!rotation) throw new Error('nothing was rotated');
    const never = { ...ledger.rotate(rotation.registry), outcome: rotation.outcome };
    const found = await home.withDatabase((database) =>
      findingsIn(database, { ...ledger, mutations: [...ledger.mutations, never] }),
    );
    expect(found).toContainEqual(expect.stringContaining('acknowledged rotate of r0.crash.example is lost'));
    expect(found).toContainEqual(expect.stringContaining('version 2 of r0.crash.example was given twice'));
  });

  // Last: it cannot be taken back.
  it('find a registry that has another password than the one that was acknowledged', async () => {
    const [registry] = ledger.registries;
    const { projectId = '', id = '' } = registry ?? {};
    await client.graphql(ROTATE, { projectId, id, input: { password: canary('behind-the-back') } });
    expect(await readBackFaults(client, ledger)).toEqual([expect.stringContaining('r0.crash.example')]);
  });
});
