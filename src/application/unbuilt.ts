import { unavailable } from '../domain/errors.ts';

/** Testing and minting need a way out to the registries, which this version does not have. */
export function refuseUnbuilt(command: { readonly verify: boolean; readonly mint?: object | null | undefined }): void {
  if (command.verify)
    throw unavailable('Testing a credential before it is stored is not available. Leave `verify` out.');
  if (command.mint) throw unavailable('Minting short-lived passwords is not available. Leave `mint` out.');
}
