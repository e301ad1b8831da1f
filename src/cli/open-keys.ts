import { setTimeout as delay } from 'node:timers/promises';
import { migrate } from '../adapters/postgres/migrate.ts';
import { createKeyRecordStore } from '../adapters/postgres/vault/key-record-store.ts';
import { checkKeyIds } from '../adapters/vault/key-check.ts';
import { type KeyRing, loadKeyRing } from '../adapters/vault/key-ring.ts';
import type { KeyHolder, KeyRecordStore } from '../adapters/vault/secret-stores.ts';
import { type ExternalKeys, openExternalKeys } from '../composition/external-keys.ts';
import { keyFileOf } from '../composition/stores.ts';
import { OperatorError } from '../domain/errors.ts';
import { alone } from './alone.ts';
import { type Environment, UsageError } from './command.ts';
import { openToRead } from './open-to-read.ts';
import { withConfig } from './with-config.ts';

/** What the commands that change keys work on. */
export interface Keys {
  /** The path of the key file. */
  readonly file: string;
  readonly records: KeyRecordStore;
  readonly externalKeys: ExternalKeys;
}

/** Replicas report every 3 to 4 seconds. A crash of the database loses all reports. */
const REPORTED_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 250;

/** The lock is "keys" in ASCII. */
const KEYS = { lock: '1801812339', work: 'is changing the keys' } as const;

/** The service may be running. One command at a time may change keys. */
export function withKeys(env: Environment, run: (keys: Keys) => Promise<number>): Promise<number> {
  return withConfig(env, async (config, logger) => {
    const { connectionString, close } = await openToRead(config, logger);
    const records = createKeyRecordStore({ connectionString, logger });
    const externalKeys = openExternalKeys(config);
    try {
      await migrate(connectionString);
      return await alone(connectionString, KEYS, () => run({ file: keyFileOf(config), records, externalKeys }));
    } finally {
      externalKeys.close();
      await records.close();
      await close();
    }
  });
}

/**
 * The keys of the key file, which are those that this database knows.
 * @throws KeyRingError
 */
export async function openKeyRing({ file, records, externalKeys }: Keys): Promise<KeyRing> {
  const keyRing = await loadKeyRing({ file, createIfMissing: false, openExternal: externalKeys.open });
  await checkKeyIds(keyRing, records);
  return keyRing;
}

export function readKeyId(value: unknown): number {
  const id = Number(value);
  if (Number.isInteger(id) && id > 0) return id;
  throw new UsageError('The id of a key is a whole number, as in the key file and in `purser keys list`.');
}

/** Refuses where running replicas do not have the key: they could not open what is sealed under it. */
export function requireHeldByAll(holders: readonly KeyHolder[], keyId: number): void {
  const without = holdersWithout(holders, keyId);
  if (without.length === 0) return;
  throw new OperatorError(
    `${without.length} of ${holders.length} running replicas do not have key ${keyId}: ${without.join(', ')}. Give them this key file; they read it by themselves within seconds.`,
  );
}

/**
 * The running replicas. That all have the key counts only after a look as long as a replica needs to report.
 * @param patienceMs how long those that do not have the key are waited for
 */
export async function awaitHolders(
  records: Pick<KeyRecordStore, 'holders'>,
  keyId: number,
  patienceMs: number,
): Promise<readonly KeyHolder[]> {
  for (const start = performance.now(); ; await delay(LOOK_EVERY_MS)) {
    const holders = await records.holders();
    const isMissing = holdersWithout(holders, keyId).length > 0;
    if (performance.now() - start >= (isMissing ? patienceMs : REPORTED_WITHIN_MS)) return holders;
  }
}

export function holdersWithout(holders: readonly KeyHolder[], keyId: number): string[] {
  return holders.filter(({ keyIds }) => !keyIds.includes(keyId)).map(({ replica }) => replica);
}
