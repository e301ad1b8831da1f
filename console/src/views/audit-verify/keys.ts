import { isRecord } from '../../api/errors.ts';

/** A key as this browser remembers it, so that another one is noticed. Public keys are no secrets. */
export interface PinnedKey {
  readonly keyId: string;
  readonly publicKey: string;
  readonly pinnedAt: string;
}

/** A key as the service names it. */
export interface ServiceKey {
  readonly keyId: string;
  readonly publicKey: string;
  readonly createdAt: string;
  readonly retiredAt?: string | null | undefined;
}

export interface OfferedKey {
  readonly keyId: string;
  readonly publicKey: string;
  /** How it came here. What came by another way than the service proves more. */
  readonly origin: 'pinned' | 'pasted' | 'service';
  readonly pinnedAt?: string;
  readonly isRetired: boolean;
  /** Others are pinned, and this one was not there then. */
  readonly isNew: boolean;
}

/**
 * The keys to choose from. `service` names its keys with their ids; that these belong together is checked where signatures are.
 */
export function offeredKeys(
  service: readonly ServiceKey[],
  pinned: readonly PinnedKey[],
  pasted: readonly { readonly keyId: string; readonly publicKey: string }[],
): OfferedKey[] {
  const found = new Map<string, OfferedKey>();
  const retired = new Set(service.filter(({ retiredAt }) => retiredAt).map(({ publicKey }) => publicKey));
  const offer = (key: Omit<OfferedKey, 'isRetired' | 'isNew'>, isNew = false) => {
    if (found.has(key.publicKey)) return;
    found.set(key.publicKey, { ...key, isRetired: retired.has(key.publicKey), isNew });
  };
  for (const { keyId, publicKey, pinnedAt } of pinned) offer({ keyId, publicKey, pinnedAt, origin: 'pinned' });
  for (const { keyId, publicKey } of pasted) offer({ keyId, publicKey, origin: 'pasted' });
  for (const { keyId, publicKey } of service) offer({ keyId, publicKey, origin: 'service' }, pinned.length > 0);
  return [...found.values()];
}

/** Who has a key of their own need not take the service's word: then its keys count only if they are chosen. */
export function isChosenAtFirst({ origin }: OfferedKey, keys: readonly OfferedKey[]): boolean {
  return origin !== 'service' || keys.every((key) => key.origin === 'service');
}

const PLACE = 'purser.audit-keys';

/** Empty if this browser keeps nothing, or something else stands there. */
export function readPinned(storage: Pick<Storage, 'getItem'>): PinnedKey[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(PLACE) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isPinnedKey) : [];
  } catch {
    return [];
  }
}

export function keepPinned(storage: Pick<Storage, 'setItem'>, keys: readonly PinnedKey[]): void {
  try {
    storage.setItem(PLACE, JSON.stringify(keys));
  } catch {
    // A browser that keeps nothing forgets them with this page.
  }
}

function isPinnedKey(value: unknown): value is PinnedKey {
  return isRecord(value) && ['keyId', 'publicKey', 'pinnedAt'].every((name) => typeof value[name] === 'string');
}
