import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { WorkloadIssuer, WorkloadTokens } from '../../application/ports/workload-tokens.ts';
import { unavailable } from '../../domain/errors.ts';
import { Secret } from '../../domain/secret.ts';
import { publishedKeys, signingKey } from '../../domain/workload-keys.ts';
import { workloadClaims } from '../../domain/workload-token.ts';
import type { KeyRing } from './key-ring.ts';
import type { StoredWorkloadKey, WorkloadKeyStore } from './secret-stores.ts';
import { type OpenedWorkloadKey, openWorkloadKey } from './workload-keys.ts';

/** How soon another process's new key is seen, and one that it destroyed is gone. */
const READ_AGAIN_MS = 2_000;

export interface WorkloadTokensDeps {
  readonly issuer: string;
  readonly keyRing: KeyRing;
  readonly store: Pick<WorkloadKeyStore, 'workloadKeys'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Reads the keys when they are asked for, at most every two seconds. */
export function createWorkloadTokens(deps: WorkloadTokensDeps): WorkloadTokens & WorkloadIssuer {
  const { issuer, keyRing, store, now } = deps;
  let opened = new Map<string, OpenedWorkloadKey>();
  let read: { readonly at: number; readonly keys: Promise<OpenedWorkloadKey[]> } | undefined;

  async function openKeys(): Promise<OpenedWorkloadKey[]> {
    const next = new Map<string, OpenedWorkloadKey>();
    for (const stored of await store.workloadKeys()) {
      const name = nameOf(stored);
      next.set(name, opened.get(name) ?? (await openWorkloadKey(keyRing, stored)));
    }
    opened = next;
    return [...next.values()];
  }

  function currentKeys(): Promise<OpenedWorkloadKey[]> {
    const at = performance.now();
    if (read === undefined || at - read.at >= READ_AGAIN_MS) {
      const keys = openKeys();
      const reading = { at, keys };
      read = reading;
      keys.catch(() => {
        if (read === reading) read = undefined;
      });
    }
    return read.keys;
  }

  return {
    issuer,

    async sign(owner, audience) {
      const key = signingKey(await currentKeys(), now());
      if (key === undefined) throw unavailable('The key that signs workload tokens is missing. Try again.');
      const claims = workloadClaims(issuer, owner, audience, { at: now(), id: randomUUID() });
      const header = { alg: 'RS256', kid: key.publicKey.kid, typ: 'JWT' };
      return new Secret(await new SignJWT({ ...claims }).setProtectedHeader(header).sign(key.privateKey));
    },

    async publicKeys() {
      const keys = await currentKeys().catch((error: unknown) => {
        // What was published is still true, and is no secret.
        if (opened.size === 0) throw error;
        return [...opened.values()];
      });
      return publishedKeys(keys, now()).map(({ publicKey }) => publicKey);
    },
  };
}

/** Another one if the row was replaced. A rewrap changes nothing of the key. */
function nameOf({ id, signsFrom, sealedKey }: StoredWorkloadKey): string {
  return `${id} ${signsFrom} ${sealedKey.toString('base64')}`;
}
