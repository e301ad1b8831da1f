import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { type Migration, readMigrations } from '../../src/adapters/postgres/migration-files.ts';

const FILE = 'schema/frozen-migrations.json';
const checksums = z.record(z.string(), z.string());

/** By the name of each migration that must never change again. Empty until a schema was frozen. */
export type FrozenMigrations = z.infer<typeof checksums>;

export async function readFrozenMigrations(): Promise<FrozenMigrations> {
  return checksums.parse(JSON.parse(await readFile(FILE, 'utf8')));
}

export async function freezeMigrations(): Promise<void> {
  const frozen = (await readMigrations()).map(({ name, checksum }) => [name, checksum]);
  await writeFile(FILE, `${JSON.stringify(Object.fromEntries(frozen), undefined, 2)}\n`);
}

/** What is wrong with the migrations, each with what to do. Empty: nothing. */
export function changedSinceFrozen(
  frozen: FrozenMigrations,
  migrations: readonly Pick<Migration, 'name' | 'checksum' | 'version'>[],
): string[] {
  const next = String((migrations.at(-1)?.version ?? 0) + 1).padStart(4, '0');
  const found = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  return Object.entries(frozen)
    .filter(([name, checksum]) => found.get(name) !== checksum)
    .map(([name]) => {
      const what = found.has(name) ? 'was changed' : 'is missing';
      return `${name} ${what}, although databases have it. Restore it, and add a new file for the change: migrations/${next}_what_it_does.sql.`;
    });
}
