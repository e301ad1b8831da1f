import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { KeyRecordStore } from '../adapters/vault/secret-stores.ts';
import type { WatchedKeyRing } from '../adapters/vault/watched-key-ring.ts';
import { createChores } from './chores.ts';
import type { ExternalKeys } from './external-keys.ts';
import type { Lifecycle } from './lifecycle.ts';
import { unlessUnavailable } from './unless-unavailable.ts';

/** How soon a changed key file is read. */
const LOOK_EVERY_MS = 1_000;
/** Others count a replica as stopped 10 seconds after its last report. */
const REPORT_EVERY_MS = 3_000;

/** How soon the end of an external key's outage is noticed if nobody asks for the key. */
const PROBE_EVERY_MS = 5_000;

export interface KeyHoldingDeps {
  readonly keyRing: WatchedKeyRing;
  readonly externalKeys: Pick<ExternalKeys, 'probe'>;
  readonly records: Pick<KeyRecordStore, 'reportHolder' | 'removeHolder'>;
  readonly logger: Logger;
  readonly onFault: (error: unknown) => void;
}

/**
 * From here on this replica follows the key file and says which keys it has, so that no key becomes primary before all
 * replicas can open what it seals, and none is retired while a replica seals with it.
 */
export async function startKeyHolding(
  { keyRing, externalKeys, records, logger, onFault }: KeyHoldingDeps,
  lifecycle: Lifecycle,
): Promise<void> {
  const replica = `${hostname()}:${process.pid}/${randomBytes(3).toString('hex')}`;
  let reported = '';
  let reportedAt = 0;
  let knownFault: unknown;

  async function look(): Promise<void> {
    await keyRing.look();
    const { fault } = keyRing;
    if (String(fault) !== String(knownFault)) {
      if (fault === undefined) logger.info({ keys: keyRing.keyIds }, 'the key file can be used again');
      else
        logger.error({ err: fault }, 'the key file was changed and cannot be used: the keys from before stay in use');
    }
    knownFault = fault;
  }

  async function report(): Promise<void> {
    const { keyIds, primaryKeyId } = keyRing;
    const now = JSON.stringify({ keyIds, primaryKeyId });
    if (now === reported && performance.now() - reportedAt < REPORT_EVERY_MS) return;
    await records.reportHolder({ replica, keyIds, primaryKeyId });
    if (reported !== '' && now !== reported) logger.info({ keyIds, primaryKeyId }, 'the key file was read anew');
    reported = now;
    reportedAt = performance.now();
  }

  await report().catch(unlessUnavailable);
  // A key that became primary before this replica was known to others is in the file by now.
  await look();
  const chores = createChores([look, () => report().catch(unlessUnavailable)], { everyMs: LOOK_EVERY_MS, onFault });
  // Apart from the others, which would have to wait for a service that does not answer.
  const probes = createChores([() => externalKeys.probe(keyRing.keyIds)], { everyMs: PROBE_EVERY_MS, onFault });
  lifecycle.onClose(async () => {
    await Promise.all([chores.stop(), probes.stop()]);
    await records.removeHolder(replica).catch(unlessUnavailable);
  });
}
