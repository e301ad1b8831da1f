import { createHash, randomUUID } from 'node:crypto';
import {
  type LoginCredential,
  type SecretBinding,
  SecretIntegrityError,
  type Vault,
} from '../../src/application/ports/vault.ts';
import type { SecretEffect } from '../../src/domain/secret-effects.ts';

const SECRET_STATES = ['pending', 'staged', 'current', 'retiring', 'destroyed'] as const;
export type SecretState = (typeof SECRET_STATES)[number];

interface StoredSecret {
  readonly binding: SecretBinding;
  readonly credential: LoginCredential;
  readonly digest: string;
  state: SecretState;
}

/** A vault in memory, and what is in it, in the order in which it was sealed. */
export function createMemoryVault(): { readonly vault: Vault; readonly secrets: ReadonlyMap<string, StoredSecret> } {
  const secrets = new Map<string, StoredSecret>();

  const vault: Vault = {
    async seal(binding, credential) {
      const secretId = randomUUID();
      const digest = createHash('sha256').update(secretId).digest('hex');
      secrets.set(secretId, { binding, credential, digest, state: 'pending' });
      return { secretId, digest };
    },
    async settle(effects) {
      for (const effect of effects) for (const [id, secret] of secrets) secret.state = stateAfter(effect, id, secret);
    },
    async discard(secretId) {
      const secret = secrets.get(secretId);
      if (secret?.state === 'pending') secret.state = 'destroyed';
    },
    async open(binding, { secretId, digest }) {
      const secret = secrets.get(secretId);
      if (!secret || secret.state === 'destroyed') return undefined;
      const isMeant = JSON.stringify(secret.binding) === JSON.stringify(binding) && secret.digest === digest;
      if (!isMeant) throw new SecretIntegrityError('another secret');
      return secret.credential;
    },
    pending: async () => [],
    isSealed: async ({ secretId }) => secrets.has(secretId),
  };

  return { vault, secrets };
}

function stateAfter(effect: SecretEffect, id: string, { binding, state }: StoredSecret): SecretState {
  switch (effect.kind) {
    case 'advance':
      if (id !== effect.secretId) return state;
      return SECRET_STATES.indexOf(state) < SECRET_STATES.indexOf(effect.state) ? effect.state : state;
    case 'destroy': {
      const { registryId, credentialVersion } = binding;
      const isKept = credentialVersion > effect.upToVersion || credentialVersion === effect.kept;
      return registryId === effect.registryId && !isKept ? 'destroyed' : state;
    }
    case 'end':
      return id === effect.secretId ? 'destroyed' : state;
    case 'discard':
      return id === effect.secretId && state === 'pending' ? 'destroyed' : state;
  }
}
