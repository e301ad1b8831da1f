import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FORGED } from '../../src/adapters/postgres/read-models/forged-events.ts';
import {
  derivedId,
  healthStream,
  idempotencyId,
  leaseStream,
  registryId,
  registryStream,
  reissueStream,
} from '../../src/domain/identity.ts';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { canary } from '../support/canary.ts';
import { type DatabaseWriter, type EventRow, openDatabaseWriter } from '../support/database-writer.ts';
import { type GraphqlAnswer, startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { AUDIT, CREATE, DELETE, GET, ISSUE, NOTICES, ROTATE, UPDATE } from './operations.ts';

/**
 * What SECURITY.md says of somebody who can write to the database: each sentence there is the name of a test here, or in
 * `changed-rows.test.ts` if it is about other tables than the log. The writer is no superuser and works by SQL.
 */
let purser: TestPurser;
let writer: DatabaseWriter;
beforeAll(async () => {
  purser = await startPurser();
  writer = await openDatabaseWriter(purser.connectionString);
});
afterAll(async () => {
  await writer.close();
  await purser.stop();
});

const TEST = `mutation ($projectId: ID = "demo", $id: ID!) { testRegistry(projectId: $projectId, id: $id) { outcome } }`;
const UNTRUSTED =
  'The record of this registry was changed by somebody other than Purser, so nothing is decided from it. Ask the operator.';

/** A registry of the project `demo`, whose owner never asks for its password. */
interface Victim {
  readonly url: string;
  readonly id: string;
  readonly stream: string;
  readonly password: string;
  /** The event that created it. */
  readonly created: EventRow;
}
let victim: Victim;
let victims = 0;
beforeEach(async () => {
  victims += 1;
  victim = await createVictim(`victim-${victims}.example`);
});

async function createVictim(url: string): Promise<Victim> {
  const password = canary('victim');
  const answer = await purser.graphql(CREATE, { input: { url, username: 'robot', password } });
  const id: string = answer.data.createRegistry.registry.id;
  const stream = registryStream('demo', id);
  return { url, id, stream, password, created: await lastEvent(stream) };
}

async function lastEvent(stream: string): Promise<EventRow> {
  const last = (await writer.events(stream)).at(-1);
  if (!last) throw new Error(`${stream} has no event`);
  return last;
}

async function rotate(): Promise<string> {
  const password = canary('victim');
  const { errors } = await purser.graphql(ROTATE, { id: victim.id, input: { password } });
  expect(errors).toBeUndefined();
  return password;
}

/** As the attacker, who has every permission in the project `own` and none elsewhere. */
function issueAsAttacker(input: Record<string, unknown> = {}): Promise<GraphqlAnswer> {
  const token = purser.token({ projects: { own: Object.values(PERMISSIONS) } });
  const variables = { projectId: 'own', input: { image: `${victim.url}/app`, pipeline: 'p', ...input } };
  return purser.graphql(ISSUE, variables, token);
}

function issueAsOwner(): Promise<GraphqlAnswer> {
  return purser.graphql(ISSUE, { input: { image: `${victim.url}/app`, pipeline: 'p' } });
}

const passwordOf = ({ data }: GraphqlAnswer): string | undefined => data?.issueCredential?.password;
const codeOf = ({ errors }: GraphqlAnswer): string | undefined => errors?.[0]?.extensions.code;

/** Changes fields of the data that stands in the log as JSON. */
function changed(event: EventRow, change: (data: Record<string, unknown>) => object): EventRow {
  return { ...event, data: JSON.stringify(change(JSON.parse(event.data))) };
}

const next = (event: EventRow): EventRow => ({ ...event, revision: event.revision + 1 });

describe('somebody who can write to the database cannot', () => {
  it.each<[string, (own: string) => EventRow]>([
    ['as it is', (own) => ({ ...victim.created, stream: registryStream('own', own) })],
    [
      'with their own project and id in it',
      (own) => ({
        ...changed(victim.created, (data) => ({ ...data, projectId: 'own', registryId: own })),
        stream: registryStream('own', own),
        metadata: victim.created.metadata.replace('"demo"', '"own"'),
      }),
    ],
  ])('have the password of another project by copying its events into their own project: %s', async (_how, event) => {
    await writer.append(event(registryId('own', victim.url)));
    const answer = await issueAsAttacker();
    expect(codeOf(answer)).toBe('CREDENTIAL_UNAVAILABLE');
    expect(JSON.stringify(answer)).not.toContain(victim.password);
    expect(passwordOf(await issueAsOwner()) === victim.password).toBe(true);
  });

  it('have the password of another project by copying a lease and its idempotency key', async () => {
    const subject = 'alice';
    const key = (projectId: string, issuer: string) =>
      idempotencyId({ projectId, issuer, subject, idempotencyKey: `k-${victims}` });
    const idempotencyKey = `k-${victims}`;
    const input = { image: `${victim.url}/app`, pipeline: 'p', idempotencyKey };
    const issued = await purser.graphql(ISSUE, { input });
    const lease = await lastEvent(leaseStream('demo', issued.data.issueCredential.lease.id));
    const { issuer } = JSON.parse(lease.metadata);
    const claim = await lastEvent(`idempotency-${key('demo', issuer)}`);
    const own = key('own', issuer);
    await writer.append({ ...claim, stream: `idempotency-${own}` });
    await writer.append({ ...lease, stream: leaseStream('own', derivedId(own, 0)) });
    const answer = await issueAsAttacker({ idempotencyKey });
    expect(codeOf(answer)).toBe('CREDENTIAL_UNAVAILABLE');
    expect(JSON.stringify(answer)).not.toContain(victim.password);
  });

  it.each<[string, () => EventRow]>([
    [
      'another certificate authority',
      () => ({
        ...next(victim.created),
        type: 'RegistryUpdated',
        data: JSON.stringify({
          registryId: victim.id,
          changes: { caCertificate: 'forged', username: 'mallory' },
          expiry: null,
          credential: null,
        }),
      }),
    ],
    ['another URL', () => changed(next(victim.created), (data) => ({ ...data, url: 'evil.example' }))],
    [
      'a key twice',
      () => ({ ...next(victim.created), data: victim.created.data.replace('{', '{"url":"evil.example",') }),
    ],
    ['another type', () => ({ ...next(victim.created), type: 'CredentialRotated' })],
    ['another schema version', () => ({ ...next(victim.created), schema_version: 2 })],
    ['the same event again', () => next(victim.created)],
    ['no metadata', () => ({ ...next(victim.created), metadata: 'null' })],
  ])('change where a password is sent, or who logs in, by an event with %s', async (_what, event) => {
    await writer.append(event());
    const { id, url } = victim;
    const answers = await Promise.all([
      issueAsOwner(),
      purser.graphql(TEST, { id }),
      purser.graphql(UPDATE, { id, input: { username: 'other' } }),
      purser.graphql(ROTATE, { id, input: { password: canary('victim') } }),
      purser.graphql(DELETE, { id }),
      purser.graphql(CREATE, { input: { url, username: 'robot', password: canary('victim') } }),
    ]);
    for (const { errors } of answers) {
      expect(errors?.[0]).toMatchObject({ message: UNTRUSTED, extensions: { code: 'CREDENTIAL_UNAVAILABLE' } });
    }
  });

  it('bring back an older password by a forged event, nor by a row of the vault from a backup, nor by both', async () => {
    const backup = await writer.sql('select * from vault.secrets where registry_id = $1', [victim.id]);
    const password = await rotate();
    await restoreSecrets(writer, backup);
    expect(passwordOf(await issueAsOwner()) === password).toBe(true);
    const older = JSON.parse(victim.created.data).credential;
    const rotated = await lastEvent(victim.stream);
    await writer.append(changed(next(rotated), (data) => ({ ...data, credential: older })));
    const answer = await issueAsOwner();
    expect(codeOf(answer)).toBe('CREDENTIAL_UNAVAILABLE');
    expect(JSON.stringify(answer)).not.toContain(victim.password);
  });

  it('bring back an older password by putting the old row in the place of the new one', async () => {
    const [backup] = await writer.sql('select * from vault.secrets where registry_id = $1', [victim.id]);
    await rotate();
    await writer.sql(
      `update vault.secrets set kek_id = $2, wrapped_key = $3, message_id = $4, commitment = $5, ciphertext = $6, digest = $7
       where registry_id = $1 and state = 'current'`,
      [
        victim.id,
        backup?.kek_id,
        backup?.wrapped_key,
        backup?.message_id,
        backup?.commitment,
        backup?.ciphertext,
        backup?.digest,
      ],
    );
    expect(codeOf(await issueAsOwner())).toBe('CREDENTIAL_UNAVAILABLE');
  });

  it('have a password by changing read models', async () => {
    await writer.sql(`update read_models.registries set project_id = 'own' where id = $1`, [victim.id]);
    expect(codeOf(await issueAsAttacker())).toBe('NOT_FOUND');
    const token = purser.token({ projects: { own: Object.values(PERMISSIONS) } });
    const test = await purser.graphql(TEST, { projectId: 'own', id: victim.id }, token);
    expect(codeOf(test)).toBe('NOT_FOUND');
    expect(passwordOf(await issueAsOwner()) === victim.password).toBe(true);
  });

  it('add results of tests that never were, or have people told of them', async () => {
    await purser.graphql(TEST, { id: victim.id });
    const genuine = await lastEvent(healthStream('demo', victim.id));
    const shown = async () => (await purser.graphql(GET, { id: victim.id })).data.registry.health;
    const before = await shown();
    expect(before).toMatchObject({ outcome: 'UNREACHABLE' });
    const refused = { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED', scheduled: true };
    await writer.append(next(changed(genuine, (data) => ({ ...data, ...refused }))));
    await expect.poll(() => forgeries(`RegistryTested at revision 1 of ${genuine.stream}`)).toHaveLength(1);
    expect(await shown()).toEqual(before);
    const { data } = await purser.graphql(NOTICES, { first: 100 });
    expect(data.rotationNotices.nodes.filter(({ url }: { url: string }) => url === victim.url)).toEqual([]);
    expect(passwordOf(await issueAsOwner()) === victim.password).toBe(true);
  });

  it('act without a trace: the audit log of the project names the forged event', async () => {
    await writer.append(next(victim.created));
    const forged = () => forgeries(`RegistryCreated at revision 1 of ${victim.stream}`);
    await expect.poll(forged).toMatchObject([{ outcome: 'FAILED', actor: 'unknown' }]);
    const parked = await writer.sql('select reason from read_models.parked_events where stream = $1', [victim.stream]);
    expect(parked).toEqual([{ reason: FORGED }]);
  });
});

/** The entries of the project's audit log that name this forged event. */
async function forgeries(described: string): Promise<AuditNode[]> {
  const { data } = await purser.graphql(AUDIT, { filter: { action: 'REFUSE_FORGED_EVENT' }, first: 100 });
  return data.auditLog.nodes.filter(({ changes }: AuditNode) => changes.some(({ to }) => to === described));
}

interface AuditNode {
  readonly changes: readonly { readonly to: string | null }[];
}

async function restoreSecrets({ sql }: DatabaseWriter, rows: readonly Record<string, unknown>[]): Promise<void> {
  for (const row of rows) {
    const columns = Object.keys(row);
    await sql('delete from vault.secrets where secret_id = $1', [row.secret_id]);
    await sql(
      `insert into vault.secrets (${columns.join(', ')}) values (${columns.map((_none, index) => `$${index + 1}`).join(', ')})`,
      Object.values(row),
    );
  }
}

describe('somebody who can write to the database can', () => {
  it('stop the use of a registry by appending to its stream, until the operator removes the event', async () => {
    await writer.append(next(victim.created));
    expect(codeOf(await issueAsOwner())).toBe('CREDENTIAL_UNAVAILABLE');
    await asOwner(purser.connectionString, (client) =>
      client.query('delete from log.events where stream = $1 and revision = 1', [victim.stream]),
    );
    expect(passwordOf(await issueAsOwner()) === victim.password).toBe(true);
  });

  it('destroy secrets', async () => {
    await writer.sql('delete from vault.secrets where registry_id = $1', [victim.id]);
    expect(codeOf(await issueAsOwner())).toBe('CREDENTIAL_UNAVAILABLE');
  });

  it('add denied attempts and repeated hand-outs of a lease that never were', async () => {
    await purser.graphql(DELETE, { id: victim.id }, purser.token({ projects: { demo: [] } }));
    const real = await lastEvent('access-demo');
    const pipeline = `forged-${victims}`;
    await writer.append(changed(next(real), (data) => ({ ...data, pipeline })));
    const found = async () => {
      const answer = await purser.graphql(AUDIT, { filter: { search: pipeline }, first: 100 });
      return answer.data.auditLog.nodes.map(({ action, outcome }: Record<string, string>) => `${action} ${outcome}`);
    };
    const denied = ['DELETE_REGISTRY DENIED'];
    await expect.poll(found).toEqual(denied);

    const { id: registryId, url } = victim;
    const [leaseId, image, purpose] = [randomUUID(), `${url}/app`, 'PULL'];
    const asked = { image, pipeline, runId: null, purpose };
    const data = JSON.stringify({ leaseId, registryId, url, credentialVersion: 1, ...asked });
    const handedOut = { stream: reissueStream(leaseId), revision: 0, type: 'CredentialIssuedAgain', data };
    await writer.append({ ...real, ...handedOut });
    await expect.poll(found).toEqual(['ISSUE_CREDENTIAL SUCCEEDED', ...denied]);

    // Not of another project, whose registry would then show the use.
    const [stream, metadata] = [reissueStream(randomUUID()), real.metadata.replace('"demo"', '"own"')];
    await writer.append({ ...real, ...handedOut, stream, metadata });
    const parked = () => writer.sql('select reason from read_models.parked_events where stream = $1', [stream]);
    await expect.poll(parked).toEqual([{ reason: FORGED }]);
  });
});

/** As the owner of the table, who can take its guard away. */
async function asOwner(connectionString: string, change: (client: pg.Client) => Promise<unknown>): Promise<void> {
  await withClient(connectionString, async (client) => {
    await client.query(
      'alter table log.events disable trigger append_only; grant delete on log.events to current_user',
    );
    await change(client);
    await client.query('revoke delete on log.events from current_user');
    await client.query('alter table log.events enable always trigger append_only');
  });
}

describe('the owner of the tables can', () => {
  it('bring back an older password by restoring log, vault and read models together: only an anchor outside would tell', async () => {
    const other = await startPurser();
    const first = canary('restored');
    const input = { url: 'restored.example', username: 'robot', password: first };
    const { id } = (await other.graphql(CREATE, { input })).data.createRegistry.registry;
    const owner = await openDatabaseWriter(other.connectionString);
    const backup = await owner.sql('select * from vault.secrets');
    const [head] = await owner.sql<{ position: string }>('select position::text from log.head');
    await other.graphql(ROTATE, { id, input: { password: canary('restored') } });
    // Reads what its caller wrote: so the read models have passed the rotation.
    await other.graphql(GET, { id });
    await asOwner(other.connectionString, async (client) => {
      await client.query('delete from log.events where position > $1', [head?.position]);
      await client.query('update log.head set position = $1', [head?.position]);
    });
    await owner.sql('delete from vault.secrets');
    await restoreSecrets(owner, backup);
    const startedAnew = async () => {
      const replica = await startPurser({ replicaOf: other });
      const answer = await replica.graphql(ISSUE, { input: { image: 'restored.example/app', pipeline: 'p' } });
      await replica.stop();
      return answer;
    };
    expect(codeOf(await startedAnew())).toBe('UNAVAILABLE');
    await owner.sql('update read_models.checkpoint set position = $1', [head?.position]);
    expect(passwordOf(await startedAnew()) === first).toBe(true);
    await owner.close();
    await other.stop();
  });
});
