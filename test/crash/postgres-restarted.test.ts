import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.ts';
import { embeddedPrograms } from '../support/postgres-versions.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { numbered, rounds } from '../support/rounds.ts';
import { findingsAt } from './findings.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Client, createClient, startLoad } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';

const RESTARTS = numbered(rounds({ usual: 2, torture: 20 }));
const ANSWERS_A_ROUND = 40;
const ANSWERS_WITHIN_MS = 5_000;

describe('a Postgres of the operator that is restarted under load', () => {
  let server: PostgresServer;
  let home: PurserHome;
  let ledger: Ledger;
  let client: Client;
  beforeAll(async () => {
    server = await startPostgresServer({ programs: await embeddedPrograms() });
    home = await createPurserHome({ DATABASE_URL: server.connectionString, CALLER_ISSUES_PER_MINUTE: '0' });
    await home.start();
    ledger = createLedger(home.issuer.issuerConfig.issuer);
    client = createClient(home);
    await client.settle(ledger.create());
  });
  afterAll(async () => {
    await home.remove();
    await server.stop();
  });

  it.each(RESTARTS)(
    'is used again within 5 s by the service, which stays up, and nothing is lost or doubled (restart %i)',
    async () => {
      const before = ledger.mutations.length;
      const load = startLoad(ledger, client);
      await load.reaches(ANSWERS_A_ROUND * Math.random());
      await server.restart();
      const back = performance.now();
      await client.settle(ledger.create());
      expect(performance.now() - back).toBeLessThan(ANSWERS_WITHIN_MS);
      await load.stop();
      const unresolved = ledger.mutations.filter(({ outcome }) => outcome.kind === 'unknown');
      await Promise.all(unresolved.map(client.settle));

      expect(await readBackFaults(client, ledger)).toEqual([]);
      expect(await repeatFaults(client, ledger.mutations.slice(before).slice(-40))).toEqual([]);
      expect(await findingsAt(server.connectionString, ledger)).toEqual([]);
    },
  );

  it('made callers hear nothing vaguer than UNAVAILABLE, and the service start only once', async () => {
    const { ok = 0, UNAVAILABLE = 0, CREDENTIAL_UNAVAILABLE: _, ...others } = Object.fromEntries(client.tally);
    expect(others).toEqual({});
    expect(UNAVAILABLE).toBeGreaterThan(0);
    expect(ok).toBeGreaterThan(UNAVAILABLE);
    const messages = (await home.log()).map(({ msg }) => msg);
    expect(messages.filter((message) => message === 'listening')).toHaveLength(1);
    expect(messages).not.toContain('an operation failed unexpectedly');
  });
});
