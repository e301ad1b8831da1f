import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { inGroups, rounds } from '../support/rounds.ts';
import { killPostgres, startCrashing } from './crash-rounds.ts';
import { leaseCount } from './findings.ts';
import type { Ledger } from './ledger.ts';
import type { Client } from './load.ts';
import { readBackFaults } from './read-back.ts';

const KILLS = rounds({ usual: 4, torture: 60 });
/** On one data folder: all that was written is looked at after each. */
const KILLS_OF_A_FOLDER = 20;

describe.each(inGroups(KILLS, KILLS_OF_A_FOLDER))(
  'a Postgres that is killed at any moment under a service that stays up (from kill $first on)',
  ({ rounds: kills }) => {
    let home: PurserHome;
    let ledger: Ledger;
    let client: Client;
    beforeAll(async () => {
      home = await createPurserHome({ CALLER_ISSUES_PER_MINUTE: '0' });
      ({ ledger, client } = await startCrashing(home));
    });
    afterAll(() => home.remove());

    it.each(kills)('comes back by itself, and nothing is lost or doubled (kill %i)', async () => {
      expect(await killPostgres({ home, ledger, client })).toEqual([]);
    });

    it('loses nothing of the first kills by the last', async () => {
      expect(await readBackFaults(client, ledger)).toEqual([]);
    });

    it('answered UNAVAILABLE meanwhile, never a vaguer answer and never none', async () => {
      expect(ledger.mutations.length).toBeGreaterThan(kills.length * 10);
      expect(leaseCount(ledger)).toBeGreaterThan(kills.length);
      const { ok = 0, UNAVAILABLE = 0, CREDENTIAL_UNAVAILABLE: _, ...others } = Object.fromEntries(client.tally);
      expect(others).toEqual({});
      expect(UNAVAILABLE).toBeGreaterThan(0);
      // How many of each depends on how fast the machine works and recovers: each kill was come back from, though.
      expect(ok).toBeGreaterThan(kills.length * 10);
    });

    it('is started again each time by the same service, which logs no unexpected fault', async () => {
      const messages = (await home.log()).map(({ msg }) => msg);
      expect(messages.filter((message) => message === 'Postgres is back')).toHaveLength(kills.length);
      expect(messages.filter((message) => message === 'listening')).toHaveLength(1);
      expect(messages).not.toContain('an operation failed unexpectedly');
    });
  },
);
