import type { QueryResultRow } from 'pg';
import { unavailable } from '../../../domain/errors.ts';
import type { Instant } from '../../../domain/instant.ts';
import type { KeyHolder, KeyRecordStore, KeyUse } from '../../vault/secret-stores.ts';
import { isUnavailable } from '../availability.ts';
import type { Logger } from '../logger.ts';
import { createPool } from '../pool.ts';
import { HEAD_COLUMNS, type HeadRow, signedHead } from '../signed-head-rows.ts';

export interface KeyRecordStoreOptions {
  readonly connectionString: string;
  readonly logger: Logger;
}

interface EventKeyRow {
  readonly id: number;
  readonly kek_id: number;
  readonly wrapped_key: Buffer;
}

interface WorkloadKeyRow extends EventKeyRow {
  readonly signs_from: Instant;
  readonly sealed_key: Buffer;
}

interface AuditKeyRow {
  readonly id: number;
  readonly key_id: string;
  readonly public_key: Buffer;
  readonly kek_id: number | null;
  readonly wrapped_key: Buffer | null;
}

/**
 * The tables `vault.key_checks`, `vault.key_holders`, `vault.event_keys`, `vault.audit_keys` and `vault.workload_keys`.
 * Migrations must have run.
 */
export function createKeyRecordStore({ connectionString, logger }: KeyRecordStoreOptions): KeyRecordStore {
  const pool = createPool({ connectionString, name: 'purser keys', max: 1, logger });
  const database: KeyRecordDatabase = {
    query: (text, values) =>
      pool.query(text, values).catch((error: unknown) => {
        throw isUnavailable(error) ? unavailable('The database did not answer. Try again.', error) : error;
      }),
  };
  return { ...keyRecordsOver(database), close: () => pool.end() };
}

export interface KeyRecordDatabase {
  query<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<{ rows: Row[] }>;
}

