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
    try {
      return (await observe(statement, () => pool.query<Row>(statement))).rows[0];
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
