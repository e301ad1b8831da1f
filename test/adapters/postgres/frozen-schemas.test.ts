import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fill } from '../../../scripts/frozen-schema/fill.ts';
import { freezeRows } from '../../../scripts/frozen-schema/rows.ts';
import { createPurserApi } from '../../../scripts/seed/purser-api.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { findMigrationsDir, readMigrations } from '../../../src/adapters/postgres/migration-files.ts';
import { PERMISSIONS } from '../../../src/domain/permissions.ts';
import { frozenSchemas, readFrozenSchema, restoreFrozen } from '../../support/frozen-schemas.ts';
import { startPurser } from '../../support/purser.ts';
import { PROGRAM } from '../../support/purser-process.ts';
import { createTestIssuer } from '../../support/tokens.ts';

interface Report {
  readonly status: string;
  readonly checks: readonly { readonly check: string; readonly status: string }[];
}

/** What is not all right after the service has started on the database and stopped again, in the words of `purser doctor`. */
async function faultsAfterStart(database: string, keyFile: string): Promise<string[]> {
  const issuer = createTestIssuer();
  const environment = {
    DATABASE_URL: database,
    MASTER_KEY_FILE: keyFile,
    JWT_ISSUERS: issuer.jwtIssuers,
    PORT: '0',
  };
  const purser = await startPurser({ replicaOf: { connectionString: database, environment, token: issuer.token } });
  await fill(createPurserApi(purser.url, issuer.token({ projects: { later: Object.values(PERMISSIONS) } })), 'later');
  await purser.stop();
  const report = await doctor(environment);
  expect(report.checks.length).toBeGreaterThan(10);
  return report.checks.filter(({ status }) => status !== 'ok').map(({ check, status }) => `${check}: ${status}`);
}

function doctor(environment: Readonly<Record<string, string>>): Promise<Report> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH, ...environment };
    execFile(process.execPath, [PROGRAM, 'doctor', '--json'], { env }, (error, stdout, stderr) => {
      if (stdout.startsWith('{')) resolve(JSON.parse(stdout));
      else reject(new Error(stderr, { cause: error }));
    });
  });
}

let folder: string;
let keyFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frozen-schema-'));
  keyFile = join(folder, 'master-key');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

for (const name of await frozenSchemas()) {
  it(`a database with the rows of schema ${name} is migrated to this one, and nothing is wrong with it`, async () => {
    const { rows, key } = await readFrozenSchema(name);
    await writeFile(keyFile, key, { mode: 0o600 });
    const database = await restoreFrozen(rows);
    const { applied } = await migrate(database);
    expect(applied).toHaveLength((await readMigrations()).filter(({ version }) => version > Number(name)).length);
    expect(await faultsAfterStart(database, keyFile)).toEqual([]);
  });
}

describe('a database with the rows of this schema', () => {
  let frozen: Buffer;
  beforeAll(async () => {
    const purser = await startPurser();
    await fill(createPurserApi(purser.url, purser.token()), 'demo');
    await copyFile(join(purser.environment.PURSER_DATA_DIR ?? '', 'master-key'), keyFile);
    await purser.stop();
    frozen = await freezeRows(purser.connectionString);
  });

  /** Restores it, applies one more migration, and gives the faults. */
  async function faultsAfter(sql: string): Promise<string[]> {
    const database = await restoreFrozen(frozen);
    const migrations = await mkdtemp(join(folder, 'migrations-'));
    for (const name of await readdir(findMigrationsDir())) {
      await copyFile(join(findMigrationsDir(), name), join(migrations, name));
    }
    const known = String((await readMigrations()).at(-1)?.version).padStart(4, '0');
    const next = `${String(Number(known) + 1).padStart(4, '0')}_next.sql`;
    await writeFile(join(migrations, next), `-- compatible since: ${known}\n${sql}`);
    expect(await migrate(database, migrations)).toEqual({ applied: [next], newer: [] });
    return faultsAfterStart(database, keyFile);
  }

  /** This build does not know the migration, and says so. */
  const ALL_RIGHT = ['migrations: warning'];

  it('is restored as it was, and nothing is wrong with it', async () => {
    expect(await faultsAfterStart(await restoreFrozen(frozen), keyFile)).toEqual([]);
  });

  it('is all right after a migration that changes filled tables', async () => {
    const sql = `alter table read_models.registries add column more int not null default 7;
      alter table vault.secrets add column more text;
      create index more on log.events (type);`;
    expect(await faultsAfter(sql)).toEqual(ALL_RIGHT);
  });

  it.each([
    ['read models', `update read_models.registries set username = upper(username)`],
    [
      'secrets',
      `update vault.secrets set ciphertext = set_byte(ciphertext, 40, 255 - get_byte(ciphertext, 40)) where ciphertext is not null`,
    ],
    ['audit entries', `update read_models.audit_entries set actor = 'somebody' where sequence = 3`],
  ])(
    'is found out if a migration damages its %s',
    async (_, sql) => {
      expect((await faultsAfter(sql)).filter((fault) => fault.endsWith(': failed'))).not.toEqual([]);
    },
    60_000,
  );
});
