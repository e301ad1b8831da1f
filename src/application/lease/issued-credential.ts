import type { CredentialForm, ExpirySource } from '../../domain/credential.ts';
import { dockerConfig } from '../../domain/docker-config.ts';
import { PurserError } from '../../domain/errors.ts';
import type { Instant } from '../../domain/instant.ts';
import { type Lease, type LeaseView, leaseView } from '../../domain/lease.ts';
import type { LiveRegistry } from '../../domain/registry.ts';
import type { Secret } from '../../domain/secret.ts';
import type { EffectiveCredential } from '../credential/effective-credential.ts';

/** The login for a pipeline, by its parts and as a file that clients read. */
export interface IssuedCredential {
  readonly lease: LeaseView;
  readonly serverAddress: string;
  readonly username: string;
  /** Or the registry token. */
  readonly password: Secret;
  readonly form: CredentialForm;
  readonly expiresAt: Instant | null;
  readonly expirySource: ExpirySource | null;
  /** PEM, if the registry's certificate is from an authority that clients must be told of. */
  readonly caCertificate: string | null;
  /** False if the lease was issued by an earlier request. */
  readonly isNewLease: boolean;
  readonly dockerConfigJson: Secret;
}

export function issuedCredential(
  lease: Lease,
  { username, password, expiresAt, expirySource }: EffectiveCredential,
  { caCertificate }: LiveRegistry,
  serverAddress: string,
): Omit<IssuedCredential, 'isNewLease'> {
  const { form } = lease;
  return {
    lease: leaseView(lease),
    serverAddress,
    username,
    password,
    form,
    expiresAt,
    expirySource,
    caCertificate,
    dockerConfigJson: dockerConfig([{ serverAddress, username, password, form }]),
  };
}

export function leaseReplaced(): PurserError {
  return keyedLeaseFault('belongs to a credential that was replaced since');
}

/** For an ask that is repeated with its idempotency key. */
export function keyedLeaseFault(why: string): PurserError {
  return new PurserError(
    'CREDENTIAL_UNAVAILABLE',
    `The lease that was issued under this idempotencyKey ${why}. Ask again with a new key.`,
  );
}
