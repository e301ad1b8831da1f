import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GraphqlAnswer, startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
  const { data } = await purser.graphql(`mutation {
    createRegistry(projectId: "demo", input: { url: "ghcr.io", username: "ada", password: "ghp_example" }) {
      registry { id }
    }
  }`);
  expect(data?.createRegistry.registry.id).toBeDefined();
});
afterAll(() => purser.stop());

const issue = (): Promise<GraphqlAnswer> =>
  purser.graphql(`mutation {
    issueCredential(projectId: "demo", input: { image: "ghcr.io/ada/app", pipeline: "p" }) { password }
  }`);
const codeOf = ({ errors }: GraphqlAnswer) => errors?.[0]?.extensions.code;
const list = () => purser.graphql('{ registries(projectId: "demo") { totalCount } }');

async function readiness() {
  const answer = await fetch(`${purser.url}/readyz`);
  const { checks } = (await answer.json()) as { checks: { database: string; reason?: string } };
  return { status: answer.status, database: checks.database, reason: checks.reason };
}

/** As a failover to a standby leaves it, or a provider whose disk is nearly full. */
async function setReadOnly(on: boolean): Promise<void> {
  await withClient(purser.connectionString, async (client) => {
    await client.query('set transaction_read_only = off');
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    const setting = `alter database ${rows[0]?.name} ${on ? 'set' : 'reset'} default_transaction_read_only`;
    await client.query(on ? `${setting} = on` : setting);
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
  });
}

it('a read-only database refuses changes as UNAVAILABLE, shows in readiness, and is written again without a restart', async () => {
  expect((await issue()).data?.issueCredential.password).toBe('ghp_example');
  expect(await readiness()).toMatchObject({ status: 200, database: 'ok' });

  await setReadOnly(true);
  await expect.poll(async () => codeOf(await issue())).toBe('UNAVAILABLE');
  expect((await issue()).errors?.[0]?.message).toBe('The database is read-only at the moment. Try again.');
  const outage = { status: 503, database: 'unavailable', reason: 'The database is read-only at the moment.' };
  await expect.poll(readiness).toEqual(outage);
  expect((await list()).data?.registries.totalCount).toBe(1);

  // The sessions that are read-only stay open: nothing ends them.
  await withClient(purser.connectionString, async (client) => {
    await client.query('begin read write');
    await client.query(`do $$ begin execute format('alter database %I reset default_transaction_read_only', current_database()); end $$`);
    await client.query('commit');
  });
  await expect.poll(readiness).toMatchObject({ status: 200, database: 'ok' });
  expect((await issue()).data?.issueCredential.password).toBe('ghp_example');
});
