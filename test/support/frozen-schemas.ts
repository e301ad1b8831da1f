import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadRows, openFrozenRows } from '../../scripts/frozen-schema/rows.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { findMigrationsDir } from '../../src/adapters/postgres/migration-files.ts';
import { createEmptyDatabase } from './postgres.ts';

const FOLDER = fileURLToPath(new URL('../frozen-schemas', import.meta.url));

/** The folders that `npm run -s freeze-schema` has made, oldest first. */
export async function frozenSchemas(): Promise<string[]> {
  const names = await readdir(FOLDER).catch(() => []);
  return names.filter((name) => /^\d{4}$/.test(name)).sort();
}

/** What was frozen under this name: the rows, and the content of the key file. */
export async function readFrozenSchema(name: string): Promise<{ readonly rows: Buffer; readonly key: string }> {
  const [rows, key] = await Promise.all(
    ['rows.json.gz', 'master-key'].map((file) => readFile(join(FOLDER, name, file))),
  );
  if (rows === undefined || key === undefined) throw new Error(`${name} was not read`);
  return { rows, key: key.toString() };
}

/** A database as it was when the rows were frozen, with the migrations of that time alone. @returns its address */
export async function restoreFrozen(frozen: Buffer): Promise<string> {
  const rows = openFrozenRows(frozen);
  const database = await createEmptyDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'frozen-migrations-'));
  try {
    for (const { name } of rows.migrations) await copyFile(join(findMigrationsDir(), name), join(folder, name));
    await migrate(database, folder);
    await loadRows(database, rows);
    return database;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
