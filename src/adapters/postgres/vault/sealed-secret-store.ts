import { setTimeout as delay } from 'node:timers/promises';
import type { QueryResultRow } from 'pg';
import { PurserError, unavailable } from '../../../domain/errors.ts';
import type { SecretEffect } from '../../../domain/secret-effects.ts';
import type { SealedSecret, SealedSecretStore } from '../../vault/secret-stores.ts';
import { isUnavailable, outageSentence } from '../availability.ts';
import { type Connection, createConnection } from '../connection.ts';
import { createDataLoader } from '../data-loader.ts';
import { createGroupCommit } from '../group-commit.ts';
import { type Logger, loggable } from '../logger.ts';
import { type StatementObserver, UNOBSERVED } from '../observed-statements.ts';
import { createPool, usageOf } from '../pool.ts';
import { createReadConnections } from '../read-connections.ts';
import { createSettlement } from '../settlement.ts';
import type { Statement } from '../statement.ts';
import {
  FIND,
  insertStatement,
  KEY_IDS,
  type KeyedRow,
  keyedSecret,
  PENDING,
  PENDING_AFTER,
  type PendingRow,
  pendingSecret,
  replaceStatement,
  type SecretRow,
  sealedSecret,
  UNDER_KEY,
} from './sealed-secret-rows.ts';

const MAX_SECRETS_IN_READ = 64;
/** For rare work: discarding pending secrets, and rotating keys. */
const POOL_SIZE = 2;
const WRITE_TIMEOUT_MS = 10_000;
const WRITE_STATEMENT_TIMEOUT_MS = 5_000;
const MAX_SETTLED = 500;
const MAX_BATCH_BYTES = 512 * 1024;
/** The approximate size of a row without its ciphertext. */
const ROW_BYTES = 400;
/** If the connection breaks, the batch is sent again after these pauses; existing rows do not change. */
const RETRY_DELAYS_MS = [100, 400] as const;

/** Sorts before every id. */
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

const POOL_NAME = 'purser vault';

export interface SealedSecretStoreOptions {
  readonly connectionString: string;
  readonly logger: Logger;
  /** Called with every error because of which a secret was not written. */
  readonly onWriteFailed?: ((error: unknown) => void) | undefined;
  /** Default: nothing observes the statements. */
  readonly statements?: StatementObserver | undefined;
}

