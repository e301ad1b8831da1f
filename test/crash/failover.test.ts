import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.ts';
import { issue, READY, readinessOf, registerGhcr, unreadyBecause } from '../support/outage.ts';
import { debianPostgres, type PostgresServer, startPostgresServer } from '../support/postgres-server.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { serverOf, throughPort, withClient } from '../support/server-databases.ts';

const missing = skipReason('postgres');

describe.skipIf(missing)(titled('a failover to a streaming standby', missing), () => {
  let primary: PostgresServer;
  let standby: PostgresServer;
  let address: CuttingProxy;
  let purser: TestPurser;
  beforeAll(async () => {
    const programs = debianPostgres() ?? '';
    primary = await startPostgresServer({ programs });
    standby = await startPostgresServer({ programs, standbyOf: primary });
    // Stands for the name or the virtual address that a failover moves.
    address = await startCuttingProxy(serverOf(primary.connectionString));
    const environment = { DATABASE_URL: throughPort(primary.connectionString, address.port) };
    purser = await startPurser({ environment });
    await registerGhcr(purser);
  });
  afterAll(async () => {
    await purser.stop();
    await address.close();
    await standby.stop();
    await primary.stop();
  });

  it('is UNAVAILABLE with its reason until the standby is promoted, then everything works without a restart', async () => {
    expect(await issue(purser)).toBe('ghp_example');
    await expect.poll(() => newestEvent(standby)).toBe(await newestEvent(primary));
    await primary.kill();
    address.leadTo(serverOf(standby.connectionString));

    const reason = 'The database is read-only at the moment.';
    await expect.poll(() => readinessOf(purser)).toEqual(unreadyBecause(reason));
    expect(await issue(purser)).toContain(`UNAVAILABLE: ${reason} `);

    await withClient(standby.connectionString, (client) => client.query('select pg_promote()'));
    await expect.poll(() => readinessOf(purser)).toEqual(READY);
    const before = await newestEvent(standby);
    expect(await issue(purser)).toBe('ghp_example');
    expect(await newestEvent(standby)).toBeGreaterThan(before);
    // The read models follow too.
    const leases = async () => {
      const { data } = await purser.graphql('{ registries(projectId: "demo") { nodes { usage { activeLeases } } } }');
      return data?.registries.nodes[0]?.usage.activeLeases;
    };
    await expect.poll(leases).toBe(2);
  });
});

function newestEvent({ connectionString }: PostgresServer): Promise<number> {
  return withClient(connectionString, async (client) => {
    const { rows } = await client.query<{ position: string }>('select position from log.head');
    return Number(rows[0]?.position);
  });
}
