import type { PendingSecret } from '../../../application/ports/vault.ts';
import type { KeyedSecret, KeyReplacement, SealedSecret } from '../../vault/secret-stores.ts';
import type { Statement } from '../statement.ts';

const KEYED_COLUMNS =
  'secret_id, project_id, registry_id, credential_version, host, format, kek_id, wrapped_key, message_id';

export const FIND = `select ${KEYED_COLUMNS}, commitment, ciphertext, digest from vault.secrets
  where secret_id = any($1::uuid[]) and state <> 'destroyed'`;

const PENDING_LONG_AGO = `select secret_id, project_id, registry_id, credential_version from vault.secrets
  where state = 'pending' and sealed_at < now() - $1 * interval '1 millisecond'`;
export const PENDING = `${PENDING_LONG_AGO} order by sealed_at, secret_id limit $2`;
/** The last row of the previous page may be destroyed by now, but it keeps its place in the order. */
export const PENDING_AFTER = `${PENDING_LONG_AGO}
  and (sealed_at, secret_id) > (select l.sealed_at, l.secret_id from vault.secrets l where l.secret_id = $3)
  order by sealed_at, secret_id limit $2`;

/** Jumps from one id to the next, with one index probe for each key, however many secrets it wraps. */
export const KEY_IDS = `with recursive used(kek_id) as (
    select min(kek_id) from vault.secrets where state <> 'destroyed'
    union all
    select (select min(s.kek_id) from vault.secrets s where s.state <> 'destroyed' and s.kek_id > used.kek_id)
    from used where used.kek_id is not null
  )
  select kek_id from used where kek_id is not null`;

export const UNDER_KEY = `select ${KEYED_COLUMNS} from vault.secrets
  where state <> 'destroyed' and kek_id = $1 and secret_id > $2 order by secret_id limit $3`;

const INSERT = `insert into vault.secrets
    (state, secret_id, project_id, registry_id, credential_version, host, format, kek_id, wrapped_key, message_id,
     commitment, ciphertext, digest)
  select 'pending', * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::text[], $6::smallint[], $7::int[],
    $8::bytea[], $9::bytea[], $10::bytea[], $11::bytea[], $12::bytea[])
  on conflict (secret_id) do nothing`;

export function insertStatement(secrets: readonly SealedSecret[]): Statement {
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
 * Locks rows in the order of their ids and never waits for one, so that it cannot deadlock with the projector. The update
 * repeats the condition, because a row may be destroyed between the statement's snapshot and its lock.
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

export function replaceStatement(replacements: readonly KeyReplacement[]): Statement {
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

export interface PendingRow {
  readonly secret_id: string;
  readonly project_id: string;
  readonly registry_id: string;
  readonly credential_version: number;
}

export interface KeyedRow extends PendingRow {
  readonly host: string;
  readonly format: number;
  readonly kek_id: number;
  readonly wrapped_key: Buffer;
  readonly message_id: Buffer;
}

export interface SecretRow extends KeyedRow {
  readonly commitment: Buffer;
  readonly ciphertext: Buffer;
  readonly digest: Buffer;
}

export function pendingSecret({ secret_id, project_id, registry_id, credential_version }: PendingRow): PendingSecret {
  return {
    secretId: secret_id,
    projectId: project_id,
    registryId: registry_id,
    credentialVersion: credential_version,
  };
}

export function keyedSecret(row: KeyedRow): KeyedSecret {
  const { secretId, ...owner } = pendingSecret(row);
  return {
    secretId,
    binding: { ...owner, host: row.host },
    format: row.format,
    wrappedKey: { keyId: row.kek_id, bytes: row.wrapped_key },
    messageId: row.message_id,
  };
}

export function sealedSecret(row: SecretRow): SealedSecret {
  const { commitment, ciphertext, digest } = row;
  return { ...keyedSecret(row), commitment, ciphertext, digest };
}
