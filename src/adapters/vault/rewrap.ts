import { SecretIntegrityError } from '../../application/ports/vault.ts';
import type { KeyRing } from './key-ring.ts';
import type { KeyUse, WrappedKey } from './secret-stores.ts';

/** Rows of one kind whose data keys are wrapped by the key ring. */
export interface WrappedRows<Row extends { readonly wrappedKey: WrappedKey }> {
  keyIdsInUse(): Promise<readonly number[]>;
  /** In a fixed order, from the one after `after` on. */
  underKey(keyId: number, after: Row | undefined, limit: number): Promise<readonly Row[]>;
  /** What the wrapped key is bound to. */
  contextOf(row: Row): Buffer;
  nameOf(row: Row): string;
  /** Replaces keys that are still as they were read. Gives how many were replaced. */
  replace(rewrapped: readonly Rewrapped<Row>[]): Promise<number>;
}

export interface Rewrapped<Row> {
  readonly row: Row;
  readonly to: WrappedKey;
}

export interface RewrapOptions {
  /** Rows a statement. Default: 200. */
  readonly batchSize?: number;
  /** Stops the work after the current batch. */
  readonly signal?: AbortSignal;
  /** Called after each batch with the rows that were rewrapped so far. */
  readonly onProgress?: (rewrapped: number) => void;
}

export interface RewrapResult {
  readonly rewrapped: number;
  /** Rows with a wrapped key that does not open. They stay under their old key. */
  readonly unreadable: readonly string[];
  /** Old keys still in use. */
  readonly keyIdsLeft: readonly number[];
}

/**
 * Brings all rows under the primary key. The log and the ciphertexts do not change. Rows that another process is changing
 * are skipped and tried again, as long as a pass makes progress. It may be killed at any time: the next run goes on with
 * the rows that are left.
 */
export async function rewrapAll<Row extends { readonly wrappedKey: WrappedKey }>(
  keyRing: KeyRing,
  rows: WrappedRows<Row>,
  { batchSize = 200, signal, onProgress }: RewrapOptions = {},
): Promise<RewrapResult> {
  const unreadable = new Set<string>();
  let rewrapped = 0;
  for (;;) {
    const before = rewrapped;
    for (const keyId of await oldKeyIds(keyRing, rows)) {
      for await (const batch of batchesUnder(rows, keyId, batchSize)) {
        if (signal?.aborted) break;
        rewrapped += await rows.replace(await rewrapBatch(keyRing, rows, batch, unreadable));
        onProgress?.(rewrapped);
      }
    }
    if (rewrapped === before || signal?.aborted) {
      return { rewrapped, unreadable: [...unreadable], keyIdsLeft: await oldKeyIds(keyRing, rows) };
    }
  }
}

/** How many rows of all kinds are under other keys than the primary one. */
export function rowsToRewrap(uses: readonly KeyUse[], primaryKeyId: number): number {
  return uses
    .filter(({ keyId }) => keyId !== primaryKeyId)
    .reduce((sum, use) => sum + use.secrets + use.mintedPasswords, 0);
}

async function oldKeyIds(keyRing: KeyRing, rows: Pick<WrappedRows<never>, 'keyIdsInUse'>): Promise<number[]> {
  return (await rows.keyIdsInUse()).filter((keyId) => keyId !== keyRing.primaryKeyId);
}

async function* batchesUnder<Row extends { readonly wrappedKey: WrappedKey }>(
  rows: WrappedRows<Row>,
  keyId: number,
  limit: number,
): AsyncGenerator<readonly Row[]> {
  for (let after: Row | undefined; ; ) {
    const batch = await rows.underKey(keyId, after, limit);
    after = batch.at(-1);
    if (after === undefined) return;
    yield batch;
  }
}

/** All at once, because an external key answers many requests in the time of one. */
async function rewrapBatch<Row extends { readonly wrappedKey: WrappedKey }>(
  keyRing: KeyRing,
  rows: WrappedRows<Row>,
  batch: readonly Row[],
  unreadable: Set<string>,
): Promise<Rewrapped<Row>[]> {
  const known = batch.filter((row) => !unreadable.has(rows.nameOf(row)));
  const rewrapped = await Promise.all(
    known.map(async (row) => {
      const to = await rewrap(keyRing, row.wrappedKey, rows.contextOf(row));
      if (to === undefined) unreadable.add(rows.nameOf(row));
      return to && { row, to };
    }),
  );
  return rewrapped.filter((one) => one !== undefined);
}

async function rewrap(keyRing: KeyRing, wrappedKey: WrappedKey, context: Buffer): Promise<WrappedKey | undefined> {
  let dataKey: Buffer;
  try {
    dataKey = await keyRing.unwrap(wrappedKey, context);
  } catch (error) {
    if (error instanceof SecretIntegrityError) return undefined;
    throw error;
  }
  try {
    return await keyRing.wrap(dataKey, context);
  } finally {
    dataKey.fill(0);
  }
}
