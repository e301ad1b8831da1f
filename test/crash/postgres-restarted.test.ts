import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.ts';
import { embeddedPrograms } from '../support/postgres-versions.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { numbered, rounds } from '../support/rounds.ts';
import { restartPostgres, startCrashing } from './crash-rounds.ts';
import type { Ledger } from './ledger.ts';
import type { Client } from './load.ts';
import { readBackFaults } from './read-back.ts';

const RESTARTS = numbered(rounds({ usual: 2, torture: 20 }));

describe('a Postgres of the operator that is restarted under load', () => {
  let server: PostgresServer;
  let home: PurserHome;
  let ledger: Ledger;
  let client: Client;
  beforeAll(async () => {
    server = await startPostgresServer({ programs: await embeddedPrograms() });
    home = await createPurserHome({ DATABASE_URL: server.connectionString, CALLER_ISSUES_PER_MINUTE: '0' });
    ({ ledger, client } = await startCrashing(home));
  });
  afterAll(async () => {
    await home.remove();
    await server.stop();
  });

  it.each(RESTARTS)(
    'is used again within 5 s by the service, which stays up, and nothing is lost or doubled (restart %i)',
    async () => expect(await restartPostgres({ home, ledger, client }, server)).toEqual([]),
  );

  it('loses nothing of the first restarts by the last', async () => {
    expect(await readBackFaults(client, ledger)).toEqual([]);
  });

  it('made callers hear nothing vaguer than UNAVAILABLE, and the service start only once', async () => {
    const { ok = 0, UNAVAILABLE = 0, CREDENTIAL_UNAVAILABLE: _, ...others } = Object.fromEntries(client.tally);
    expect(others).toEqual({});
    expect(UNAVAILABLE).toBeGreaterThan(0);
    expect(ok).toBeGreaterThan(RESTARTS.length * 10);
    const messages = (await home.log()).map(({ msg }) => msg);
    expect(messages.filter((message) => message === 'listening')).toHaveLength(1);
    expect(messages).not.toContain('an operation failed unexpectedly');
  });
});
