import type { RegistryState } from './registry.ts';
import { heldVersions } from './rotation.ts';

/** Whether the registry still needs this secret. */
export function isHeld(state: RegistryState, secretId: string): boolean {
  return state.phase === 'live' && heldVersions(state).some(({ credential }) => credential.secretId === secretId);
}

/** Whether the registry neither needs this secret nor ever will: the log has its version already, and gives none twice. */
export function isOvertaken(
  state: RegistryState,
  { secretId, credentialVersion }: { readonly secretId: string; readonly credentialVersion: number },
): boolean {
  return credentialVersion <= state.lastVersion && !isHeld(state, secretId);
}