/** The table `vault.secrets`. Migrations must have run. */
export function createSealedSecretStore(options: SealedSecretStoreOptions): SealedSecretStore {
  const { connectionString, logger, onWriteFailed, statements = UNOBSERVED } = options;
  const reads = createReadConnections({
    connectionString,
    name: 'purser vault reads',
    connections: 1,
    byIndexOnly: true,
    logger,
    statements,
  });
  const find = createDataLoader<string, SealedSecret | undefined>({
    maxKeys: MAX_SECRETS_IN_READ,
    read: async (secretIds) => {
      const { rows } = await reads.query<SecretRow>({ name: 'vault-find', text: FIND, values: [secretIds] });
      const found = new Map(rows.map((row) => [row.secret_id, sealedSecret(row)]));
      return secretIds.map((secretId) => found.get(secretId));
    },
  });
  const writer = createConnection({
    connectionString,
    name: 'purser vault writer',
    statementTimeoutMs: WRITE_STATEMENT_TIMEOUT_MS,
    logger,
    statements,
  });
  const settler = createConnection({
    connectionString,
    name: 'purser vault settler',
    statementTimeoutMs: WRITE_STATEMENT_TIMEOUT_MS,
    byIndexOnly: true,
    logger,
    statements,
  });
  const pool = createPool({ connectionString, name: POOL_NAME, max: POOL_SIZE, logger });
  const observe = statements.of({ name: POOL_NAME, connectionString, usage: () => usageOf(pool) });

  const inserts = createGroupCommit<SealedSecret, SealedSecret>({
    commit: insert,
    maxWeight: MAX_BATCH_BYTES,
    weightOf: ({ ciphertext }) => ciphertext.length + ROW_BYTES,
    keysOf: () => [],
    isItemFault: (error) => !(error instanceof PurserError),
    ...WAITING,
  });
  const settling = createGroupCommit<readonly SecretEffect[], readonly SecretEffect[]>({
    commit: settle,
    maxWeight: MAX_SETTLED,
    // One command for each registry in a batch, because effects of one registry have an order.
    keysOf: (effects) => effects.flatMap((effect) => ('registryId' in effect ? [effect.registryId] : [])),
    isItemFault: (error) => !(error instanceof PurserError),
    ...WAITING,
  });

  async function insert(secrets: readonly SealedSecret[]): Promise<readonly SealedSecret[]> {
    await write(writer, insertStatement(secrets));
    return secrets;
  }

  async function settle(commands: readonly (readonly SecretEffect[])[]): Promise<readonly (readonly SecretEffect[])[]> {
    const settlement = createSettlement();
    for (const effect of commands.flat()) settlement.add(effect);
    for (const statement of settlement.statements()) await write(settler, statement);
    return commands;
  }

  /** For statements that are harmless if they run twice. */
  async function write(connection: Connection, statement: Statement): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await connection.query(statement);
        return;
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        onWriteFailed?.(error);
        const pause = RETRY_DELAYS_MS[attempt];
        if (pause === undefined) throw noAnswer(error);
        logger.warn(
          { attempt, statement: statement.name, ...loggable(error) },
          'the database did not answer a write to the vault; sending it again',
        );
        await delay(pause * (0.5 + Math.random()));
      }
    }
  }

  async function run<Row extends QueryResultRow>(statement: Statement): Promise<Row[]> {
    try {
      return (await observe(statement, () => pool.query<Row>(statement))).rows;
    } catch (error) {
      throw isUnavailable(error) ? noAnswer(error) : error;
    }
  }

  async function close(): Promise<void> {
    await Promise.all([inserts.close(), settling.close()]);
    await Promise.all([writer.close(), settler.close(), reads.close(), pool.end()]);
  }
  let closing: Promise<void> | undefined;

  return {
    async insertPending(secret) {
      await inserts.submit(secret);
    },

    find,

    async settle(effects) {
      await settling.submit(effects);
    },

    async destroyPending(secretId) {
      await run({ name: 'vault-destroy', text: 'select vault.destroy_secrets($1::uuid[])', values: [[secretId]] });
    },

    async pending(olderThanMs, limit, after) {
      const statement =
        after === undefined
          ? { name: 'vault-pending', text: PENDING, values: [olderThanMs, limit] }
          : { name: 'vault-pending-after', text: PENDING_AFTER, values: [olderThanMs, limit, after] };
      const rows = await run<PendingRow>(statement);
      return rows.map(pendingSecret);
    },

    async keyIdsInUse() {
      const rows = await run<{ kek_id: number }>({ name: 'vault-keys', text: KEY_IDS, values: [] });
      return rows.map(({ kek_id }) => kek_id);
    },

    async underKey(keyId, after, limit) {
      const values = [keyId, after ?? NIL_UUID, limit];
      const rows = await run<KeyedRow>({ name: 'vault-under-key', text: UNDER_KEY, values });
      return rows.map(keyedSecret);
    },

    async replaceWrappedKeys(replacements) {
      if (replacements.length === 0) return 0;
      const rows = await run(replaceStatement(replacements));
      return rows.length;
    },

    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** How the two kinds of writes are waited for. */
const WAITING = {
  timeoutMs: WRITE_TIMEOUT_MS,
  timeoutError: () => unavailable('The database did not answer in time. Try again.'),
  closedError: () => unavailable('The service is stopping.'),
};

function noAnswer(cause: unknown): PurserError {
  return unavailable(`${outageSentence(cause)} Try again.`, cause);
}
