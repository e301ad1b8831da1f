import type { Egress } from '../../application/ports/egress.ts';
import { type ExternalKey, KeyRingError, locationOf } from '../vault/key-file-format.ts';
import type { OpenExternalKey } from '../vault/key-ring.ts';
import { type AskedKey, createExternalKey, type ExternalKeyHandle } from './external-key.ts';
import type { KeyAction, KeyService } from './key-service.ts';
import type { KeyManagementSettings } from './settings.ts';
import { createTransit } from './transit.ts';
import { createUnwrappedKeys, type UnwrappedKeysOptions } from './unwrapped-keys.ts';

export interface KeyManagementDeps {
  readonly settings: KeyManagementSettings;
  readonly egress: Egress;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly unwrappedKeys?: UnwrappedKeysOptions;
  /** Called after each request to a service. */
  readonly onAsked: (asked: AskedKey) => void;
}

export interface KeyManagement {
  /** The same key is opened once, so that it keeps its requests and what it has unwrapped. */
  readonly open: OpenExternalKey;
  /** Asks the key again for this. Never rejects. */
  probe(keyId: number, action: KeyAction): Promise<void>;
  /** Zeroes the data keys that are held. */
  close(): void;
}

/** All external keys. Nothing is asked, and no SDK is loaded, before a key is used. */
export function createKeyManagement(deps: KeyManagementDeps): KeyManagement {
  const { settings, egress, now, unwrappedKeys, onAsked } = deps;
  const unwrapped = createUnwrappedKeys(unwrappedKeys);
  const opened = new Map<string, ExternalKeyHandle>();
  const byId = new Map<number, ExternalKeyHandle>();
  const services = {
    transit: settings.transit && createTransit(settings.transit, egress, now),
    'aws-kms': settings.awsKms && loadedLate(settings.awsKms, egress, now),
  };

  return {
    open(key) {
      const service = services[key.kind];
      if (service === undefined) throw new KeyRingError(unset(key));
      const name = `${key.id} ${locationOf(key)}`;
      const handle = opened.get(name) ?? createExternalKey(key, { service, unwrapped, onAsked });
      opened.set(name, handle);
      byId.set(key.id, handle);
      return handle;
    },
    probe: async (keyId, action) => byId.get(keyId)?.probe(action),
    close: () => unwrapped.clear(),
  };
}

function unset(key: ExternalKey): string {
  const section = key.kind === 'aws-kms' ? 'awsKms' : 'transit';
  return `Key ${key.id} of the key file (${locationOf(key)}) is kept by another service: KEY_MANAGEMENT must have ${section}, with its login.`;
}

const AWS_IN_FLIGHT = 16;

/** Amazon's SDK is large: it is loaded when a key is first used. */
function loadedLate(
  settings: NonNullable<KeyManagementSettings['awsKms']>,
  egress: Egress,
  now: () => number,
): KeyService {
  let loaded: Promise<Pick<KeyService, 'ask'>> | undefined;
  return {
    maxBatch: 1,
    maxInFlight: AWS_IN_FLIGHT,
    async ask(key, action, items) {
      loaded ??= import('./aws-kms.ts').then(({ createAwsKms }) => createAwsKms(settings, egress, now));
      return (await loaded).ask(key, action, items);
    },
  };
}
