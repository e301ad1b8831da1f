import type { QueryResultRow } from 'pg';
import type { LeasePurpose } from '../../../domain/credential.ts';
import { unavailable } from '../../../domain/errors.ts';
import type { Instant } from '../../../domain/instant.ts';
import type { MintedPasswordStore, SealedMintedPassword } from '../../vault/secret-stores.ts';
import { isUnavailable, outageSentence } from '../availability.ts';
import type { Logger } from '../logger.ts';
import { type StatementObserver, UNOBSERVED } from '../observed-statements.ts';
import { createPool, usageOf } from '../pool.ts';
import { createReadConnections } from '../read-connections.ts';
import type { Statement } from '../statement.ts';

/** A password is written once in some hours and read at each issue. Both connections are opened at their first use. */
const READ_CONNECTIONS = 1;
const POOL_SIZE = 1;

const COLUMNS = `source_secret_id, purpose, project_id, registry_id, credential_version, host, issued_at, expires_at,
  format, kek_id, wrapped_key, message_id, commitment, ciphertext, digest`;

const FIND = `select ${COLUMNS} from vault.minted_passwords where source_secret_id = $1 and purpose = $2`;

const KEEP = `select vault.keep_minted(
  row($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)::vault.minted_passwords) as kept`;

const REMOVE_EXPIRED = `with removed as (
    delete from vault.minted_passwords where expires_at <= now() returning 1
  ) select count(*)::int as removed from removed`;

/** Jumps from one id to the next, as for secrets. */
const KEY_IDS = `with recursive used(kek_id) as (
    select min(kek_id) from vault.minted_passwords
    union all
    select (select min(m.kek_id) from vault.minted_passwords m where m.kek_id > used.kek_id)
    from used where used.kek_id is not null
  )
  select kek_id from used where kek_id is not null`;

const UNDER_KEY = `select ${COLUMNS} from vault.minted_passwords
  where kek_id = $1 and (source_secret_id, purpose) > ($2, $3) order by source_secret_id, purpose limit $4`;

/** Locks rows in one order and never waits for one. The update repeats the condition, which may have changed by the lock. */
const REPLACE_KEYS = `with replacement as (
    select * from unnest($1::uuid[], $2::text[], $3::int[], $4::bytea[], $5::int[], $6::bytea[])
      as r(source_secret_id, purpose, old_key_id, old_key, new_key_id, new_key)
  ), locked as (
    select m.source_secret_id, m.purpose from vault.minted_passwords m join replacement r using (source_secret_id, purpose)
    where m.kek_id = r.old_key_id and m.wrapped_key = r.old_key
    order by m.source_secret_id, m.purpose for update of m skip locked
  ), replaced as (
    update vault.minted_passwords m set kek_id = r.new_key_id, wrapped_key = r.new_key
    from locked join replacement r using (source_secret_id, purpose)
    where m.source_secret_id = locked.source_secret_id and m.purpose = locked.purpose
      and m.kek_id = r.old_key_id and m.wrapped_key = r.old_key
    returning 1
  ) select count(*)::int as replaced from replaced`;

/** Sorts before every id. */
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

export interface MintedPasswordStoreOptions {
  readonly connectionString: string;
  readonly logger: Logger;
  /** Default: nothing observes the statements. */
  readonly statements?: StatementObserver;
}

