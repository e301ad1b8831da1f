import { afterAll, beforeAll, expect, it } from 'vitest';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { createRateLimiter } from '../../../src/adapters/postgres/rate-limiter.ts';
import { createReadConnections, type ReadConnections } from '../../../src/adapters/postgres/read-connections.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let reads: ReadConnections;
beforeAll(async () => {
  database = await createTestDatabase();
  const { connectionString } = database;
  reads = createReadConnections({ connectionString, name: 'test turns', connections: 1, logger: SILENT });
});
afterAll(async () => {
  await reads?.close();
  await database?.drop();
});

it('a turn that is given back can be taken again, by its taker and by others, and only once', async () => {
  const turns = createRateLimiter(reads, { turns: 2, share: 1, windowSeconds: 600 });
  expect([await turns.take('key', 'ada'), await turns.take('key', 'grace')]).toEqual([0, 0]);
  expect(await turns.take('key', 'ada')).toBeGreaterThan(0);
  // Nothing of theirs was taken.
  for (const taker of ['nobody', 'grace', 'grace']) await turns.giveBack('key', taker);
  expect([await turns.take('key', 'ada'), await turns.take('key', 'joan')]).toEqual([expect.closeTo(600, -2), 0]);
  expect(await turns.take('key', 'grace')).toBeGreaterThan(0);
  await turns.giveBack('key', 'ada');
  expect(await turns.take('key', 'ada')).toBe(0);
});
