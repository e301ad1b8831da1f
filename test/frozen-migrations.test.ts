import { describe, expect, it } from 'vitest';
import { changedSinceFrozen, readFrozenMigrations } from '../scripts/frozen-schema/frozen-migrations.ts';
import { readMigrations } from '../src/adapters/postgres/migration-files.ts';

describe('the migrations that were frozen at a release', () => {
  it('are as they were', async () => {
    expect(changedSinceFrozen(await readFrozenMigrations(), await readMigrations())).toEqual([]);
  });

  it('are each named if they were changed or removed, with what to do; new ones are free', () => {
    const frozen = { '0001_a.sql': 'one', '0002_b.sql': 'two', '0003_c.sql': 'three' };
    const now = [
      { version: 1, name: '0001_a.sql', checksum: 'one' },
      { version: 2, name: '0002_b.sql', checksum: 'other' },
      { version: 4, name: '0004_d.sql', checksum: 'four' },
    ];
    const add = 'Restore it, and add a new file for the change: migrations/0005_what_it_does.sql.';
    expect(changedSinceFrozen(frozen, now)).toEqual([
      `0002_b.sql was changed, although databases have it. ${add}`,
      `0003_c.sql is missing, although databases have it. ${add}`,
    ]);
  });
});
