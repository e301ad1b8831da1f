import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { inGroups, rounds } from '../support/rounds.ts';
import { type StartedStore, storesUnderTest } from '../support/stores-under-test.ts';
import { findingsAtHome, leaseCount } from './findings.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Client, createClient, startLoad } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';

const KILLS = rounds({ usual: 4, torture: 100 });
/** On one data folder: all that was written is read back after each. */
const KILLS_OF_A_FOLDER = 20;
/** At most, before the kill. */
const ANSWERS_A_ROUND = 80;

const GROUPS = storesUnderTest().flatMap((under) =>
  inGroups(KILLS, KILLS_OF_A_FOLDER).map((group) => ({ ...under, ...group })),
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
      await home.start();
      ledger = createLedger(home.issuer.issuerConfig.issuer);
      client = createClient(home);
      await client.settle(ledger.create());
    });
    afterAll(async () => {
      await home.remove();
      await store.close();
    });

    it.each(kills)(
      'has lost and doubled nothing when it is started again on the same data folder (kill %i)',
      async () => {
        const before = ledger.mutations.length;
        const load = startLoad(ledger, client);
        await load.reaches(ANSWERS_A_ROUND * Math.random());
        await home.kill('SIGKILL');
        await load.stop();
        const sent = ledger.mutations.slice(before);
        const acknowledged = sent.filter(({ outcome }) => outcome.kind === 'acknowledged').slice(-20);
        const unresolved = ledger.mutations.filter(({ outcome }) => outcome.kind === 'unknown');
        expect(await home.isPostgresRunning()).toBe(true);

        await home.start();
        expect(await readBackFaults(client, ledger)).toEqual([]);
        await Promise.all(unresolved.map(client.settle));
        expect(await readBackFaults(client, ledger)).toEqual([]);
        expect(await repeatFaults(client, [...acknowledged, ...unresolved])).toEqual([]);
        expect(await findingsAtHome(home, ledger)).toEqual([]);
      },
    );

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
