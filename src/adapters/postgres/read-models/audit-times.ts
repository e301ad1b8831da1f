import type { Instant } from '../../../domain/instant.ts';
import { named, type Queryable } from '../statement.ts';

/**
 * How far the times of entries and of heads can be out of the order of the log, as the clocks of replicas differ. Within it both
 * ends of a range are found by the index of times, which reads no other entries.
 */
const MOST_DISORDER = `interval '1 day'`;
const ENTRIES = 'read_models.audit_entries where project_id = $1';
const HEADS = 'log.signed_heads where project_id = $1';

/** The first entry of this time or later, or the place after all: all before it are older. */
export async function firstFrom(database: Queryable, projectId: string, from: Instant): Promise<number> {
  // Without the offset Postgres would look for the first of all entries that is of this time.
  const found = await number(
    database,
    `select coalesce((select min(sequence) from (select sequence from ${ENTRIES} and occurred_at >= $2 and occurred_at <=
        (select min(occurred_at) from ${ENTRIES} and occurred_at >= $2) + ${MOST_DISORDER} offset 0) of_time),
      (select max(sequence) from ${ENTRIES}) + 1)::float8 as number`,
    [projectId, from],
  );
  // It is the one after this, but if a clock was wrong by more.
  const older = await number(
    database,
    `select sequence::float8 as number from ${ENTRIES} and sequence < $2 and occurred_at < $3
      order by audit_entries.sequence desc limit 1`,
    [projectId, found ?? 1, from],
  );
  return (older ?? 0) + 1;
}

/**
 * The last entry of before this time, or that was signed before it, as by a clock that is behind.
 *
 * @param known - where the log begins: the last one is not before this
 */
export async function lastBefore(database: Queryable, projectId: string, to: Instant, known: number): Promise<number> {
  const last = Math.max(known, await lastOfBefore(database, projectId, to));
  const signed = await number(
    database,
    `select max(sequence)::float8 as number from ${HEADS} and sequence > $2 and signed_at < $3 and sequence < coalesce(
      (select sequence from ${HEADS} and sequence > $2 and signed_at >= $3::timestamptz + ${MOST_DISORDER}
        order by sequence limit 1), ${Number.MAX_SAFE_INTEGER})`,
    [projectId, last, to],
  );
  return signed ?? last;
}

/** All entries after it are of this time or later. 0 if there is none. */
async function lastOfBefore(database: Queryable, projectId: string, to: Instant): Promise<number> {
  const found = await number(
    database,
    `select max(sequence)::float8 as number from (select sequence from ${ENTRIES} and occurred_at < $2 and occurred_at >=
      (select max(occurred_at) from ${ENTRIES} and occurred_at < $2) - ${MOST_DISORDER} offset 0) of_time`,
    [projectId, to],
  );
  if (found === undefined) return 0;
  // None is older behind it, but if a clock was wrong by more.
  const last = await number(
    database,
    `select coalesce((select sequence - 1 from ${ENTRIES} and sequence > $2 and occurred_at >= $3
        order by audit_entries.sequence limit 1), (select max(sequence) from ${ENTRIES}))::float8 as number`,
    [projectId, found, to],
  );
  return last ?? found;
}

export async function newestEntry(database: Queryable, projectId: string): Promise<number> {
  return (await number(database, `select max(sequence)::float8 as number from ${ENTRIES}`, [projectId])) ?? 0;
}

async function number(database: Queryable, text: string, values: unknown[]): Promise<number | undefined> {
  const { rows } = await database.query<{ number: number | null }>(named('audit-range', text, values));
  return rows[0]?.number ?? undefined;
}
