import type { LeasePurpose } from './credential.ts';

export type RegistryAccess = 'PULL' | 'PULL_AND_PUSH';

/** The purpose that needs all of the access. */
export function broadestPurpose(access: RegistryAccess = 'PULL_AND_PUSH'): LeasePurpose {
  return access === 'PULL' ? 'PULL' : 'PUSH';
}

/** The fields that a person can edit. Null means not given. */
export interface RegistryDetails {
  readonly name: string;
  readonly description: string | null;
  readonly email: string | null;
  readonly username: string;
  readonly access: RegistryAccess;
  readonly caCertificate: string | null;
  /** The `host[:port]` of the registry's token server, confirmed by a writer: the password is sent there as well. */
  readonly authRealmHost: string | null;
  readonly rotateEveryDays: number | null;
}
