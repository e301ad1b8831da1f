import { createAuditHeads } from '../adapters/postgres/audit-heads.ts';
import { createDoctorQueries } from '../adapters/postgres/doctor/doctor-queries.ts';
import { createAuditArchive } from '../adapters/postgres/read-models/audit-archive.ts';
import type { Queryable } from '../adapters/postgres/statement.ts';
import { type Archived, archiveAuditLog } from '../application/audit/archive-audit-log.ts';
import type { EventAuthenticator } from '../application/ports/event-authenticator.ts';
import { ed25519PublicKey } from '../domain/audit-head.ts';
import type { Instant } from '../domain/instant.ts';
import { openArchiveFolder } from './archive-folder.ts';
import { openAuditExport } from './audit-export.ts';

export interface ArchiveAuditLogsOptions {
  readonly before: Instant;
  readonly folder: string;
  /** See `ArchiveAuditLogDeps`. */
  readonly removes: boolean;
}

/** Archives all audit logs, one after the other. Gives the files. */
export async function* archiveAuditLogs(
  database: Queryable,
  authenticator: Pick<EventAuthenticator, 'signText' | 'isAuthenticText'>,
  { before, folder, removes }: ArchiveAuditLogsOptions,
): AsyncGenerator<Archived, void, undefined> {
  const keys = await createAuditHeads(database).keys();
  const exportLog = openAuditExport(database);
  const deps = {
    archive: createAuditArchive(database, authenticator),
    exportLog: (log: Parameters<typeof exportLog>[0]) => exportLog(log, 'ndjson'),
    publicKeys: new Map(
      keys.map(({ keyId, publicKey }) => [keyId, ed25519PublicKey(Buffer.from(publicKey, 'base64'))]),
    ),
    removes,
    store: await openArchiveFolder(folder),
  };
  for await (const projectId of createDoctorQueries(database).auditedProjects()) {
    yield* archiveAuditLog(projectId, before, deps);
  }
}
