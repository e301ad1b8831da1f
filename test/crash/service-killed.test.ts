import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { inGroups, rounds } from '../support/rounds.ts';
import { type StartedStore, type StoreUnderTest, storesUnderTest } from '../support/stores-under-test.ts';
import { killService, startCrashing } from './crash-rounds.ts';
import { leaseCount } from './findings.ts';
import type { Ledger } from './ledger.ts';
import type { Client } from './load.ts';
import { readBackFaults } from './read-back.ts';

const KILLS = rounds({ usual: 4, torture: 100 });
/** How many of them with a store apart from Postgres: that is not killed, so each round tries less. */
const WITH_A_STORE = 20;
/** On one data folder: all that was written is looked at after each. */
const KILLS_OF_A_FOLDER = 20;

const STORES = storesUnderTest();
function killsOf({ isPostgres }: StoreUnderTest): number {
  if (!isPostgres) return Math.min(KILLS, WITH_A_STORE);
  return STORES.length > 1 ? KILLS - WITH_A_STORE : KILLS;
}

const GROUPS = STORES.flatMap((under) =>
  inGroups(killsOf(under), KILLS_OF_A_FOLDER).map((group) => ({ ...under, ...group })),
);

describe.each(GROUPS)(
  'with its events in $store, a service that is killed at any moment (from kill $first on)',
  ({ start, rounds: kills }) => {
    let store: StartedStore;
    let home: PurserHome;
    let ledger: Ledger;
    let client: Client;
    beforeAll(async () => {
      store = await start();
      home = await createPurserHome({ CALLER_ISSUES_PER_MINUTE: '0', ...store.environment });
      ({ ledger, client } = await startCrashing(home));
    });
    afterAll(async () => {
      await home.remove();
      await store.close();
    });

    it.each(kills)(
      'has lost and doubled nothing when it is started again on the same data folder (kill %i)',
      async () => expect(await killService({ home, ledger, client })).toEqual([]),
    );

    it('gives back everything in the end', async () => expect(await readBackFaults(client, ledger)).toEqual([]));

    it('was under load all the while, and logged nothing worse than that it adopted its Postgres', async () => {
      expect(ledger.mutations.length).toBeGreaterThan(kills.length * 10);
      expect(leaseCount(ledger)).toBeGreaterThan(kills.length);
      const { ok, lost, CREDENTIAL_UNAVAILABLE: _, ...others } = Object.fromEntries(client.tally);
      expect(others).toEqual({});
      expect(lost).toBeGreaterThan(0);
      expect(ok).toBeGreaterThan(kills.length * 10);
      const log = await home.log();
      expect(log.filter(({ level }) => level >= 40)).toEqual([]);
      expect(log.filter(({ msg }) => msg === 'adopted a Postgres that was left running')).toHaveLength(kills.length);
    });
  },
);
