import type { Logger } from 'pino';
import { createEgress } from '../adapters/egress/egress.ts';
import type { AskedKey } from '../adapters/key-management/external-key.ts';
import { createKeyManagement } from '../adapters/key-management/key-management.ts';
import { parseKeyManagement } from '../adapters/key-management/settings.ts';
import type { KeyFault } from '../adapters/vault/key-encryption-key.ts';
import type { OpenExternalKey } from '../adapters/vault/key-ring.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import type { Config } from '../config/config.ts';
import { egressOptionsOf } from './egress-options.ts';

export interface ExternalKeys {
  readonly open: OpenExternalKey;
  /** What is wrong at the moment, one for each key. */
  faults(): readonly KeyFault[];
  /** Asks once more for what failed, and forgets the faults of keys that are not in use any more. Never rejects. */
  probe(keyIdsInUse: readonly number[]): Promise<void>;
  /** Zeroes the data keys that are held. */
  close(): void;
}

/**
 * Keys that other services keep, as KEY_MANAGEMENT says.
 * @param logger for a service that goes on when a key fails; a command ends with the fault instead
 * @throws KeyManagementConfigurationError
 */
export function openExternalKeys(
  config: Config,
  logger?: Logger,
  metrics?: Pick<Metrics, 'externalKeyAsked'>,
): ExternalKeys {
  const faults = { wrap: new Map<number, KeyFault>(), unwrap: new Map<number, KeyFault>() };

  /** The beginning and the end of each fault are logged, and nothing between. */
  function onAsked({ key, action, fault, seconds }: AskedKey): void {
    metrics?.externalKeyAsked({ kind: key.kind, action, outcome: fault?.kind ?? 'ok', seconds });
    const known = faults[action].get(key.id);
    if (fault === undefined) {
      faults[action].delete(key.id);
      if (known !== undefined) logger?.info({ keyId: key.id, action }, 'an external key can be used again');
      return;
    }
    faults[action].set(key.id, fault);
    if (known?.message !== fault.message) logger?.error({ err: fault }, 'an external key cannot be used');
  }

  async function probe(action: keyof typeof faults, keyIdsInUse: readonly number[]): Promise<void> {
    const failing = [...faults[action].keys()];
    for (const keyId of failing) if (!keyIdsInUse.includes(keyId)) faults[action].delete(keyId);
    await Promise.all([...faults[action].keys()].map((keyId) => keys.probe(keyId, action)));
  }

  const keys = createKeyManagement({
    settings: parseKeyManagement(config.keyManagement),
    egress: createEgress(egressOptionsOf(config)),
    now: Date.now,
    onAsked,
  });
  return {
    open: keys.open,
    faults: () => [...new Map([...faults.wrap, ...faults.unwrap]).values()],
    async probe(keyIdsInUse) {
      await Promise.all([probe('wrap', keyIdsInUse), probe('unwrap', keyIdsInUse)]);
    },
    close: keys.close,
  };
}
