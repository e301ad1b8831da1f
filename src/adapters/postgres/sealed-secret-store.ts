import type { QueryResultRow } from 'pg';
import type {
  KeyedSecret,
  KeyReplacement,
  SealedSecret,
  SealedSecretStore,
} from '../../application/ports/sealed-secret-store.ts';
import type { StagedSecret } from '../../application/ports/vault.ts';
import { unavailable } from '../../domain/errors.ts';
import { isUnavailable } from './availability.ts';
import type { Log } from './log.ts';
import { createPool } from './pool.ts';
import type { Statement } from './queries/statement.ts';
import { createReadConnections } from './read-connections.ts';

/** Two that send ahead answer more reads than the server has time for. */
const READ_CONNECTIONS = 2;
/** One for the batch of new secrets under way, others for what is rare. */
const WRITE_CONNECTIONS = 3;

export interface SealedSecretStoreOptions {
  readonly connectionString: string;
  readonly log: Log;
}

/** The table `vault.secrets`. */
export function createSealedSecretStore({ connectionString, log }: SealedSecretStoreOptions): SealedSecretStore {
  const reads = createReadConnections({
    connectionString,
    name: 'purser vault reads',
    connections: READ_CONNECTIONS,
    log,
  });
  const pool = createPool({ connectionString, name: 'purser vault writes', max: WRITE_CONNECTIONS, log });

  async function write<Row extends QueryResultRow>(statement: Statement): Promise<Row[]> {
    try {
      return (await pool.query<Row>(statement)).rows;
    } catch (error) {
      throw isUnavailable(error) ? unavailable('The database did not answer. Try again.', error) : error;
    }
  }

  return {
    async insertStaged(secret) {
      await write(insertStatement([secret]));
    },

    async find(secretId) {
      const { rows } = await reads.query<SecretRow>({ name: 'vault-find', text: FIND, values: [secretId] });
      const [row] = rows;
      return row && sealedSecret(row);
    },

    async destroyStaged(secretId) {
      await write({ name: 'vault-destroy', text: 'select vault.destroy_secrets($1::uuid[])', values: [[secretId]] });
    },

    async staged(olderThanMs, limit) {
      const rows = await write<StagedRow>({ name: 'vault-staged', text: STAGED, values: [olderThanMs, limit] });
      return rows.map(stagedSecret);
    },

    async keyIdsInUse() {
      const rows = await write<{ kek_id: number }>({ name: 'vault-keys', text: KEY_IDS, values: [] });
      return rows.map(({ kek_id }) => kek_id);
    },

    async underKey(keyId, after, limit) {
      const values = [keyId, after ?? NIL_UUID, limit];
      const rows = await write<KeyedRow>({ name: 'vault-under-key', text: UNDER_KEY, values });
      return rows.map(keyedSecret);
    },

    async replaceWrappedKeys(replacements) {
      if (replacements.length === 0) return 0;
      const rows = await write(replaceStatement(replacements));
      return rows.length;
    },

    async close() {
      await Promise.all([reads.close(), pool.end()]);
    },
  };
}

const NIL_UUID = '00000000-0000-0000-0000-000000000000';

const KEYED_COLUMNS =
  'secret_id, project_id, registry_id, credential_version, host, format, kek_id, wrapped_key, message_id';

const FIND = `select ${KEYED_COLUMNS}, commitment, ciphertext, digest from vault.secrets
  where secret_id = $1 and state <> 'destroyed'`;

const STAGED = `select secret_id, project_id, registry_id, credential_version from vault.secrets
  where state = 'staged' and staged_at < now() - $1 * interval '1 millisecond' order by staged_at limit $2`;

/** From one id to the next: as many index probes as there are keys, however many secrets are under them. */
const KEY_IDS = `with recursive used(kek_id) as (
    select min(kek_id) from vault.secrets where state <> 'destroyed'
    union all
    select (select min(s.kek_id) from vault.secrets s where s.state <> 'destroyed' and s.kek_id > used.kek_id)
    from used where used.kek_id is not null
  )
  select kek_id from used where kek_id is not null`;

