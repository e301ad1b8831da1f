import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { inGroups, rounds } from '../support/rounds.ts';
import { findingsIn, leaseCount } from './findings.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Client, createClient, startLoad } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';

const KILLS = rounds({ usual: 4, torture: 60 });
/** On one data folder: all that was written is read back after each. */
const KILLS_OF_A_FOLDER = 20;
/** At most, before the kill. */
const ANSWERS_A_ROUND = 80;

describe.each(inGroups(KILLS, KILLS_OF_A_FOLDER))(
  'a Postgres that is killed at any moment under a service that stays up (from kill $first on)',
  ({ rounds: kills }) => {
    let home: PurserHome;
    let ledger: Ledger;
    let client: Client;
    beforeAll(async () => {
      home = await createPurserHome({ CALLER_ISSUES_PER_MINUTE: '0' });
      await home.start();
      ledger = createLedger(home.issuer.issuerConfig.issuer);
      client = createClient(home);
      await client.settle(ledger.create());
    });
    afterAll(() => home.remove());

    it.each(kills)('comes back by itself, and nothing is lost or doubled (kill %i)', async () => {
      const before = ledger.mutations.length;
      const load = startLoad(ledger, client);
      await load.reaches(ANSWERS_A_ROUND * Math.random());
      await home.killPostgres();
      // The clients go on: they repeat unanswered requests until they get an answer.
      await client.settle(ledger.create());
      await load.stop();
      const unresolved = ledger.mutations.filter(({ outcome }) => outcome.kind === 'unknown');
      await Promise.all(unresolved.map(client.settle));

      expect(await readBackFaults(client, ledger)).toEqual([]);
      expect(await repeatFaults(client, ledger.mutations.slice(before).slice(-40))).toEqual([]);
      expect(await home.withDatabase((database) => findingsIn(database, ledger))).toEqual([]);
    });

    it('answered UNAVAILABLE meanwhile, never a vaguer answer and never none', async () => {
      expect(ledger.mutations.length).toBeGreaterThan(kills.length * 10);
      expect(leaseCount(ledger)).toBeGreaterThan(kills.length);
      const { ok = 0, UNAVAILABLE = 0, CREDENTIAL_UNAVAILABLE: _, ...others } = Object.fromEntries(client.tally);
      expect(others).toEqual({});
      expect(UNAVAILABLE).toBeGreaterThan(0);
      expect(ok).toBeGreaterThan(UNAVAILABLE);
    });

    it('is started again each time by the same service, which logs no unexpected fault', async () => {
      const messages = (await home.log()).map(({ msg }) => msg);
      expect(messages.filter((message) => message === 'Postgres is back')).toHaveLength(kills.length);
      expect(messages.filter((message) => message === 'listening')).toHaveLength(1);
      expect(messages).not.toContain('an operation failed unexpectedly');
    });
  },
);
