import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { numbered, rounds } from '../support/rounds.ts';
import { findingsIn, leaseCount } from './findings.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Client, createClient, startLoad } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';

const KILLS = numbered(rounds({ usual: 4, torture: 10 }));
/** At most, before the kill. */
const ANSWERS_A_ROUND = 80;

describe('a Postgres that is killed at any moment under a service that stays up', () => {
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

  it.each(KILLS)('comes back by itself, and nothing is lost or doubled (kill %i)', async () => {
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
    expect(ledger.mutations.length).toBeGreaterThan(KILLS.length * 10);
    expect(leaseCount(ledger)).toBeGreaterThan(KILLS.length);
    const { ok = 0, UNAVAILABLE = 0, CREDENTIAL_UNAVAILABLE: _, ...others } = Object.fromEntries(client.tally);
    expect(others).toEqual({});
    expect(UNAVAILABLE).toBeGreaterThan(0);
    expect(ok).toBeGreaterThan(UNAVAILABLE);
  });

  it('is started again each time by the same service, which logs no unexpected fault', async () => {
    const messages = (await home.log()).map(({ msg }) => msg);
    expect(messages.filter((message) => message === 'Postgres is back')).toHaveLength(KILLS.length);
    expect(messages.filter((message) => message === 'listening')).toHaveLength(1);
    expect(messages).not.toContain('an operation failed unexpectedly');
  });
});
