import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFolder } from '../../package-folder.ts';

const FILE_NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;
/** A line of a file. Without it the migration is breaking: builds that do not know it refuse the database. */
const COMPATIBLE_SINCE = /^-- compatible since: (\d{4})$/m;

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
  /** A build that knows this migration works with the schema as it is after this one. */
  readonly compatibleSince: number;
}

/** The project's `migrations/`, beside its package.json. */
export function findMigrationsDir(): string {
  return join(packageFolder(), 'migrations');
}

/** In the order of their numbers. */
export async function readMigrations(folder: string = findMigrationsDir()): Promise<Migration[]> {
  const migrations: Migration[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const match = FILE_NAME.exec(name);
    if (!match) throw new Error(`${name} is not named like a migration: 0001_what_it_does.sql`);
    const version = Number(match[1]);
    if (version === migrations.at(-1)?.version) throw new Error(`two migrations have the number of ${name}`);
    const sql = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n');
    const compatibleSince = Number(COMPATIBLE_SINCE.exec(sql)?.[1] ?? version);
    if (compatibleSince < 1 || compatibleSince > version) {
      throw new Error(`${name} says "compatible since: ${compatibleSince}", which is not 1 to its own number`);
    }
    const checksum = createHash('sha256').update(sql).digest('hex');
    migrations.push({ version, name, sql, checksum, compatibleSince });
  }
  return migrations;
}
