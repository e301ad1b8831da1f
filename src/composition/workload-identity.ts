import type { IssuerConfig } from '../adapters/auth/issuers.ts';
import type { KeyRecordStore } from '../adapters/vault/secret-stores.ts';
import type { WatchedKeyRing } from '../adapters/vault/watched-key-ring.ts';
import { keepWorkloadKeys, requireWorkloadKeys } from '../adapters/vault/workload-keys.ts';
import { createWorkloadTokens } from '../adapters/vault/workload-tokens.ts';
import type { WorkloadIssuer, WorkloadTokens } from '../application/ports/workload-tokens.ts';
import { type Config, ConfigurationError } from '../config/config.ts';
import { createChores } from './chores.ts';
import type { Lifecycle } from './lifecycle.ts';

/** How often the leader looks whether a key is due, or no longer published. */
const LOOK_EVERY_MS = 60_000;

export interface WorkloadIdentityDeps {
  readonly config: Pick<Config, 'workloadIssuerUrl'>;
  readonly issuers: readonly Pick<IssuerConfig, 'issuer'>[];
  readonly keyRing: WatchedKeyRing;
  readonly records: KeyRecordStore;
  readonly leading: () => boolean;
  readonly onFault: (error: unknown) => void;
}

/**
 * The tokens in which this service says to clouds who it is, and their keys, the first of which is made here. Undefined
 * without an issuer. @throws KeyRingError
 */
export async function openWorkloadIdentity(
  { config: { workloadIssuerUrl: issuer }, issuers, keyRing, records, leading, onFault }: WorkloadIdentityDeps,
  lifecycle: Lifecycle,
): Promise<(WorkloadTokens & WorkloadIssuer) | undefined> {
  if (issuer === undefined) return undefined;
  requireOtherIssuers(issuer, issuers);
  await keepWorkloadKeys(keyRing, records, Date.now());
  await requireWorkloadKeys(keyRing, records);
  const keep = async () => leading() && keepWorkloadKeys(keyRing, records, Date.now());
  const chores = createChores([keep], { everyMs: LOOK_EVERY_MS, onFault });
  lifecycle.onClose(() => chores.stop());
  return createWorkloadTokens({ issuer, keyRing, store: records, now: Date.now });
}

/** Everybody with the right to register a registry can have such a token sent to a host of theirs. */
function requireOtherIssuers(own: string, issuers: WorkloadIdentityDeps['issuers']): void {
  const isOwn = (issuer: string) => issuer.startsWith(own) && /^\/*$/.test(issuer.slice(own.length));
  if (!issuers.some(({ issuer }) => isOwn(issuer))) return;
  throw new ConfigurationError(
    `JWT_ISSUERS trusts ${own}, which is WORKLOAD_ISSUER_URL: the service would take its own tokens for callers'. Take it out of JWT_ISSUERS.`,
  );
}
