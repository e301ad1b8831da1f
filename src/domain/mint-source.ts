import type { LeasePurpose } from './credential.ts';
import { badUserInput } from './errors.ts';
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

/** What a minted password can do: only its purpose if its kind can be narrowed, otherwise everything. */
export function mintedPurpose(kind: MintKind, purpose: LeasePurpose): LeasePurpose {
  return MINT_KINDS[kind].narrows ? purpose : 'PUSH';
}
