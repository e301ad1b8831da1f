import { unreachable } from '../../domain/unreachable.ts';
import { addressKind, embeddedIpv4 } from './address-kind.ts';
import type { AllowList } from './allow-list.ts';
import { isOnlyLocal } from './host-name.ts';
import { notAllowed, type Target } from './target.ts';

/** Whether a name may be looked up at all. @throws EgressFailed TARGET_NOT_ALLOWED */
export function admitName({ host, port, isAddress }: Target, allow: AllowList): void {
  if (!isAddress && isOnlyLocal(host) && !allow.opensName(host, port)) throw notAllowed('NAME');
}

/** Whether the target may be reached by this address. */
export function isAdmitted(reached: string, { host, port, isAddress }: Target, allow: AllowList): boolean {
  const address = embeddedIpv4(reached) ?? reached;
  const opensAddress = () => allow.opensAddress(address, port);
  const kind = addressKind(address);
  switch (kind) {
    case 'PUBLIC':
      return true;
    case 'PRIVATE':
      return (!isAddress && allow.opensName(host, port)) || allow.opensNetworkOf(address) || opensAddress();
    case 'SPECIAL':
      return allow.opensNetworkOf(address) || opensAddress();
    case 'METADATA':
      return opensAddress();
    case 'NEVER':
      return false;
    default:
      return unreachable(kind, 'kind of address');
  }
}

/**
 * Admits all addresses or none: with one bad address among good ones, the next connection could go to the bad one.
 * @throws EgressFailed TARGET_NOT_ALLOWED
 */
export function admitAddresses(addresses: readonly string[], target: Target, allow: AllowList): void {
  if (!addresses.every((address) => isAdmitted(address, target, allow))) throw notAllowed('ADDRESS');
}
