import type { DoctorQueries } from '../../../application/ports/doctor-queries.ts';
import type { Queryable } from '../statement.ts';

const PAGE = 500;

export function createDoctorQueries(database: Queryable): DoctorQueries {
  return {
    async parked() {
      const { rows } = await database.query<{ stream: string; reason: string; streams: number }>({
        name: 'doctor-parked',
        text: `select stream, reason, (select count(distinct stream)::int from read_models.parked_events) as streams
          from read_models.parked_events order by position limit 1`,
        values: [],
      });
      const [first] = rows;
      return first ? { streams: first.streams, first } : { streams: 0, first: null };
    },

    async deadLetters() {
      const { rows } = await database.query<{ count: number; oldest: string | null; webhooks: string[] | null }>({
        name: 'doctor-dead-letters',
        text: `select count(*)::int as count, min(created_at) as oldest, array_agg(distinct webhook order by webhook) as webhooks
          from webhooks.deliveries where state = 'DEAD_LETTER'`,
        values: [],
      });
      const [row] = rows;
      return { count: row?.count ?? 0, oldest: row?.oldest ?? null, webhooks: row?.webhooks ?? [] };
    },

    async *auditedProjects() {
      for (let after: string | null = null; ; ) {
        const { rows }: { rows: { project_id: string }[] } = await database.query<{ project_id: string }>({
          name: 'doctor-audited',
          text: `select project_id from (
              select project_id from read_models.audit_heads union select project_id from log.signed_heads
            ) known where $1::text is null or project_id > $1 order by project_id limit ${PAGE}`,
          values: [after],
        });
        for (const { project_id } of rows) yield project_id;
        after = rows.at(-1)?.project_id ?? null;
        if (rows.length < PAGE) return;
      }
    },

    async hashesAt(heads) {
      const { rows } = await database.query<{ hash: string | null }>({
        name: 'doctor-hashes-at',
        // Of archived entries the signed heads are still here.
        text: `select coalesce(e.hash, archived.hash) as hash from unnest($1::text[], $2::bigint[]) with ordinality h (project_id, sequence, place)
          left join read_models.audit_entries e on e.project_id = h.project_id and e.sequence = h.sequence
          left join lateral (select s.hash from log.signed_heads s join projection.removed_rows r on r.project_id = s.project_id
            where s.project_id = h.project_id and s.sequence = h.sequence and r.what = 'audit_entries' and s.sequence <= r.up_to
          ) archived on true
          order by h.place`,
        values: [heads.map(({ projectId }) => projectId), heads.map(({ sequence }) => sequence)],
      });
      return rows.map(({ hash }) => hash);
    },

    async logsMovedSince(at) {
      const { rows } = await database.query<{ count: number }>({
        name: 'doctor-moved-since',
        text: `select count(*)::int as count from read_models.audit_heads h where exists (
            select from read_models.audit_entries e where e.project_id = h.project_id
              and e.occurred_at > $1 and e.occurred_at < now() - interval '15 minutes')`,
        values: [at],
      });
      return rows[0]?.count ?? 0;
    },

    async noteReadable(secretIds, opens) {
      if (secretIds.length === 0) return 0;
      const { rows } = await database.query<{ secret_id: string }>({
        name: `doctor-note-${opens}`,
        text: `update vault.secrets set unreadable_at = ${opens ? 'null' : 'now()'}
          where secret_id = any($1::uuid[]) and state <> 'destroyed' and unreadable_at is ${opens ? 'not null' : 'null'}
          returning secret_id`,
        values: [secretIds],
      });
      return rows.length;
    },
  };
}
