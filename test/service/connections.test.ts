import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { issue, registerGhcr } from '../support/outage.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
  await registerGhcr(purser);
});
afterAll(() => purser.stop());

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
/** Those to a hot standby are counted apart. */
const DOCUMENTED = Object.fromEntries(
  [...PAGE.matchAll(/^ {2}\| `(purser (?!standby)[a-z ]+)` \| (\d+) \|/gm)].map(([, name = '', count]) => [
    name,
    Number(count),
  ]),
);
/** Opened when they are first needed. */
const AT_NEED = [
  'purser audit',
  'purser chores',
  'purser keys',
  'purser minted passwords',
  'purser searches',
  'purser statistics',
  'purser vault',
  'purser webhooks',
];

it('docs/operations.md names the connections of a replica, and how many there are', async () => {
  const total = Object.values(DOCUMENTED).reduce((sum, count) => sum + count, 0);
  expect(PAGE).toContain(`A replica opens at most ${total}, named`);

  await Promise.all(Array.from({ length: 20 }, () => issue(purser)));
  const read = () => purser.graphql('{ registries(projectId: "demo") { nodes { id } } }');
  await Promise.all(Array.from({ length: 4 }, read));
  const open = await withClient(purser.connectionString, async (client) => {
    const { rows } = await client.query<{ name: string; count: number }>(
      `select application_name as name, count(*)::int as count from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() group by 1`,
    );
    return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
  });
  for (const [name, count] of Object.entries(open)) {
    if (!AT_NEED.includes(name)) expect({ [name]: count }).toEqual({ [name]: DOCUMENTED[name] });
    else expect(count).toBeLessThanOrEqual(DOCUMENTED[name] ?? 0);
  }
  const expected = Object.keys(DOCUMENTED).filter((name) => !AT_NEED.includes(name));
  expect(Object.keys(open)).toEqual(expect.arrayContaining(expected));
});
