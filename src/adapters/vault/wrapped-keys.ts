import { SecretIntegrityError } from '../../application/ports/vault.ts';
import { KeyRingError } from './key-file-format.ts';
import type { KeyRing } from './key-ring.ts';
import type { WrappedKey } from './secret-stores.ts';

/** A key that the service made, in a row of a table of its own. */
export interface WrappedRow {
  readonly id: number;
  readonly wrappedKey: WrappedKey;
}

/** The keys of one table. */
export interface KindOfKey<Named extends Pick<WrappedRow, 'id'>> {
  /** At the beginning of a sentence, such as `Event key`. */
  readonly name: string;
  readonly table: string;
  /** What else helps if a row was changed, after "Restore it from a backup". */
  readonly orElse?: string;
  /** What the wrapped form is bound to. */
  context(key: Named): Buffer;
}

/** @throws KeyRingError that names the row if it does not open */
export async function unwrapRow<Named extends Pick<WrappedRow, 'id'>>(
  keyRing: KeyRing,
  kind: KindOfKey<Named>,
  row: Named & WrappedRow,
): Promise<Buffer> {
  const { keyId } = row.wrappedKey;
  if (!keyRing.keyIds.includes(keyId)) {
    throw new KeyRingError(
      `${kind.name} ${row.id} (table ${kind.table}) is wrapped by key ${keyId}, which is not in the key file: restore key ${keyId}.`,
    );
  }
  try {
    return await keyRing.unwrap(row.wrappedKey, kind.context(row));
  } catch (error) {
    throw asUnopened(kind, row, error);
  }
}

/** The error as it is, unless it says that something does not open. */
export function asUnopened<Named extends Pick<WrappedRow, 'id'>>(
  kind: KindOfKey<Named>,
  row: Named & WrappedRow,
  error: unknown,
): unknown {
  if (!(error instanceof SecretIntegrityError)) return error;
  return rowChanged(kind, row, `does not open with key ${row.wrappedKey.keyId} of the key file`, error);
}

export function rowChanged<Named extends Pick<WrappedRow, 'id'>>(
  { name, table, orElse = '' }: KindOfKey<Named>,
  { id }: Pick<WrappedRow, 'id'>,
  how: string,
  cause?: unknown,
): KeyRingError {
  return new KeyRingError(
    `${name} ${id} (table ${table}) ${how}: its row was changed. Restore it from a backup${orElse}.`,
    { cause },
  );
}

/**
 * Brings rows under the primary key. Only what the key ring wraps changes.
 * @param replace gives whether the row was still as it was read
 */
export async function rewrapRows<Named extends Pick<WrappedRow, 'id'>>(
  keyRing: KeyRing,
  kind: KindOfKey<Named>,
  rows: readonly (Named & WrappedRow)[],
  replace: (id: number, from: WrappedKey, to: WrappedKey) => Promise<boolean>,
): Promise<{ readonly rewrapped: number; readonly unreadable: readonly number[] }> {
  const unreadable: number[] = [];
  let rewrapped = 0;
  for (const row of rows) {
    if (row.wrappedKey.keyId === keyRing.primaryKeyId) continue;
    try {
      const bytes = await unwrapRow(keyRing, kind, row);
      const to = await keyRing.wrap(bytes, kind.context(row)).finally(() => bytes.fill(0));
      if (await replace(row.id, row.wrappedKey, to)) rewrapped += 1;
    } catch (error) {
      if (!(error instanceof KeyRingError)) throw error;
      unreadable.push(row.id);
    }
  }
  return { rewrapped, unreadable };
}
