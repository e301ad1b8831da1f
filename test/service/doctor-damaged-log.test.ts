import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registryStream } from '../../src/domain/identity.ts';
import { canary } from '../support/canary.ts';
import { type DatabaseWriter, openDatabaseWriter } from '../support/database-writer.ts';
import { examine } from '../support/doctor.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { createPurserHome } from '../support/purser-process.ts';
import { withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';
import { CREATE } from './operations.ts';

describe('purser doctor finds', () => {
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

  it('an event that somebody else wrote, which parks its stream', async () => {
    const input = { url: 'ghcr.io', username: 'ada', password: canary('damaged') };
    const { data } = await purser.graphql(CREATE, { input });
    const stream = registryStream('demo', data.createRegistry.registry.id);
    const [created] = await writer.events(stream);
    if (!created) throw new Error('the registry has an event');
    await writer.append({ ...created, revision: 1, type: 'RegistryUpdated' });
    await until(async () => {
      const count = 'select count(*)::int as parked from read_models.parked_events';
      return (await withClient(purser.connectionString, (client) => client.query(count))).rows[0].parked === 1;
    });
    const { wrong, exitCode, of } = await examine(purser.environment);
    expect({ wrong, exitCode }).toEqual({ wrong: { 'event log': 'failed', projection: 'failed' }, exitCode: 1 });
    expect(of('event log').found).toBe(`1 event not written by Purser, or changed since: revision 1 of ${stream}`);
    expect(of('projection').found).toContain(`1 stream parked, the first is ${stream}`);
  });
});

describe('purser doctor of an embedded Postgres', () => {
  it('examines it while the service runs and while it is stopped, and the data folder too', async () => {
    const home = await createPurserHome();
    const environment = { PURSER_DATA_DIR: home.dataDir, JWT_ISSUERS: home.issuer.jwtIssuers };
    try {
      await home.start();
      expect((await examine(environment)).wrong).toEqual({});
      await home.kill('SIGTERM');
      expect((await examine(environment)).wrong).toEqual({});
      await chmod(join(home.dataDir, 'postgres-password'), 0o644);
      const { wrong, of } = await examine(environment);
      expect(wrong).toEqual({ 'data folder': 'failed' });
      expect(of('data folder').found).toContain('postgres-password (mode 644)');
    } finally {
      await home.remove();
    }
  });
});