/** The table `vault.minted_passwords`. Migrations must have run. */
export function createMintedPasswordStore(options: MintedPasswordStoreOptions): MintedPasswordStore {
  const { connectionString, logger, statements = UNOBSERVED } = options;
  const name = 'purser minted passwords';
  const reads = createReadConnections({ connectionString, name, connections: READ_CONNECTIONS, logger, statements });
  const pool = createPool({ connectionString, name, max: POOL_SIZE, logger });
  const observe = statements.of({ name, connectionString, usage: () => usageOf(pool) });

  async function run<Row extends QueryResultRow>(statement: Statement): Promise<Row | undefined> {
    return (await runAll<Row>(statement))[0];
  }

  async function runAll<Row extends QueryResultRow>(statement: Statement): Promise<Row[]> {
    try {
      return (await observe(statement, () => pool.query<Row>(statement))).rows;
    } catch (error) {
      throw isUnavailable(error) ? unavailable(`${outageSentence(error)} Try again.`, error) : error;
    }
  }

  async function close(): Promise<void> {
    await Promise.all([reads.close(), pool.end()]);
  }
  let closing: Promise<void> | undefined;

  return {
    async find(sourceSecretId, purpose) {
      const values = [sourceSecretId, purpose];
      const { rows } = await reads.query<MintedRow>({ name: 'minted-find', text: FIND, values });
      const [row] = rows;
      return row && sealedMintedPassword(row);
    },

    async replace(password) {
      const row = await run<{ kept: boolean }>({ name: 'minted-keep', text: KEEP, values: valuesOf(password) });
      return row?.kept === true;
    },

    async removeExpired() {
      const row = await run<{ removed: number }>({ name: 'minted-remove-expired', text: REMOVE_EXPIRED, values: [] });
      return row?.removed ?? 0;
    },

    async keyIdsInUse() {
      const rows = await runAll<{ kek_id: number }>({ name: 'minted-keys', text: KEY_IDS, values: [] });
      return rows.map(({ kek_id }) => kek_id);
    },

    async underKey(keyId, after, limit) {
      const values = [keyId, after?.sourceSecretId ?? NIL_UUID, after?.purpose ?? '', limit];
      const rows = await runAll<MintedRow>({ name: 'minted-under-key', text: UNDER_KEY, values });
      return rows.map(sealedMintedPassword);
    },

    async replaceWrappedKeys(replacements) {
      if (replacements.length === 0) return 0;
      const values = [
        replacements.map(({ sourceSecretId }) => sourceSecretId),
        replacements.map(({ purpose }) => purpose),
        replacements.map(({ from }) => from.keyId),
        replacements.map(({ from }) => from.bytes),
        replacements.map(({ to }) => to.keyId),
        replacements.map(({ to }) => to.bytes),
      ];
      const row = await run<{ replaced: number }>({ name: 'minted-replace-keys', text: REPLACE_KEYS, values });
      return row?.replaced ?? 0;
    },

    close() {
      closing ??= close();
      return closing;
    },
  };
}

interface MintedRow {
  readonly source_secret_id: string;
  readonly purpose: LeasePurpose;
  readonly project_id: string;
  readonly registry_id: string;
  readonly credential_version: number;
  readonly host: string;
  readonly issued_at: Instant;
  readonly expires_at: Instant;
  readonly format: number;
  readonly kek_id: number;
  readonly wrapped_key: Buffer;
  readonly message_id: Buffer;
  readonly commitment: Buffer;
  readonly ciphertext: Buffer;
  readonly digest: Buffer;
}

/** In the order of the table's columns. */
function valuesOf({ sourceSecretId, purpose, issuedAt, expiresAt, record }: SealedMintedPassword): unknown[] {
  const { binding, format, wrappedKey, messageId, commitment, ciphertext, digest } = record;
  const { projectId, registryId, credentialVersion, host } = binding;
  const owner = [sourceSecretId, purpose, projectId, registryId, credentialVersion, host];
  return [
    ...owner,
    issuedAt,
    expiresAt,
    format,
    wrappedKey.keyId,
    wrappedKey.bytes,
    messageId,
    commitment,
    ciphertext,
    digest,
  ];
}

function sealedMintedPassword(row: MintedRow): SealedMintedPassword {
  const { commitment, ciphertext, digest, format } = row;
  return {
    sourceSecretId: row.source_secret_id,
    purpose: row.purpose,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    record: {
      binding: {
        projectId: row.project_id,
        registryId: row.registry_id,
        credentialVersion: row.credential_version,
        host: row.host,
      },
      format,
      wrappedKey: { keyId: row.kek_id, bytes: row.wrapped_key },
      messageId: row.message_id,
      commitment,
      ciphertext,
      digest,
    },
  };
}
