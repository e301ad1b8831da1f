import { SecretIntegrityError } from '../../application/ports/vault.ts';
import type { KeyRing } from './key-ring.ts';
import { wrappingContext } from './record-cipher.ts';
import type { KeyedSecret, KeyReplacement, SealedSecretStore } from './secret-stores.ts';

export interface RewrapOptions {
  /** Secrets a statement. Default: 200. */
  readonly batchSize?: number;
  /** Stops the work after the current batch. */
  readonly signal?: AbortSignal;
}

export interface RewrapResult {
  readonly rewrapped: number;
  /** Secrets with a wrapped key that does not open. They stay under their old key. */
  readonly unreadable: readonly string[];
  /** Old keys still in use. All others can be removed from the key ring, once no replica writes with them. */
  readonly keyIdsLeft: readonly number[];
}

/**
 * Brings all secrets under the primary key. The log and the ciphertexts do not change. Secrets that another process is
 * changing are skipped and tried again, as long as a pass makes progress.
 */
export async function rewrapAll(
  keyRing: KeyRing,
  store: SealedSecretStore,
  { batchSize = 200, signal }: RewrapOptions = {},
): Promise<RewrapResult> {
  const unreadable = new Set<string>();
  let rewrapped = 0;
  for (;;) {
    const keyIds = await oldKeyIds(keyRing, store);
    let replacedInPass = 0;
    for (const keyId of keyIds) {
      for await (const secrets of batchesUnder(store, keyId, batchSize)) {
        if (signal?.aborted) break;
        const replacements = await rewrapBatch(keyRing, secrets, unreadable);
        replacedInPass += await store.replaceWrappedKeys(replacements);
      }
    }
    rewrapped += replacedInPass;
    if (replacedInPass === 0 || signal?.aborted) {
      return { rewrapped, unreadable: [...unreadable], keyIdsLeft: await oldKeyIds(keyRing, store) };
    }
  }
}

async function oldKeyIds(keyRing: KeyRing, store: SealedSecretStore): Promise<number[]> {
  return (await store.keyIdsInUse()).filter((keyId) => keyId !== keyRing.primaryKeyId);
}

async function* batchesUnder(store: SealedSecretStore, keyId: number, limit: number): AsyncGenerator<KeyedSecret[]> {
  for (let after: string | undefined; ; ) {
    const secrets = await store.underKey(keyId, after, limit);
    after = secrets.at(-1)?.secretId;
    if (after === undefined) return;
    yield secrets;
  }
}

async function rewrapBatch(
  keyRing: KeyRing,
  secrets: readonly KeyedSecret[],
  unreadable: Set<string>,
): Promise<KeyReplacement[]> {
  const replacements: KeyReplacement[] = [];
  for (const secret of secrets) {
    if (unreadable.has(secret.secretId)) continue;
    const to = await rewrap(keyRing, secret);
    if (to === undefined) unreadable.add(secret.secretId);
    else replacements.push({ secretId: secret.secretId, from: secret.wrappedKey, to });
  }
  return replacements;
}

async function rewrap(keyRing: KeyRing, secret: KeyedSecret): Promise<KeyReplacement['to'] | undefined> {
  const context = wrappingContext(secret);
  let dataKey: Buffer;
  try {
    dataKey = await keyRing.unwrap(secret.wrappedKey, context);
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
