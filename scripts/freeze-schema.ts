import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDevelopmentIssuer } from '../src/adapters/auth/development-issuer.ts';
import { startEmbeddedPostgres } from '../src/adapters/postgres/embedded/server.ts';
import { SILENT } from '../src/adapters/postgres/logger.ts';
import { readMigrations } from '../src/adapters/postgres/migration-files.ts';
import { startService } from '../src/compose.ts';
import { readConfig } from '../src/config/config.ts';
import { PERMISSIONS } from '../src/domain/permissions.ts';
import { createLogger } from '../src/logger.ts';
import { fill } from './frozen-schema/fill.ts';
import { freezeMigrations } from './frozen-schema/frozen-migrations.ts';
import { freezeRows } from './frozen-schema/rows.ts';
import { PLAN, REFUSING_REGISTRY } from './seed/plan.ts';
import { createPurserApi } from './seed/purser-api.ts';
import { seed } from './seed/seed.ts';

/**
 * `npm run -s freeze-schema`, at each release with new migrations: from then on a test refuses changes of the migrations
 * that there are now, and another one migrates the rows that are frozen here to every later schema. The passwords are
 * random and were never valid, so the key that they are sealed under opens nothing that matters. Run in the project folder.
 */
const version = (await readMigrations()).at(-1)?.version ?? 0;
const folder = join('test/frozen-schemas', String(version).padStart(4, '0'));
if (existsSync(folder)) throw new Error(`Schema ${version} is frozen already, in ${folder}.`);
await mkdir(folder, { recursive: true });
const dataDir = await mkdtemp(join(tmpdir(), 'purser-freeze-'));
try {
  const server = await startEmbeddedPostgres({ dataDir, logger: SILENT });
  try {
    await fillDatabase(server.connectionString);
    await writeFile(join(folder, 'rows.json.gz'), await freezeRows(server.connectionString));
    await copyFile(join(dataDir, 'master-key'), join(folder, 'master-key'));
  } finally {
    await server.stop();
  }
  await freezeMigrations();
  process.stdout.write(`Schema ${version} is frozen: commit schema/frozen-migrations.json and ${folder}.\n`);
} catch (error) {
  await rm(folder, { recursive: true });
  throw error;
} finally {
  await rm(dataDir, { recursive: true, force: true });
}

async function fillDatabase(connectionString: string): Promise<void> {
  const config = readConfig({
    DATABASE_URL: connectionString,
    PURSER_DATA_DIR: dataDir,
    PORT: '0',
    EGRESS_ALLOW: REFUSING_REGISTRY,
    PLAIN_HTTP_HOSTS: REFUSING_REGISTRY,
  });
  const service = await startService(config, createLogger('error'));
  try {
    const issuer = await openDevelopmentIssuer(dataDir);
    const tokenFor = (subject: string, projectIds: readonly string[], permissions: readonly string[]) =>
      issuer.signToken({ subject, projectIds, permissions, ttlSeconds: 600 });
    await seed({ url: service.url, tokenFor, say: (line) => process.stdout.write(`${line}\n`) });
    const [{ id = 'frozen' } = {}] = PLAN;
    await fill(createPurserApi(service.url, await tokenFor('ada', [id], Object.values(PERMISSIONS))), id);
  } finally {
    await service.close();
  }
}
