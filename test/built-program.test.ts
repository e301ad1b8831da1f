import { readFileSync } from 'node:fs';
import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPurserHome, type PurserHome } from './support/purser-process.ts';

let home: PurserHome;
beforeAll(async () => {
  home = await createPurserHome();
  await home.start();
});
afterAll(() => home.remove());

it('serves the schema as it is printed: bundling renamed none of the classes that types are named after', async () => {
  const response = await fetch(`${home.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${home.issuer.token()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: getIntrospectionQuery() }),
  });
  const { data } = (await response.json()) as { data: Parameters<typeof buildClientSchema>[0] };
  const printed = buildSchema(readFileSync('schema/schema.graphql', 'utf8'));
  expect(printSchema(lexicographicSortSchema(buildClientSchema(data)))).toBe(
    printSchema(lexicographicSortSchema(printed)),
  );
});
