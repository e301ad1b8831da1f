import { escapeLiteral } from 'pg';
import type { EventAuthenticator } from '../../../application/ports/event-authenticator.ts';
import type { Queryable } from '../statement.ts';
import { LIVE, type Rows } from './read-model.ts';

/** The tables that rows are removed from after a while. */
export type RemovedTable = 'changes' | 'notices' | 'leases' | 'audit_entries';

/** Up to where a project's rows are removed: the number of a change, notice or audit entry, or when a lease was issued, in milliseconds since 1970. */
export interface Removed {
  readonly what: RemovedTable;
  readonly projectId: string;
  readonly upTo: number;
}

/** In SQL, what is compared with `Removed.upTo`. */
const PLACE: { readonly [What in RemovedTable]: string } = {
  changes: 't.sequence <= r."upTo"',
  notices: 't.sequence <= r."upTo"',
  audit_entries: 't.sequence <= r."upTo"',
  leases: `t.issued_at <= timestamptz 'epoch' + r."upTo" * interval '1 millisecond'`,
};

const REMEMBER = `insert into projection.removed_rows as known (what, project_id, up_to, code) values ($1, $2, $3, $4)
  on conflict (what, project_id) do update set up_to = excluded.up_to, code = excluded.code where excluded.up_to > known.up_to`;

type Signer = Pick<EventAuthenticator, 'signText'>;
type Verifier = Pick<EventAuthenticator, 'isAuthenticText'>;

/** Remembers rows as removed that `deleteRemoved` then deletes, however many there are. */
export async function rememberRemoved(database: Queryable, removed: Removed, authenticator: Signer): Promise<void> {
  const { what, projectId, upTo } = removed;
  await database.query({
    name: 'remember-removed',
    text: REMEMBER,
    values: [what, projectId, upTo, authenticator.signText(signed(removed))],
  });
}

/** Forgets a row that somebody other than Purser wrote: it would stand in the way of what is removed from now on. */
export async function forgetForged(
  database: Queryable,
  { what, projectId }: Pick<Removed, 'what' | 'projectId'>,
  authenticator: Verifier,
): Promise<void> {
  const known = await removedRows(database, { what, projectId });
  for (const { code, ...removed } of known) {
    if (authenticator.isAuthenticText(signed(removed), code)) continue;
    await database.query({
      name: 'forget-forged',
      text: 'delete from projection.removed_rows where what = $1 and project_id = $2 and code = $3',
      values: [what, projectId, code],
    });
  }
}

export const DELETED_AT_ONCE = 1_000;

/**
 * Deletes up to a thousand audit entries that are remembered as removed: call it with what `readRemoved` gives, because
 * anyone who writes to the database could remember more. @returns how many there were
 */
export async function deleteRemoved(database: Queryable, { projectId, upTo }: Removed): Promise<number> {
  const { rows } = await database.query<{ deleted: number }>({
    name: 'delete-removed',
    text: `with old as (
        select e.project_id, e.sequence from ${LIVE}.audit_entries e
        where e.project_id = $1 and e.sequence <= $2 order by e.sequence limit ${DELETED_AT_ONCE}
      ), deleted as (
        delete from ${LIVE}.audit_entries e using old
        where e.project_id = old.project_id and e.sequence = old.sequence returning 1
      ) select count(*)::int as deleted from deleted`,
    values: [projectId, upTo],
  });
  return rows[0]?.deleted ?? 0;
}

/** Removes rows and remembers up to where, in one statement, so that nobody sees one without the other. */
export async function removeRows(database: Queryable, removed: Removed, authenticator: Signer): Promise<void> {
  const { what, projectId, upTo } = removed;
  await database.query({
    name: `remove-${what}`,
    text: `with remembered as (
        ${REMEMBER}
      ) delete from ${LIVE}.${what} t using (select $3::bigint as "upTo") r where t.project_id = $2 and ${PLACE[what]}`,
    values: [what, projectId, upTo, authenticator.signText(signed(removed))],
  });
}

