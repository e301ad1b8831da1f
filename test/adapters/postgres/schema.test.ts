import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeDatabase } from '../../../scripts/database-schema.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { withClient } from '../../support/server-databases.ts';

const DUMP = fileURLToPath(new URL('../../../schema/database.txt', import.meta.url));

it('matches schema/database.txt; `npm run -s generate` rewrites it', async () => {
  const { connectionString } = await createTestDatabase();
  expect(await describeDatabase(connectionString)).toBe(await readFile(DUMP, 'utf8'));
});

it.each([
  ['a column', 'alter table vault.secrets add column another int'],
  ['a type', 'alter table read_models.leases alter column pipeline type varchar(10)'],
  ['a default', 'alter table read_models.leases alter column pipeline set default 1'],
  ['a nullable column', 'alter table read_models.leases alter column pipeline drop not null'],
  ['the storage of a column', 'alter table vault.secrets alter column ciphertext set storage main'],
  ['an option of a table', 'alter table vault.secrets reset (fillfactor)'],
  ['a constraint', 'alter table vault.secrets drop constraint destroyed_means_gone'],
  ['an index', 'drop index read_models.leases_active'],
  ['a trigger', 'drop trigger shred on vault.secrets'],
  ['a trigger that is off', 'alter table log.events disable trigger append_only'],
  ['a right', 'grant delete on log.events to public'],
  [
    'a function',
    'create or replace function vault.destroy_secrets(secret_ids uuid[]) returns void language sql as $$ $$',
  ],
  ['a schema', 'create schema another'],
  ['a sequence', 'create sequence vault.another'],
])('shows that %s has changed', async (_, change) => {
  const { connectionString } = await createTestDatabase();
  const before = await describeDatabase(connectionString);
  await withClient(connectionString, (client) => client.query(change));
  expect(await describeDatabase(connectionString)).not.toBe(before);
});
