import { join } from 'node:path';
import { startDelayingProxy } from '../support/delaying-proxy.ts';
import type { NetworkNamespace } from '../support/network-namespace.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { serverOf, throughPort, withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';

/** Two processes of the service on one database. The first leads, behind a line that a test can make longer. */
export interface TwoReplicas {
  readonly leader: PurserHome;
  readonly other: PurserHome;
  readonly connectionString: string;
  /** Milliseconds, in each direction, between the leader and the database. */
  delayLeader(milliseconds: number): void;
  remove(): Promise<void>;
}

export async function startTwoReplicas(namespace?: NetworkNamespace): Promise<TwoReplicas> {
  const { connectionString } = await createTestDatabase();
  const line = await startDelayingProxy(serverOf(connectionString), namespace?.outside);
  const throughLine = throughPort(connectionString, line.port);
  const leader = await createPurserHome(
    {
      DATABASE_URL: namespace ? throughLine.replace('@127.0.0.1:', `@${namespace.outside}:`) : throughLine,
      ...(namespace && { HOST: namespace.inside }),
    },
    namespace && { within: namespace.command },
  );
  const other = await createPurserHome({
    DATABASE_URL: connectionString,
    JWT_ISSUERS: leader.issuer.jwtIssuers,
    MASTER_KEY_FILE: join(leader.dataDir, 'master-key'),
  });
  await leader.start();
  await other.start();
  return {
    leader,
    other,
    connectionString,
    delayLeader: line.delay,
    async remove() {
      await other.remove();
      await leader.remove();
      await line.close();
    },
  };
}

/** Resolves when the read models have passed everything that is in the log now; gives the milliseconds that took. */
export async function projected(connectionString: string): Promise<number> {
  const startedAt = performance.now();
  await withClient(connectionString, async (client) => {
    const { rows } = await client.query('select position from log.head');
    await until(async () => {
      const { rowCount } = await client.query('select from read_models.checkpoint where position >= $1', [
        String(rows[0].position),
      ]);
      return rowCount === 1;
    });
  });
  return performance.now() - startedAt;
}
