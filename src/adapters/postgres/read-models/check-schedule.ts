import type { CheckSchedule } from '../../../application/ports/read-models.ts';
import type { Queryable } from '../statement.ts';
import { FAILING, TESTED } from './registry-filters.ts';
import { TELLING } from './registry-queries.ts';

/** How many registries one look reads, however many there are. */
const LOOKED_AT = 1_000;

/** From 0 to 1: different for each registry, and always the same for one. */
const PLACE = '((hashtext(id::text)::float8 + 2147483648) / 4294967296)';

/** When the current version was last tested, empty for never. Times of this form have the order of their texts. */
const TESTED_AT = `(case when ${TESTED} then health->>'testedAt' else '' end) collate "C"`;

const DUE = `with looked as materialized (
    select project_id, id, health, credential_version, expires_at, ${TESTED_AT} as tested_at
    from read_models.registries
    where phase = 'live' and not secret_missing and ${TESTED_AT} < $2 and (${TESTED_AT}, id) > ($7, $8::uuid)
    order by ${TESTED_AT}, id limit ${LOOKED_AT}
  ), due as (
    select r.project_id, r.id, ${FAILING} as refused, ${TELLING} as repository, r.tested_at
    from looked r left join read_models.registry_uses u on u.registry_id = r.id
    where (expires_at is null or expires_at > $1) and id <> all($4::uuid[])
      and (tested_at = '' or tested_at::timestamptz < case when ${FAILING} then $6 else $2 end::timestamptz
        - ${PLACE} * $3 * interval '1 ms')
    order by tested_at, id limit $5
  )
  select * from due
  union all
  (select null, id, null, null, tested_at from looked order by tested_at, id offset ${LOOKED_AT - 1})`;

interface DueRow {
  /** Null for the last row that was looked at. */
  readonly project_id: string | null;
  readonly id: string;
  readonly refused: boolean;
  readonly repository: string | null;
  readonly tested_at: string;
}

const FIRST = { testedAt: '', id: '00000000-0000-0000-0000-000000000000' };

export function createCheckSchedule(database: Queryable, now: () => number): CheckSchedule {
  return {
    async due({ testedBefore, spreadMs, refusedBefore, except, limit, after = FIRST }) {
      const at = new Date(now()).toISOString();
      const values = [at, testedBefore, spreadMs, except, limit, refusedBefore, after.testedAt, after.id];
      const { rows } = await database.query<DueRow>({ name: 'registries-due', text: DUE, values });
      const due = rows.filter((row) => row.project_id !== null);
      const last = due.length === limit ? due.at(-1) : rows.find((row) => row.project_id === null);
      return {
        due: due.map(({ project_id, id, refused, repository }) => ({
          projectId: project_id ?? '',
          registryId: id,
          refused,
          repository,
        })),
        next: last && { testedAt: last.tested_at, id: last.id },
      };
    },
  };
}
