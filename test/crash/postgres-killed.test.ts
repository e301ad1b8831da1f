import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { findingsIn, leaseCount } from './findings.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Client, createClient, startLoad } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';

const KILLS = 10;
const LONGEST_ROUND_MS = 600;

describe('a Postgres that is killed at any moment under a service that stays up', () => {
  let home: PurserHome;
  let ledger: Ledger;
  let client: Client;
  beforeAll(async () => {
    home = await createPurserHome();
    await home.start();
    ledger = createLedger(home.issuer.issuerConfig.issuer);
    client = createClient(home);
    await client.settle(ledger.create());
  });
  afterAll(() => home.remove());

  it.each(Array.from({ length: KILLS }, (_, index) => index + 1))(
    'comes back by itself, and nothing is lost or doubled (kill %i)',
    async () => {
      const before = ledger.mutations.length;
      const load = startLoad(ledger, client);
      await delay(50 + Math.random() * LONGEST_ROUND_MS);
      const t = performance.now();
      await home.killPostgres();
      // The clients go on: they send again what got no answer, until it gets one.
      await client.settle(ledger.create());
      const t1 = performance.now();
      await delay(50);
      await load.stop();
      console.log('recovered', t1 - t, performance.now() - t, client.tally);
      const unresolved = ledger.mutations.filter(({ outcome }) => outcome.kind === 'unknown');
      await Promise.all(unresolved.map(client.settle));

      expect(await readBackFaults(client, ledger)).toEqual([]);
      expect(await repeatFaults(client, ledger.mutations.slice(before).slice(-40))).toEqual([]);
      expect(await home.withDatabase((database) => findingsIn(database, ledger))).toEqual([]);
    },
  );

  it('answered UNAVAILABLE meanwhile, and nothing that says less', async () => {
    console.log(client.tally, leaseCount(ledger), ledger.mutations.length);
    const log = await home.log();
    const counts = new Map<string, number>();
    for (const { level, msg, time, ...rest } of log.filter(({ level }) => level >= 40)) { const k = `${level} ${msg} ${JSON.stringify({...rest, attempt: 0, err: {...(rest.err as object), stack: undefined}})}`; counts.set(k, (counts.get(k) ?? 0) + 1); }
    console.log([...counts].map(([k, n]) => `${n} ${k}`).join('\n'));
    expect(ledger.mutations.length).toBeGreaterThan(KILLS * 20);
    expect([...client.tally.keys()].sort()).toEqual(['CREDENTIAL_UNAVAILABLE', 'UNAVAILABLE', 'ok']);
  });
});
