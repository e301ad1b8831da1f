import type { LeasePurpose, MintConfig } from './credential.ts';
import { badUserInput } from './errors.ts';
import type { MintKindProfile } from './mint-kinds/profile.ts';
import { MINT_KINDS, type MintKind } from './mint-kinds/table.ts';
import type { Secret } from './secret.ts';

/**
 * Refuses, before it is stored, a cloud credential that its cloud can never accept.
 * @throws PurserError BAD_USER_INPUT on `username` or `password`; no message holds any part of the password
 */
export function checkMintSource(kind: MintKind, username: string, password: Secret): void {
  const fault = MINT_KINDS[kind].sourceFault?.(username, password.reveal());
  if (fault !== undefined) throw badUserInput(fault.field, fault.message);
}

/**
 * `aud` of the service's own token for the cloud that mints. Undefined if a secret is stored.
 * @param url canonical `host[:port]` of the registry
 */
export function federatedAudience(mint: MintConfig, url: string): string | undefined {
  const { federated }: MintKindProfile = MINT_KINDS[mint.kind];
  return mint.federated ? federated?.audience(mint, url) : undefined;
}

/** What a minted password can do: only its purpose if its kind can be narrowed, otherwise everything. */
export function mintedPurpose(kind: MintKind, purpose: LeasePurpose): LeasePurpose {
  return MINT_KINDS[kind].narrows ? purpose : 'PUSH';
}
