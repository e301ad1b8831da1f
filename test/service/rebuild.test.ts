import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rebuildReadModels } from '../../src/adapters/postgres/read-models/rebuild.ts';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import { OperatorError } from '../../src/domain/errors.ts';
import { canary } from '../support/canary.ts';
import { eventsOf } from '../support/event-store.ts';
import { openEvents } from '../support/open-events.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { differingTables, digestsOfReadModels, projected, projectorClient, trusting } from '../support/read-models.ts';
import { withClient } from '../support/server-databases.ts';
import { CREATE, DELETE, GET, ISSUE, RELEASE, ROTATE, UPDATE } from './operations.ts';

let purser: TestPurser;
let log: EventLog;
beforeAll(async () => {
  purser = await startPurser();
  log = openEvents(purser.environment);
});
afterAll(async () => {
  await log.close();
  await purser.stop();
});

const rebuild = () =>
  rebuildReadModels({
    log,
    authenticator: trusting,
    connect: (options) => projectorClient(purser.connectionString, options),
  });

async function useRegistry(url: string): Promise<void> {
  const { data } = await purser.graphql(CREATE, { input: { url, username: 'ada', password: canary('rebuild') } });
  const { id } = data.createRegistry.registry;
  const input = { image: `${url}/app`, pipeline: 'web' };
  const leases = await Promise.all([1, 2, 3].map(() => purser.graphql(ISSUE, { input })));
  await purser.graphql(RELEASE, { leaseId: leases[0]?.data.issueCredential.lease.id });
  await purser.graphql(ROTATE, { id, input: { password: canary('rebuild') } });
  await purser.graphql(UPDATE, { id, input: { description: 'ours', username: 'grace' } });
  await purser.graphql(DELETE, { id });
  if (url.startsWith('1')) await purser.graphql(DELETE, { id, input: { force: true } });
}

describe('rebuilding the read models', () => {
  it('produces the same rows, and does not change the vault', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => useRegistry(`${index}.rebuild.example`)));
    await projected(log, purser.connectionString);
    const before = await digestsOfReadModels(purser.connectionString);
    const vault = await vaultRows();
    const { events } = await rebuild();
    expect(events).toBe((await eventsOf(purser.environment)).length);
    expect(differingTables(before, await digestsOfReadModels(purser.connectionString))).toEqual([]);
    expect(await vaultRows()).toEqual(vault);
  });

  it('goes on while people work, who notice nothing', async () => {
    let rebuilding = true;
    const rebuilds = (async () => {
      for (let round = 0; round < 3; round += 1) await rebuild();
      rebuilding = false;
    })();
    let worked = 0;
    while (rebuilding || worked < 20) {
      const url = `${worked}.meanwhile.example`;
      const created = await purser.graphql(CREATE, { input: { url, username: 'ada', password: canary('meanwhile') } });
      expect(created.errors).toBeUndefined();
      const { id } = created.data.createRegistry.registry;
      const issued = await purser.graphql(ISSUE, { input: { image: `${url}/app`, pipeline: 'web' } });
      expect(issued.errors).toBeUndefined();
      const read = await purser.graphql(GET, { id });
      expect(read.data.registry.usage.activeLeases).toBe(1);
      worked += 1;
    }
    await rebuilds;
    await projected(log, purser.connectionString);
    const after = await digestsOfReadModels(purser.connectionString);
    await rebuild();
    expect(differingTables(after, await digestsOfReadModels(purser.connectionString))).toEqual([]);
  });

  it('refuses to run twice at the same time, and says so', async () => {
    const outcomes = await Promise.allSettled([rebuild(), rebuild()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(refused?.reason).toBeInstanceOf(OperatorError);
    expect(String(refused?.reason)).toContain('Another rebuild of these read models is running');
    await rebuild();
  });

  it('keeps every index and constraint that queries need', async () => {
    const { rows } = await withClient(purser.connectionString, (client) =>
      client.query(`select count(*)::int as indexes from pg_indexes where schemaname = 'read_models'`),
    );
    expect(rows[0].indexes).toBeGreaterThanOrEqual(16);
  });
});

function vaultRows(): Promise<unknown[]> {
  return withClient(purser.connectionString, async (client) => {
    const { rows } = await client.query('select secret_id, state, kek_id from vault.secrets order by secret_id');
    return rows;
  });
}
