import type { Logger } from 'pino';
import { createEgress } from './adapters/egress/egress.ts';
import type { AskedKey } from './adapters/key-management/external-key.ts';
import { createKeyManagement } from './adapters/key-management/key-management.ts';
import { parseKeyManagement } from './adapters/key-management/settings.ts';
import type { KeyFault } from './adapters/vault/key-encryption-key.ts';
import type { OpenExternalKey } from './adapters/vault/key-ring.ts';
import type { Metrics } from './application/ports/metrics.ts';
import type { Config } from './config.ts';
import { egressOptionsOf } from './egress-options.ts';

export interface ExternalKeys {
  readonly open: OpenExternalKey;
  /** What is wrong at the moment, one for each key. */
  faults(): readonly KeyFault[];
  /** Asks the keys with faults once more. Never rejects. */
  probe(): Promise<void>;
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
  const faults = new Map<string, KeyFault>();

  /** The beginning and the end of each fault are logged, and nothing between. */
  function onAsked({ key, action, fault, seconds }: AskedKey): void {
    metrics?.externalKeyAsked({ kind: key.kind, action, outcome: fault?.kind ?? 'ok', seconds });
    const name = `${key.id} ${action}`;
    const known = faults.get(name);
    if (fault === undefined) {
      faults.delete(name);
      if (known !== undefined) logger?.info({ keyId: key.id }, 'an external key can be used again');
      return;
    }
    faults.set(name, fault);
    if (known?.message !== fault.message) logger?.error({ err: fault }, 'an external key cannot be used');
  }

  const keys = createKeyManagement({
    settings: parseKeyManagement(config.keyManagement),
    egress: createEgress(egressOptionsOf(config)),
    now: Date.now,
    onAsked,
  });
  return {
    open: keys.open,
    faults: () => [...new Map([...faults.values()].map((fault) => [fault.keyId, fault])).values()],
    async probe() {
      await Promise.all([...new Set([...faults.values()].map(({ keyId }) => keyId))].map((keyId) => keys.probe(keyId)));
    },
    close: keys.close,
  };
}
