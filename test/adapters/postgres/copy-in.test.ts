import fc from 'fast-check';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyIn } from '../../../src/adapters/postgres/copy-in.ts';
import { openSession } from '../../../src/adapters/postgres/session.ts';
import { createTestDatabase } from '../../support/postgres.ts';

let client: Client;

beforeAll(async () => {
  const { connectionString } = await createTestDatabase();
  client = await openSession({ connectionString, name: 'test copy' }, () => undefined);
  await client.query('create table things (place int, label text, details json, weight numeric, seen timestamptz(3))');
});
afterAll(() => client.end());

interface Thing {
  readonly place: number;
  readonly label: string | null;
  readonly details: object | null;
  readonly weight: number | null;
  readonly seen: string | null;
}

type Copy = (things: readonly Thing[]) => Promise<void>;
const copyThings: Copy = (things) => copyIn(client, 'things', things);

/** Text that Postgres can store: well-formed and without NUL. */
const text = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('\\', '\t', '\n', '\r', 'N', '.', ',', '"', "'", '\v', '\b'),
      fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
    ),
  })
  .filter((value) => !value.includes('\0'));
const things = fc.array(
  fc.record({
    label: fc.option(text),
    details: fc.option(fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)))),
    weight: fc.option(fc.integer()),
    seen: fc.constantFrom('2026-02-03T04:05:06.789Z', null),
  }),
  { maxLength: 20 },
);

async function comesBack(copy: Copy): Promise<void> {
  await fc.assert(
    fc.asyncProperty(things, async (unplaced) => {
      const given = unplaced.map((thing, place) => ({ place, ...thing }));
      await client.query('truncate things');
      await copy(given);
      const { rows } = await client.query<Thing>('select * from things order by place');
      const expected = given.map(({ weight, details, ...thing }) => ({
        ...thing,
        weight: weight === null ? null : String(weight),
        details: details && JSON.parse(JSON.stringify(details)),
      }));
      expect(rows.map((row) => ({ ...row }))).toEqual(expected);
    }),
    { numRuns: 150 },
  );
}

describe('copied rows', () => {
  it('come back unchanged, whatever their texts contain', async () => {
    await comesBack(copyThings);
  });

  it('are caught differing if a backslash is not escaped', async () => {
    const unescaped: Copy = (given) =>
      copyThings(given.map(({ label, ...thing }) => ({ ...thing, label: label?.replaceAll('\\', '') ?? null })));
    await expect(comesBack(unescaped)).rejects.toThrow();
  });

  it('have null where a row has nothing, as rows in JSON have', async () => {
    await client.query('truncate things');
    await copyIn(client, 'things', [{ place: 1, label: undefined, details: undefined, weight: undefined }]);
    const [row] = (await client.query('select label, details, weight from things')).rows;
    expect({ ...row }).toEqual({ label: null, details: null, weight: null });
  });

  it('are all missing if one is refused, and the connection can be used again', async () => {
    await client.query('truncate things');
    const thing = { place: 1, label: null, details: null, weight: null, seen: null };
    await expect(copyThings([thing, { ...thing, seen: 'never' }])).rejects.toThrow(/timestamp/);
    expect((await client.query('select * from things')).rows).toEqual([]);
    await copyThings([thing]);
    expect((await client.query('select * from things')).rows).toHaveLength(1);
  });
});
