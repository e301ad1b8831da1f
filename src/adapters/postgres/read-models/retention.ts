import type { EventAuthenticator } from '../../../application/ports/event-authenticator.ts';
import type { SharedNow } from '../../../application/ports/shared-clock.ts';
import { LEASE_TTL_SECONDS } from '../../../domain/lease.ts';
import type { Queryable } from '../statement.ts';
import { type Removed, type RemovedTable, removeRows } from './removed-rows.ts';

/** Of changes, so much stays: what was written within this time, and so many of each project whatever their age. */
export const CHANGES_KEPT = { ms: 24 * 3_600_000, count: 10_000 } as const;

/** Rows that one statement removes: others are not to wait for long for the disk. */
const A_STATEMENT = 1_000;
const STATEMENTS_A_CALL = 20;
const PROJECTS_A_CALL = 200;

const MAX_LEASE_MS = LEASE_TTL_SECONDS.max * 1000;

export interface RetentionDeps {
  /** Connections that nothing else waits for. */
  readonly database: Queryable;
  readonly authenticator: Pick<EventAuthenticator, 'signText'>;
  readonly now: () => number;
  /** What is removed stays away, so the clock of one machine is not enough. */
  readonly sharedNow: SharedNow;
  /** How long a lease stays after its end, in milliseconds. Undefined: always. */
  readonly leasesMs: number | undefined;
  /** How long a notice stays. Undefined: always. */
  readonly noticesMs: number | undefined;
}

interface Kept {
  readonly what: RemovedTable;
  /** How long a row stays after `at`. */
  readonly ms: number;
  readonly at: string;
  /** The order of a project's rows, by an index. */
  readonly order: string;
  /** The order as a number: see `Removed.upTo`. */
  readonly place: string;
  /** So many of each project stay, whatever their age. */
  readonly count: number;
}

/**
 * Removes what was kept long enough. Each call looks at the next two hundred projects of each table, and removes twenty
 * thousand rows at most.
 */
export function createRetention(deps: RetentionDeps): () => Promise<void> {
  const rounds = keptOf(deps).map((kept) => createRound(deps, kept));
  return async () => {
    for (const round of rounds) await round();
  };
}

function keptOf({ leasesMs, noticesMs }: RetentionDeps): readonly Kept[] {
  const bySequence = { order: 'sequence', place: 'sequence::float8' };
  return [
    { what: 'changes', ...CHANGES_KEPT, at: 'written_at', ...bySequence },
    // The last one stays, because it is where the feed ends.
    ...(noticesMs === undefined
      ? []
      : [{ what: 'notices', ms: noticesMs, at: 'occurred_at', count: 1, ...bySequence } as const]),
    // By the time of issue, which has an index and never changes: all leases have ended that much later.
    ...(leasesMs === undefined
      ? []
      : [
          {
            what: 'leases',
            ms: leasesMs + MAX_LEASE_MS,
            at: 'issued_at',
            count: 0,
            order: 'issued_at',
            place: `(extract(epoch from issued_at) * 1000)::float8`,
          } as const,
        ]),
  ];
}

function createRound({ database, authenticator, now, sharedNow }: RetentionDeps, kept: Kept): () => Promise<void> {
  let after = '';
  return async () => {
    const until = new Date(Math.min(now(), await sharedNow()) - kept.ms).toISOString();
    let left = STATEMENTS_A_CALL;
    for (;;) {
      const { removable, next } = await findRemovable(database, kept, after, until);
      for (const removed of removable) {
        if (left === 0) return;
        await removeRows(database, removed, authenticator);
        left -= 1;
      }
      if (removable.length > 0) continue;
      after = next;
      return;
    }
  };
}

interface Found {
  /** What one statement is to remove of each project. */
  readonly removable: readonly Removed[];
  /** The project that the next call begins after; none for the first. */
  readonly next: string;
}

/** Looks at the next projects by an index, and only at those rows that may go. */
async function findRemovable(
  database: Queryable,
  { what, at, order, place, count }: Kept,
  after: string,
  until: string,
): Promise<Found> {
  const table = `read_models.${what}`;
  const { rows } = await database.query<{ projectId: string; upTo: number | null }>({
    name: `removable-${what}`,
    text: `with recursive projects as (
        (select project_id, 1 as place from ${table} where project_id > $1 order by project_id limit 1)
        union all
        select (select project_id from ${table} where project_id > p.project_id order by project_id limit 1), p.place + 1
        from projects p where p.project_id is not null and p.place < ${PROJECTS_A_CALL}
      )
      select p.project_id as "projectId", case when is_old then (
        with oldest as (
          select ${order}, ${at} as at from ${table} where project_id = p.project_id order by ${order} limit ${A_STATEMENT}
        )
        select max(${place}) from oldest
        where not coalesce(${order} >= (select min(${order}) from oldest where at > $2), false)
          ${count === 0 ? '' : `and ${order} < (${newest(table, order, count)})`}
      ) end as "upTo"
      from projects p cross join lateral (
        select ${at} <= $2 as is_old from ${table} where project_id = p.project_id order by ${order} limit 1
      ) first
      where p.project_id is not null order by p.project_id`,
    values: [after, until],
  });
  const removable = rows.flatMap(({ projectId, upTo }) => (upTo === null ? [] : [{ what, projectId, upTo }]));
  return { removable, next: rows.length < PROJECTS_A_CALL ? '' : (rows.at(-1)?.projectId ?? '') };
}

/** The first of the newest rows that stay; null if there are fewer. */
function newest(table: string, order: string, count: number): string {
  return `select ${order} from ${table} where project_id = p.project_id order by ${order} desc offset ${count - 1} limit 1`;
}
