import type { AuditHeads } from '../../application/ports/audit-heads.ts';
import { HEAD_COLUMNS, type HeadRow, signedHead } from './signed-head-rows.ts';
import type { Queryable } from './statement.ts';

interface MovedRow {
  readonly project_id: string;
  readonly sequence: number;
  readonly hash: string;
  readonly signed_sequence: number | null;
  readonly signed_hash: string | null;
  readonly hash_at_signed: string | null;
}

interface KeyRow {
  readonly key_id: string;
  readonly public_key: string;
  readonly created_at: string;
  readonly retired_at: string | null;
}

/** The tables `log.signed_heads`, `log.anchored_heads` and, to be published, `vault.audit_keys`. */
export function createAuditHeads(database: Queryable): AuditHeads {
  return {
    async moved() {
      const { rows } = await database.query<MovedRow>({
        name: 'moved-chains',
        text: `select h.project_id, h.sequence::float8 as sequence, h.hash, s.sequence::float8 as signed_sequence,
            s.hash as signed_hash, e.hash as hash_at_signed
          from read_models.audit_heads h
          left join lateral (select sequence, hash from log.signed_heads where project_id = h.project_id
            order by sequence desc limit 1) s on true
          left join read_models.audit_entries e on e.project_id = h.project_id and e.sequence = s.sequence
          where (s.sequence, s.hash) is distinct from (h.sequence, h.hash)`,
        values: [],
      });
      return rows.map(({ project_id: projectId, sequence, hash, signed_sequence, signed_hash, hash_at_signed }) => ({
        head: { projectId, sequence, hash },
        signed:
          signed_sequence === null || signed_hash === null ? null : { sequence: signed_sequence, hash: signed_hash },
        hashAtSigned: hash_at_signed,
      }));
    },

    async add(heads) {
      await database.query({
        name: 'add-signed-heads',
        text: `insert into log.signed_heads (project_id, sequence, number, format, hash, signed_at, key_id, instance, signature)
          select "projectId", sequence, (select coalesce(max(number), 0) from log.signed_heads) + row_number() over (), format,
            hash, "signedAt", "keyId", instance, decode(signature, 'base64')
          from json_to_recordset($1::json) as h ("projectId" text, sequence bigint, format smallint, hash text,
            "signedAt" timestamptz(3), "keyId" text, instance text, signature text)
          on conflict (project_id, sequence) do nothing`,
        values: [JSON.stringify(heads)],
      });
    },

    async list(projectId, { first, before = Number.MAX_SAFE_INTEGER }) {
      const { rows } = await database.query<HeadRow>({
        name: 'signed-heads',
        text: `select ${HEAD_COLUMNS} from log.signed_heads where project_id = $1 and sequence < $2
          order by signed_heads.sequence desc limit $3`,
        values: [projectId, before, first + 1],
      });
      return { heads: rows.slice(0, first).map(signedHead), hasNextPage: rows.length > first };
    },

    async keys() {
      const { rows } = await database.query<KeyRow>({
        name: 'audit-keys',
        text: `select key_id, encode(public_key, 'base64') as public_key, created_at, retired_at from vault.audit_keys
          order by id`,
        values: [],
      });
      return rows.map(({ key_id, public_key, created_at, retired_at }) => ({
        keyId: key_id,
        publicKey: public_key,
        createdAt: created_at,
        retiredAt: retired_at,
      }));
    },

    async reached(anchor) {
      const { rows } = await database.query<{ number: number; code: string }>({
        name: 'anchored-up-to',
        text: 'select number::float8 as number, code from log.anchored_heads where anchor = $1',
        values: [anchor],
      });
      return rows[0] ?? { number: 0, code: '' };
    },

    async unanchored(after, limit) {
      const { rows } = await database.query<HeadRow>({
        name: 'unanchored-heads',
        text: `select ${HEAD_COLUMNS} from log.signed_heads where number > $1 order by signed_heads.number limit $2`,
        values: [after, limit],
      });
      return rows.map((row) => ({ number: row.number, head: signedHead(row) }));
    },

    async waitingSince(after) {
      const { rows } = await database.query<{ signed_at: string }>({
        name: 'anchor-waiting-since',
        text: 'select signed_at from log.signed_heads where number > $1 order by number limit 1',
        values: [after],
      });
      return rows[0]?.signed_at ?? null;
    },

    async anchored(anchor, number, code) {
      await database.query({
        name: 'anchored-heads',
        text: `insert into log.anchored_heads (anchor, number, code, anchored_at) values ($1, $2, $3, now())
          on conflict (anchor) do update set number = excluded.number, code = excluded.code, anchored_at = now()`,
        values: [anchor, number, code],
      });
    },
  };
}