/** What was removed, of all tables and projects or of one, without rows that somebody other than Purser wrote. */
export async function readRemoved(
  database: Queryable,
  authenticator: Verifier,
  of?: Pick<Removed, 'what' | 'projectId'>,
): Promise<readonly Removed[]> {
  return (await removedRows(database, of))
    .filter(({ code, ...removed }) => authenticator.isAuthenticText(signed(removed), code))
    .map(({ code, ...removed }) => removed);
}

async function removedRows(database: Queryable, of?: Pick<Removed, 'what' | 'projectId'>) {
  const all = 'select what, project_id as "projectId", up_to::float8 as "upTo", code from projection.removed_rows';
  const { rows } = await database.query<Removed & { readonly code: string }>(
    of === undefined
      ? { name: 'removed-rows', text: all, values: [] }
      : {
          name: 'removed-rows-of',
          text: `${all} where what = $1 and project_id = $2`,
          values: [of.what, of.projectId],
        },
  );
  return rows;
}

/** Removes the same rows from read models that were made anew. */
export async function removeAgain(database: Queryable, schema: string, removed: readonly Removed[]): Promise<void> {
  for (const what of Object.keys(PLACE) as RemovedTable[]) {
    const ofTable = removed.filter((each) => each.what === what);
    if (ofTable.length === 0) continue;
    await database.query({
      name: `${schema}.remove-again-${what}`,
      text: `delete from ${schema}.${what} t using json_to_recordset($1::json) as r ("projectId" text, "upTo" bigint)
        where t.project_id = r."projectId" and ${PLACE[what]}`,
      values: [JSON.stringify(ofTable)],
    });
  }
}

/** In SQL, of a row `t`: audit entries count as removed before they are deleted, some at a time. */
export function yetToBeDeleted(table: string, removed: readonly Removed[]): string {
  const ofTable = removed.filter(({ what }) => what === 'audit_entries' && what === table);
  if (ofTable.length === 0) return 'false';
  return `exists (select from json_to_recordset(${escapeLiteral(JSON.stringify(ofTable))}::json) as r ("projectId" text, "upTo" bigint)
    where r."projectId" = t.project_id and ${PLACE.audit_entries})`;
}

/** Leaves out notices, changes and audit entries that were removed, so that a rebuild need not write them first. */
export function removedFilter(removed: readonly Removed[]): (added: readonly Rows[]) => readonly Rows[] {
  const upTo = new Map<string, Map<string, number>>();
  for (const { what, projectId, upTo: place } of removed) {
    const ofTable = upTo.get(what) ?? new Map<string, number>();
    upTo.set(what, ofTable.set(projectId, place));
  }
  return (added) =>
    added.map((each) => {
      const ofTable = upTo.get(each.table);
      if (ofTable === undefined) return each;
      return { ...each, rows: [...each.rows].filter((row) => !isRemoved(row, ofTable)) };
    });
}

function isRemoved(row: object, upTo: ReadonlyMap<string, number>): boolean {
  if (!('sequence' in row && 'project_id' in row)) return false;
  return Number(row.sequence) <= (upTo.get(String(row.project_id)) ?? 0);
}

/** Up to where the rows of one project are removed; 0 if none are. */
export async function removedUpTo(database: Queryable, what: RemovedTable, projectId: string): Promise<number> {
  const { rows } = await database.query<{ upTo: number }>({
    name: 'removed-up-to',
    text: `select up_to::float8 as "upTo" from projection.removed_rows where what = $1 and project_id = $2`,
    values: [what, projectId],
  });
  return rows[0]?.upTo ?? 0;
}

/** What the code covers. */
function signed({ what, projectId, upTo }: Removed) {
  return { purpose: 'removed rows', text: JSON.stringify([what, projectId, upTo]) } as const;
}
