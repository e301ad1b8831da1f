import { randomBytes, randomUUID } from 'node:crypto';
import type { KeyFile, LocalKey } from '../../../src/adapters/vault/key-file-format.ts';
import { createKeyRing, type KeyRing } from '../../../src/adapters/vault/key-ring.ts';
import { openRecord, recordDigest, sealRecord } from '../../../src/adapters/vault/record-cipher.ts';
import type { SealedSecret } from '../../../src/adapters/vault/secret-stores.ts';
import {
  type LoginCredential,
  type SecretBinding,
  SecretIntegrityError,
} from '../../../src/application/ports/vault.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { createMutant, type Fault } from '../../support/mutant.ts';

/** The functions under test, or those of a broken variant. */
export interface Cipher {
  readonly createKeyRing: typeof createKeyRing;
  readonly sealRecord: typeof sealRecord;
  readonly openRecord: typeof openRecord;
  readonly recordDigest: typeof recordDigest;
}
export const CIPHER: Cipher = { createKeyRing, sealRecord, openRecord, recordDigest };

export async function brokenCipher(faults: readonly Fault[]): Promise<Cipher> {
  const mutant = await createMutant('adapters/vault', faults);
  const { createKeyRing } = await mutant.load<Pick<Cipher, 'createKeyRing'>>('key-ring.ts');
  return { ...(await mutant.load<Omit<Cipher, 'createKeyRing'>>('record-cipher.ts')), createKeyRing };
}

interface LocalKeyFile extends KeyFile {
  readonly keys: readonly LocalKey[];
}

/** Random keys with these ids; the last one wraps. */
export function keyFileWith(...ids: readonly [number, ...number[]]): LocalKeyFile {
  const keys = ids.map((id): LocalKey => ({ kind: 'local', id, bytes: randomBytes(32) }));
  return { primaryKeyId: ids.at(-1) ?? ids[0], keys };
}

export function keyRingWith(...ids: readonly [number, ...number[]]): KeyRing {
  return createKeyRing(keyFileWith(...ids));
}

/** A copy of the keys, because a key ring zeroes the bytes that it gets. */
export function copyOf({ primaryKeyId, keys }: LocalKeyFile, changes: Partial<LocalKeyFile> = {}): LocalKeyFile {
  return { primaryKeyId, keys: keys.map((key) => ({ ...key, bytes: Buffer.from(key.bytes) })), ...changes };
}

export function someBinding(changes: Partial<SecretBinding> = {}): SecretBinding {
  return {
    projectId: `project-${randomBytes(4).toString('hex')}`,
    registryId: randomUUID(),
    credentialVersion: 1 + (randomBytes(1)[0] ?? 0),
    host: `${randomBytes(3).toString('hex')}.example.com:5000`,
    ...changes,
  };
}

export function someCredential(label: string): LoginCredential {
  return { username: `robot-${label}`, password: new Secret(canary(label)) };
}

/** Records, with the credentials in them and the key ring that opens them. */
export interface Sealed {
  readonly cipher: Cipher;
  readonly keyRing: KeyRing;
  readonly records: readonly SealedSecret[];
}

export async function sealSome(count: number, label: string, cipher = CIPHER): Promise<Sealed> {
  const keyRing = cipher.createKeyRing(keyFileWith(1, 2));
  const records: SealedSecret[] = [];
  for (let index = 0; index < count; index += 1) {
    records.push(await cipher.sealRecord(keyRing, randomUUID(), someBinding(), someCredential(label)));
  }
  return { cipher, keyRing, records };
}

/**
 * Whether a tampered record is refused although its digest was adapted, so that every other guard has to work by
 * itself. Any error but a SecretIntegrityError fails the test.
 */
export async function isRefused({ cipher, keyRing }: Sealed, tampered: Omit<SealedSecret, 'digest'>): Promise<boolean> {
  const digest = cipher.recordDigest(tampered);
  try {
    await cipher.openRecord(keyRing, { ...tampered, digest }, digest);
    return false;
  } catch (error) {
    if (error instanceof SecretIntegrityError) return true;
    throw error;
  }
}
