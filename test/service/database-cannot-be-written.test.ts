import { afterAll, beforeAll, expect, it } from 'vitest';
import { issue, READY, readinessOf, registerGhcr, unreadyBecause } from '../support/outage.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
  await registerGhcr(purser);
});
afterAll(() => purser.stop());

/** As providers set it while a disk is nearly full. Sessions take it over when they begin. */
async function setReadOnly(on: boolean, { endSessions }: { readonly endSessions: boolean }): Promise<void> {
  await withClient(purser.connectionString, async (client) => {
    await client.query('set default_transaction_read_only = off');
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    const change = on ? 'set default_transaction_read_only = on' : 'reset default_transaction_read_only';
    await client.query(`alter database ${rows[0]?.name} ${change}`);
    if (!endSessions) return;
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`,
    );
  });
}

it('a read-only database refuses changes, shows in readiness, and is written again without a restart', async () => {
  expect(await issue(purser)).toBe('ghp_example');
  expect(await readinessOf(purser)).toEqual(READY);

  await setReadOnly(true, { endSessions: true });
  await expect.poll(() => readinessOf(purser)).toEqual(unreadyBecause('The database is read-only at the moment.'));
  expect(await issue(purser)).toBe('UNAVAILABLE: The database is read-only at the moment. Try again.');
  const { data } = await purser.graphql('{ registries(projectId: "demo") { totalCount } }');
  expect(data?.registries.totalCount).toBe(1);

  await setReadOnly(false, { endSessions: false });
  await expect.poll(() => readinessOf(purser)).toEqual(READY);
  expect(await issue(purser)).toBe('ghp_example');
});
