import { createKeyManagement } from '../../../src/adapters/key-management/key-management.ts';
import { parseKeyManagement } from '../../../src/adapters/key-management/settings.ts';
import type { ExternalKey, LocalKey } from '../../../src/adapters/vault/key-file-format.ts';
import { createKeyRing, type KeyRing } from '../../../src/adapters/vault/key-ring.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { egressTo } from '../../adapters/minting/minter-fixture.ts';
import { startTransitDouble, transitSettings } from './transit-double.ts';

/** Key rings of a rotation from a local key to one at a protocol double of a transit engine. */
export interface TransitRings {
  /** With some of the two keys. The one with the highest id wraps. */
  ringWith(...ids: readonly number[]): KeyRing;
  /** The new key, as a key file names it. */
  readonly keyLine: string;
  /** What a process needs to ask the double. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function startTransitRings(local: LocalKey): Promise<TransitRings> {
  const transit = await startTransitDouble();
  const settings = transitSettings(transit, { method: 'token', token: transit.issueToken() });
  const management = createKeyManagement({
    settings: parseKeyManagement(new Secret(settings)),
    egress: egressTo(transit),
    now: Date.now,
    onAsked: () => undefined,
  });
  const external: ExternalKey = { kind: 'transit', id: local.id + 1, mount: 'transit', name: 'purser' };
  return {
    ringWith(...ids) {
      // A key ring zeroes the bytes that it gets.
      const keys = [{ ...local, bytes: Buffer.from(local.bytes) }, external].filter(({ id }) => ids.includes(id));
      return createKeyRing({ keys, primaryKeyId: Math.max(...ids) }, management.open);
    },
    keyLine: `${external.id} transit:transit/purser primary`,
    environment: { KEY_MANAGEMENT: settings, EGRESS_ALLOW: '127.0.0.1', PLAIN_HTTP_HOSTS: transit.authority },
    async close() {
      management.close();
      await transit.close();
    },
  };
}
