import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { registryStream } from '../../src/domain/identity.ts';
import { canary } from '../support/canary.ts';
import { type DatabaseWriter, openDatabaseWriter } from '../support/database-writer.ts';
import { examine } from '../support/doctor.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { until } from '../support/until.ts';
import { CREATE, UPDATE } from './operations.ts';

let purser: TestPurser;
let writer: DatabaseWriter;
/** Outlives the service, with the key file. */
let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'purser-data-'));
  purser = await startPurser({ environment: { PURSER_DATA_DIR: dataDir } });
  writer = await openDatabaseWriter(purser.connectionString);
});
afterAll(async () => {
  await writer.close();
  await purser.stop();
  await rm(dataDir, { recursive: true });
});

const environmentOf = ({ environment }: TestPurser) => ({ ...environment, LOG_LEVEL: 'silent' });

async function run(...argv: string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  let stdout = '';
  const output = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => undefined } };
  return { code: await runProgram(argv, environmentOf(purser), output), stdout };
}

it('a registry is used again after a forged event was removed, and the signed audit log stays what it was', async () => {
  const input = { url: 'ghcr.io', username: 'ada', password: canary('forged') };
  const { id } = (await purser.graphql(CREATE, { input })).data.createRegistry.registry;
  const stream = registryStream('demo', id);
  const [created] = await writer.events(stream);
  if (!created) throw new Error('the registry has an event');
  await writer.append({ ...created, revision: 1, type: 'RegistryUpdated' });
  const parked = 'select from read_models.parked_events';
  await until(async () => (await writer.sql(parked)).length === 1);
  expect((await purser.graphql(UPDATE, { id, input: { description: 'no' } })).errors?.[0]?.extensions.code).toBe(
    'CREDENTIAL_UNAVAILABLE',
  );
  // The service signs at its stop.
  await purser.stop();
  const { environment, connectionString, token } = purser;
  const signed = await writer.sql(`select sequence, hash from log.signed_heads where project_id = 'demo'`);
  expect(signed).toHaveLength(1);

  await writer.sql(
    `alter table log.events disable trigger append_only; grant delete on log.events to current_user;
     delete from log.events where stream = '${stream}' and revision = 1;
     revoke delete on log.events from current_user; alter table log.events enable always trigger append_only`,
  );
  expect(await run('rebuild')).toMatchObject({ code: 0 });
  expect((await examine(environment)).wrong).toEqual({});

  purser = await startPurser({ replicaOf: { connectionString, environment, token } });
  expect((await purser.graphql(UPDATE, { id, input: { description: 'used again' } })).errors).toBeUndefined();
  await purser.stop();
  expect(await writer.sql(`select from log.signed_heads where project_id = 'demo'`)).toHaveLength(2);
  expect((await examine(environment)).wrong).toEqual({});
  const { stdout } = await run('audit', 'export', '--project', 'demo');
  expect(stdout).toContain('REFUSE_FORGED_EVENT');
}, 60_000);
