import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { numbered, rounds } from '../support/rounds.ts';
import { until } from '../support/until.ts';
import { within } from '../support/within.ts';
import { startCrashing, stopService } from './crash-rounds.ts';
import { findingsAtHome } from './findings.ts';
import type { Ledger } from './ledger.ts';
import type { Client } from './load.ts';
import { readBackFaults } from './read-back.ts';

const STOPS = numbered(rounds({ usual: 2, torture: 20 }));
const STOPPED_WITHIN_MS = 20_000;

describe('a service that is told to stop', () => {
  let home: PurserHome;
  let ledger: Ledger;
  let client: Client;
  beforeAll(async () => {
    home = await createPurserHome({ CALLER_ISSUES_PER_MINUTE: '0' });
    ({ ledger, client } = await startCrashing(home));
  });
  afterAll(() => home.remove());

  it.each(STOPS)(
    'under load ends with 0 and takes its Postgres along, and all that it acknowledged is there again (stop %i)',
    async () => expect(await stopService({ home, ledger, client })).toEqual([]),
  );

  it('has said that it stops, and found nothing wrong with that', async () => {
    const log = await home.log();
    expect(log.filter(({ level }) => level >= 40)).toEqual([]);
    expect(log.filter(({ msg }) => msg === 'stopped')).toHaveLength(STOPS.length);
  });

  it('ends at once when it is told a second time, and the next start takes its Postgres over', async () => {
    const created = ledger.create();
    await client.settle(created);
    await home.withDatabase(async (database) => {
      // An operation is running that the service waits for: it is to destroy the secret of before.
      await database.query('begin');
      await database.query('select from vault.secrets where registry_id = $1 for update', [created.registry.id]);
      const answer = client.send(ledger.rotate(created.registry));
      await until(
        async () => (await database.query(`select from vault.secrets where state = 'pending'`)).rowCount === 1,
      );
      home.signal('SIGINT');
      await until(async () => (await home.log()).at(-1)?.msg === 'stopping');
      // One that comes right after the first is taken for the same wish, so it is sent until it is heard.
      const again = setInterval(() => home.signal('SIGINT'), 100);
      expect(await within(5_000, home.ended).finally(() => clearInterval(again))).toEqual({ code: 130, signal: null });
      await answer;
      await database.query('rollback');
    });
    expect(await home.isPostgresRunning()).toBe(true);

    await home.start();
    await Promise.all(ledger.mutations.map(client.settle));
    expect(await readBackFaults(client, ledger)).toEqual([]);
    expect(await findingsAtHome(home, ledger)).toEqual([]);
  });

  it('while its Postgres is away ends in time as well', async () => {
    await home.killPostgres();
    const exit = await within(STOPPED_WITHIN_MS, home.kill('SIGTERM'));
    expect(exit).toEqual({ code: 0, signal: null });
    await until(async () => !(await home.isPostgresRunning()));

    await home.start();
    expect(await readBackFaults(client, ledger)).toEqual([]);
    expect(await findingsAtHome(home, ledger)).toEqual([]);
  });
});
