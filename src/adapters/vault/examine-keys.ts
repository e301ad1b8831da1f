import { requireAuditKey } from './audit-keys.ts';
import { openEventKeys } from './event-keys.ts';
import { asKeyRingError, checkKeys, requireCheckedKeys } from './key-check.ts';
import { KeyRingError } from './key-file-format.ts';
import type { KeyRing } from './key-ring.ts';
import type { KeyRecordStore, SealedSecretStore } from './secret-stores.ts';
import { requireWorkloadKeys } from './workload-keys.ts';

/** Every reason why the key ring does not fit the database, in sentences. Nothing is written. */
export async function keyFaults(
  keyRing: KeyRing,
  records: Pick<KeyRecordStore, 'keyChecks' | 'eventKeys' | 'auditKeys' | 'lastHead' | 'workloadKeys'>,
  store: SealedSecretStore,
): Promise<string[]> {
  const faults: string[] = [];
  const examinations = [
    async () => requireCheckedKeys(keyRing, await records.keyChecks()),
    async () => checkKeys(keyRing, store),
    async () => openEventKeys(keyRing, await records.eventKeys()),
    async () => requireAuditKey(keyRing, records),
    async () => requireWorkloadKeys(keyRing, records),
  ];
  for (const examine of examinations) {
    try {
      await examine();
    } catch (error) {
      const refusal = asKeyRingError(error);
      if (!(refusal instanceof KeyRingError)) throw error;
      if (!faults.includes(refusal.message)) faults.push(refusal.message);
    }
  }
  return faults;
}
