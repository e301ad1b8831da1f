import type { SealedSecret } from '../../../src/adapters/vault/secret-stores.ts';

export interface Swap {
  readonly kind: string;
  readonly record: SealedSecret;
}

const KINDS: Readonly<Record<string, (one: SealedSecret, other: SealedSecret) => Partial<SealedSecret>>> = {
  project: (one, { binding: { projectId } }) => ({ binding: { ...one.binding, projectId } }),
  registry: (one, { binding: { registryId } }) => ({ binding: { ...one.binding, registryId } }),
  version: (one, { binding: { credentialVersion } }) => ({ binding: { ...one.binding, credentialVersion } }),
  host: (one, { binding: { host } }) => ({ binding: { ...one.binding, host } }),
  binding: (_, { binding }) => ({ binding }),
  identity: (_, { secretId, binding }) => ({ secretId, binding }),
  secretId: (_, { secretId }) => ({ secretId }),
  ciphertext: (_, { ciphertext }) => ({ ciphertext }),
  message: (_, { messageId, commitment, ciphertext }) => ({ messageId, commitment, ciphertext }),
  key: (_, { wrappedKey }) => ({ wrappedKey }),
  'key and message id': (_, { wrappedKey, messageId }) => ({ wrappedKey, messageId }),
};

/** This many records, each with fields of another one: every kind of swap, always with different pairs. */
export function* swaps(records: readonly SealedSecret[], count: number): Generator<Swap> {
  let made = 0;
  for (let distance = 1; distance < records.length; distance += 1) {
    for (const [index, one] of records.entries()) {
      const other = records[(index + distance) % records.length];
      if (other === undefined) continue;
      for (const [kind, swap] of Object.entries(KINDS)) {
        if (made >= count) return;
        const changes = swap(one, other);
        // Two records may have the same version by chance.
        if (changes.binding?.credentialVersion === one.binding.credentialVersion && kind === 'version') continue;
        made += 1;
        yield { kind, record: { ...one, ...changes } };
      }
    }
  }
  if (made < count) throw new Error(`only ${made} swaps can be made of ${records.length} records`);
}