/** The same over one connection, such as in a transaction. Errors are the connection's. */
export function keyRecordsOver(database: KeyRecordDatabase): Omit<KeyRecordStore, 'close'> {
  async function run<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await database.query<Row>(text, values)).rows;
  }

  return {
    async keyChecks() {
      const text = 'select kek_id, check_value from vault.key_checks order by kek_id';
      const rows = await run<{ kek_id: number; check_value: Buffer }>(text);
      return rows.map(({ kek_id, check_value }) => ({ keyId: kek_id, bytes: check_value }));
    },

    async addKeyCheck({ keyId, bytes }) {
      const text = 'insert into vault.key_checks (kek_id, check_value) values ($1, $2) on conflict do nothing';
      await run(text, [keyId, bytes]);
    },

    async retiredKeyIds() {
      const text = 'select kek_id from vault.key_checks where retired_at is not null order by kek_id';
      return (await run<{ kek_id: number }>(text)).map(({ kek_id }) => kek_id);
    },

    async retireKey(keyId) {
      const [row] = await run<{ retired: boolean }>('select vault.retire_key($1) as retired', [keyId]);
      return row?.retired === true;
    },

    async isNeeded(keyId) {
      const [row] = await run<{ needed: boolean }>('select vault.is_needed($1) as needed', [keyId]);
      return row?.needed === true;
    },

    async keyUses() {
      return run<KeyUse>(`select kek_id as "keyId", secrets, minted_passwords as "mintedPasswords",
        event_keys as "eventKeys", audit_keys as "auditKeys", workload_keys as "workloadKeys" from vault.rows_by_key()`);
    },

    async reportHolder({ replica, keyIds, primaryKeyId }) {
      const text = `insert into vault.key_holders (replica, key_ids, primary_key_id) values ($1, $2, $3)
        on conflict (replica) do update
          set key_ids = excluded.key_ids, primary_key_id = excluded.primary_key_id, seen_at = now()`;
      await run(text, [replica, keyIds, primaryKeyId]);
      // Of replicas that did not stop by themselves.
      await run("delete from vault.key_holders where seen_at < now() - interval '1 hour'");
    },

    async removeHolder(replica) {
      await run('delete from vault.key_holders where replica = $1', [replica]);
    },

    async holders() {
      return run<KeyHolder>(`select replica, key_ids as "keyIds", primary_key_id as "primaryKeyId"
        from vault.key_holders where seen_at > now() - interval '10 seconds' order by replica`);
    },

    async eventKeys() {
      const rows = await run<EventKeyRow>('select id, kek_id, wrapped_key from vault.event_keys order by id');
      return rows.map(({ id, kek_id, wrapped_key }) => ({ id, wrappedKey: { keyId: kek_id, bytes: wrapped_key } }));
    },

    async addEventKey({ id, wrappedKey: { keyId, bytes } }) {
      const text = 'insert into vault.event_keys (id, kek_id, wrapped_key) values ($1, $2, $3) on conflict do nothing';
      await run(text, [id, keyId, bytes]);
    },

    async replaceEventKey(id, from, to) {
      const text = `update vault.event_keys set kek_id = $2, wrapped_key = $3
        where id = $1 and kek_id = $4 and wrapped_key = $5 returning id`;
      return (await run(text, [id, to.keyId, to.bytes, from.keyId, from.bytes])).length > 0;
    },

    async auditKeys() {
      const text = 'select id, key_id, public_key, kek_id, wrapped_key from vault.audit_keys order by id';
      const rows = await run<AuditKeyRow>(text);
      return rows.map(({ id, key_id, public_key, kek_id, wrapped_key }) => ({
        id,
        keyId: key_id,
        publicKey: public_key,
        wrappedKey: kek_id === null || wrapped_key === null ? null : { keyId: kek_id, bytes: wrapped_key },
      }));
    },

    async addAuditKey({ id, keyId, publicKey, wrappedKey }) {
      const text = `insert into vault.audit_keys (id, key_id, public_key, kek_id, wrapped_key) values ($1, $2, $3, $4, $5)
        on conflict do nothing`;
      await run(text, [id, keyId, publicKey, wrappedKey.keyId, wrappedKey.bytes]);
    },

    async retireAuditKeys(upToId) {
      const text = `update vault.audit_keys set kek_id = null, wrapped_key = null, retired_at = now()
        where id <= $1 and retired_at is null`;
      await run(text, [upToId]);
    },

    async workloadKeys() {
      const text = 'select id, signs_from, kek_id, wrapped_key, sealed_key from vault.workload_keys order by id';
      const rows = await run<WorkloadKeyRow>(text);
      return rows.map(({ id, signs_from, kek_id, wrapped_key, sealed_key }) => ({
        id,
        signsFrom: Date.parse(signs_from),
        wrappedKey: { keyId: kek_id, bytes: wrapped_key },
        sealedKey: sealed_key,
      }));
    },

    async addWorkloadKey({ id, signsFrom, wrappedKey, sealedKey }) {
      const text = `insert into vault.workload_keys (id, signs_from, kek_id, wrapped_key, sealed_key)
        values ($1, $2, $3, $4, $5) on conflict do nothing returning id`;
      const values = [id, new Date(signsFrom), wrappedKey.keyId, wrappedKey.bytes, sealedKey];
      return (await run(text, values)).length > 0;
    },

    async replaceWorkloadKey(id, from, to) {
      const text = `update vault.workload_keys set kek_id = $2, wrapped_key = $3
        where id = $1 and kek_id = $4 and wrapped_key = $5 returning id`;
      return (await run(text, [id, to.keyId, to.bytes, from.keyId, from.bytes])).length > 0;
    },

    async removeWorkloadKeys(beforeId) {
      await run('delete from vault.workload_keys where id < $1', [beforeId]);
    },

    async lastHead() {
      const text = `select ${HEAD_COLUMNS} from log.signed_heads order by signed_heads.number desc limit 1`;
      const [row] = await run<HeadRow>(text);
      return row && signedHead(row);
    },
  };
}
