import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';

const CALLERS = 16;
const SEARCH = `query ($projectId: ID!, $search: String) {
  auditLog(projectId: $projectId, filter: { search: $search }) { nodes { sequence } } }`;
const LIST = '{ registries(projectId: "demo") { nodes { id } } }';

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
});
afterAll(() => purser.stop());

/** How many statements run on the connections for searches, and how many on those for lists. */
async function running(): Promise<Record<string, number>> {
  return withClient(purser.connectionString, async (client) => {
    const { rows } = await client.query<{ name: string; count: number }>(
      `select application_name as name, count(*)::int as count from pg_stat_activity
        where datname = current_database() and state = 'active' and application_name in ('purser searches', 'purser reads')
        group by 1`,
    );
    return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
  });
}

it('searches that take long hold up no list, and of one project no more than two run at a time', async () => {
  const searching = (projectId: string) => {
    const projects = { [projectId]: ['iam:project:cicd:audit:read'] };
    return Array.from({ length: CALLERS }, (_, index) =>
      purser.graphql(SEARCH, { projectId, search: 'x' }, purser.token({ subject: `caller-${index}`, projects })),
    );
  };
  const reader = purser.token({ subject: 'reader' });
  const answers = await withClient(purser.connectionString, async (client) => {
    // A search takes as long as it is held up here, or until the database gives up on it.
    await client.query('begin; lock table read_models.audit_entries in access exclusive mode');
    const ofDemo = searching('demo');
    await until(async () => (await running())['purser searches'] === 2);
    const ofOther = searching('other');
    await until(async () => (await running())['purser searches'] === 4);
    expect((await purser.graphql(LIST, {}, reader)).data).toEqual({ registries: { nodes: [] } });
    expect(await running()).toEqual({ 'purser searches': 4 });
    await Promise.race(ofDemo);
    await client.query('rollback');
    return Promise.all([...ofDemo, ...ofOther]);
  });

  const failed = answers.flatMap(({ errors = [] }) => errors);
  expect(failed.length).toBeGreaterThan(0);
  for (const { message, extensions } of failed) {
    expect(extensions.code).toBe('UNAVAILABLE');
    expect(message).toBe('The search took the database more than 2 seconds. Narrow the filter.');
  }
  // The others waited for their turns.
  expect(answers.filter(({ data }) => data?.auditLog).length).toBe(2 * CALLERS - failed.length);
});