const UNDER_KEY = `select ${KEYED_COLUMNS} from vault.secrets
  where state <> 'destroyed' and kek_id = $1 and secret_id > $2 order by secret_id limit $3`;

const INSERT = `insert into vault.secrets
    (state, secret_id, project_id, registry_id, credential_version, host, format, kek_id, wrapped_key, message_id,
     commitment, ciphertext, digest)
  select 'staged', * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::text[], $6::smallint[], $7::int[],
    $8::bytea[], $9::bytea[], $10::bytea[], $11::bytea[], $12::bytea[])`;

function insertStatement(secrets: readonly SealedSecret[]): Statement {
  const column = <Value>(value: (secret: SealedSecret) => Value): Value[] => secrets.map(value);
  return {
    name: 'vault-insert',
    text: INSERT,
    values: [
      column(({ secretId }) => secretId),
      column(({ binding }) => binding.projectId),
      column(({ binding }) => binding.registryId),
      column(({ binding }) => binding.credentialVersion),
      column(({ binding }) => binding.host),
      column(({ format }) => format),
      column(({ wrappedKey }) => wrappedKey.keyId),
      column(({ wrappedKey }) => wrappedKey.bytes),
      column(({ messageId }) => messageId),
      column(({ commitment }) => commitment),
      column(({ ciphertext }) => ciphertext),
      column(({ digest }) => digest),
    ],
  };
}

/**
 * Rows are locked in the order of their ids and never waited for, so that this cannot deadlock with the projector.
 * The condition stands at the update as well: a row may be destroyed between the statement's snapshot and its lock.
 */
const REPLACE = `with replacement as (
    select * from unnest($1::uuid[], $2::int[], $3::bytea[], $4::int[], $5::bytea[])
      as r(secret_id, old_key_id, old_key, new_key_id, new_key)
  ), locked as (
    select s.secret_id from vault.secrets s join replacement r using (secret_id)
    where s.state <> 'destroyed' and s.kek_id = r.old_key_id and s.wrapped_key = r.old_key
    order by s.secret_id for update of s skip locked
  )
  update vault.secrets s set kek_id = r.new_key_id, wrapped_key = r.new_key
  from locked join replacement r using (secret_id)
  where s.secret_id = locked.secret_id
    and s.state <> 'destroyed' and s.kek_id = r.old_key_id and s.wrapped_key = r.old_key
  returning s.secret_id`;

function replaceStatement(replacements: readonly KeyReplacement[]): Statement {
  return {
    name: 'vault-replace',
    text: REPLACE,
    values: [
      replacements.map(({ secretId }) => secretId),
      replacements.map(({ from }) => from.keyId),
      replacements.map(({ from }) => from.bytes),
      replacements.map(({ to }) => to.keyId),
      replacements.map(({ to }) => to.bytes),
    ],
  };
}

interface StagedRow {
  readonly secret_id: string;
  readonly project_id: string;
  readonly registry_id: string;
  readonly credential_version: number;
}

interface KeyedRow extends StagedRow {
  readonly host: string;
  readonly format: number;
  readonly kek_id: number;
  readonly wrapped_key: Buffer;
  readonly message_id: Buffer;
}

interface SecretRow extends KeyedRow {
  readonly commitment: Buffer;
  readonly ciphertext: Buffer;
  readonly digest: Buffer;
}

function stagedSecret({ secret_id, project_id, registry_id, credential_version }: StagedRow): StagedSecret {
  return {
    secretId: secret_id,
    projectId: project_id,
    registryId: registry_id,
    credentialVersion: credential_version,
  };
}

function keyedSecret(row: KeyedRow): KeyedSecret {
  const { secretId, ...owner } = stagedSecret(row);
  return {
    secretId,
    binding: { ...owner, host: row.host },
    format: row.format,
    wrappedKey: { keyId: row.kek_id, bytes: row.wrapped_key },
    messageId: row.message_id,
  };
}

function sealedSecret(row: SecretRow): SealedSecret {
  const { commitment, ciphertext, digest } = row;
  return { ...keyedSecret(row), commitment, ciphertext, digest };
}
