import type { KnownArchive } from '../../../application/ports/audit-archive.ts';
import type { EventAuthenticator } from '../../../application/ports/event-authenticator.ts';
import type { Queryable } from '../statement.ts';

/** In the table `projection.audit_archives`: an archive whose entries are still in the table of entries. */
export interface ArchiveOfProject extends KnownArchive {
  readonly projectId: string;
}

interface ArchiveRow {
  readonly project_id: string;
  readonly last: number;
  /** In milliseconds since 1970. */
  readonly before: number;
  readonly code: string;
}

const COLUMNS = `project_id, last::float8 as last, (extract(epoch from occurred_before) * 1000)::float8 as before, code`;

type Verifier = Pick<EventAuthenticator, 'isAuthenticText'>;

export async function rememberArchive(
  database: Queryable,
  archive: ArchiveOfProject,
  authenticator: Pick<EventAuthenticator, 'signText'>,
): Promise<void> {
  const { projectId, last, before } = archive;
  await database.query({
    name: 'remember-archive',
    text: `insert into projection.audit_archives (project_id, last, occurred_before, code) values ($1, $2, $3, $4)
      on conflict (project_id, last) do update set occurred_before = excluded.occurred_before, code = excluded.code`,
    values: [projectId, last, before, authenticator.signText(signed(archive))],
  });
}

/** Of one project, without rows that somebody other than Purser wrote. */
export async function archivesOf(
  database: Queryable,
  projectId: string,
  authenticator: Verifier,
): Promise<readonly ArchiveOfProject[]> {
  const { rows } = await database.query<ArchiveRow>({
    name: 'archives-of',
    text: `select ${COLUMNS} from projection.audit_archives where project_id = $1 order by audit_archives.last`,
    values: [projectId],
  });
  return authenticOf(rows, authenticator);
}

export interface ArchivePage {
  readonly archives: readonly ArchiveOfProject[];
  /** What the next page begins after; undefined if this was the last one. */
  readonly next: readonly [projectId: string, last: number] | undefined;
}

/** Of all projects, by project and entry, without rows that somebody other than Purser wrote. */
export async function pageOfArchives(
  database: Queryable,
  { after, limit }: { readonly after: ArchivePage['next']; readonly limit: number },
  authenticator: Verifier,
): Promise<ArchivePage> {
  const { rows } = await database.query<ArchiveRow>({
    name: 'page-of-archives',
    text: `select ${COLUMNS} from projection.audit_archives where (project_id, last) > ($1, $2)
      order by audit_archives.project_id, audit_archives.last limit $3`,
    values: [...(after ?? ['', 0]), limit],
  });
  const end = rows.length < limit ? undefined : rows.at(-1);
  return { archives: authenticOf(rows, authenticator), next: end && [end.project_id, end.last] };
}

/** Of those whose entries have left the table. */
export async function forgetArchives(
  database: Queryable,
  { projectId, last }: Pick<ArchiveOfProject, 'projectId' | 'last'>,
): Promise<void> {
  await database.query({
    name: 'forget-archives',
    text: 'delete from projection.audit_archives where project_id = $1 and last <= $2',
    values: [projectId, last],
  });
}

function authenticOf(rows: readonly ArchiveRow[], authenticator: Verifier): readonly ArchiveOfProject[] {
  return rows.flatMap(({ project_id: projectId, last, before, code }) => {
    const archive = { projectId, last, before: new Date(before).toISOString() };
    return authenticator.isAuthenticText(signed(archive), code) ? [archive] : [];
  });
}

/** What the code covers. */
function signed({ projectId, last, before }: ArchiveOfProject) {
  return { purpose: 'audit archive', text: JSON.stringify([projectId, last, Date.parse(before)]) } as const;
}
