import {
  MAX_PIPELINES,
  type PipelineUseView,
  type RegistryQueries,
  type UsageView,
} from '../../../application/ports/read-models.ts';
import type { SlowReads } from '../slow-reads.ts';
import { named, type Queryable } from '../statement.ts';
import { TESTED } from './registry-filters.ts';
import { createRegistryList } from './registry-list.ts';
import { VIEW_COLUMNS, type ViewRow, viewOfRow } from './registry-view-row.ts';

/** The same as `activeLease`, of the registry `r`, at `$2`. An index has all that this reads. */
const ACTIVE_OF_REGISTRY = `l.registry_id = r.id and l.released_at is null and l.expires_at > $2
  and r.phase <> 'deleted' and l.credential_version >= r.first_version`;

/** See `tellingRepository`. Of the registry `r` with its last use `u`. */
export const TELLING = `coalesce(case when ${TESTED} then health->>'provedRepository' end, u.last_used_repository)`;

/** `slow` is for searches and counts. */
export function createRegistryQueries(
  database: Queryable,
  now: () => number,
  slow: SlowReads = { ofProject: () => database },
): RegistryQueries {
  return {
    ...createRegistryList(database, now, slow),

    async byId(projectId, id) {
      const text = `select ${VIEW_COLUMNS} from read_models.registries r where id = $1 and project_id = $2 and phase = 'live'`;
      const { rows } = await database.query<ViewRow>(named('registry', text, [id, projectId]));
      const [row] = rows;
      return row && viewOfRow(row);
    },

    async tellingRepository(projectId, id) {
      const text = `select ${TELLING} as repository from read_models.registries r
          left join read_models.registry_uses u on u.registry_id = r.id where r.id = $1 and r.project_id = $2`;
      const statement = named('registry-telling-repository', text, [id, projectId]);
      const { rows } = await database.query<{ repository: string | null }>(statement);
      return rows[0]?.repository ?? null;
    },

    async refusalTold(projectId, id) {
      const text = `select (told->>'refused')::int as refused from read_models.registries where id = $1 and project_id = $2`;
      const statement = named('registry-refusal-told', text, [id, projectId]);
      const { rows } = await database.query<{ refused: number | null }>(statement);
      return rows[0]?.refused ?? null;
    },

    async usage(registryIds) {
      const text = `select r.id, u.last_used_at, u.last_used_by,
          (select count(*)::int from read_models.leases l where ${ACTIVE_OF_REGISTRY}) as active_leases,
          case when r.retiring is null then 0 else (select count(*)::int from read_models.leases l
            where ${ACTIVE_OF_REGISTRY} and l.credential_version = (r.retiring->>'version')::int) end as retiring_leases,
          coalesce((select json_agg(json_build_object('pipeline', u.pipeline, 'lastUsedAt', ${asText('u.last_used_at')},
              'leases', u.leases, 'linked', u.linked, 'note', u.note) order by u.last_used_at desc nulls last, u.pipeline)
            from (${PIPELINES}) u), '[]') as pipelines
        from read_models.registries r left join read_models.registry_uses u on u.registry_id = r.id
        where r.id = any($1)`;
      const at = new Date(now()).toISOString();
      const { rows } = await database.query<UsageRow>(named('usage', text, [registryIds, at]));
      const byId = new Map(rows.map((row) => [row.id, usage(row)]));
      return registryIds.map((id) => byId.get(id) ?? UNUSED);
    },

    async recentPipelines(registryId) {
      const text = `select pipeline, last_used_at, leases, linked, note
        from (select $1::uuid as id) r cross join lateral ${RECENT_PIPELINES} recent
        order by last_used_at desc, pipeline`;
      const values = [registryId, new Date(now()).toISOString()];
      const { rows } = await database.query<PipelineUseRow>(named('recent-pipelines', text, values));
      return rows.map(pipelineUse);
    },

    async linkedPipelines(projectId, registryId) {
      const text = `select k.pipeline, u.last_used_at, coalesce(u.leases, 0) as leases, true as linked, k.note
        from read_models.registries r
          join read_models.pipeline_links k on k.registry_id = r.id
          left join read_models.pipeline_uses u on u.registry_id = k.registry_id and u.pipeline = k.pipeline
        where r.id = $1 and r.project_id = $2 order by k.pipeline`;
      const { rows } = await database.query<PipelineUseRow>(named('linked-pipelines', text, [registryId, projectId]));
      return rows.map(pipelineUse);
    },
  };
}

/** Those that used the registry `r` in the 30 days before `$2`. */
const RECENT_PIPELINES = `(select p.pipeline, p.last_used_at, p.leases, k.pipeline is not null as linked, k.note
      from read_models.pipeline_uses p left join read_models.pipeline_links k using (registry_id, pipeline)
      where p.registry_id = r.id and p.last_used_at > $2::timestamptz - interval '30 days'
      order by p.last_used_at desc, p.pipeline limit ${MAX_PIPELINES})`;
/** These first, then others that are linked. */
const PIPELINES = `${RECENT_PIPELINES}
    union all
    (select k.pipeline, p.last_used_at, coalesce(p.leases, 0), true, k.note
      from read_models.pipeline_links k left join read_models.pipeline_uses p using (registry_id, pipeline)
      where k.registry_id = r.id and coalesce(p.last_used_at, '-infinity') <= $2::timestamptz - interval '30 days'
      order by k.pipeline limit ${MAX_PIPELINES})
    order by last_used_at desc nulls last, pipeline limit ${MAX_PIPELINES}`;

/** As the driver reads a time that is not in JSON. */
function asText(time: string): string {
  return `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

interface PipelineUseRow {
  readonly pipeline: string;
  readonly last_used_at: string | null;
  readonly leases: number;
  readonly linked: boolean;
  readonly note: string | null;
}

function pipelineUse({ last_used_at, ...use }: PipelineUseRow): PipelineUseView {
  return { ...use, lastUsedAt: last_used_at };
}

interface UsageRow {
  readonly id: string;
  readonly last_used_at: string | null;
  readonly last_used_by: string | null;
  readonly active_leases: number;
  readonly retiring_leases: number;
  readonly pipelines: UsageView['pipelines'];
}

const UNUSED: UsageView = { lastUsedAt: null, lastUsedBy: null, activeLeases: 0, retiringLeases: 0, pipelines: [] };

function usage({ last_used_at, last_used_by, active_leases, retiring_leases, pipelines }: UsageRow): UsageView {
  return {
    lastUsedAt: last_used_at,
    lastUsedBy: last_used_by,
    activeLeases: active_leases,
    retiringLeases: retiring_leases,
    pipelines,
  };
}
