import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { KeyRingError } from '../../../src/adapters/vault/key-file-format.ts';
import { createKeyRing, type KeyRing } from '../../../src/adapters/vault/key-ring.ts';
import { type RewrapResult, rewrapAll } from '../../../src/adapters/vault/rewrap.ts';
import type { SealedSecretStore } from '../../../src/adapters/vault/secret-stores.ts';
import { type SealingVault, secretRows } from '../../../src/adapters/vault/vault.ts';
import { startTransitRings } from '../../support/key-services/transit-rings.ts';
import { rounds } from '../../support/rounds.ts';
import { withClient } from '../../support/server-databases.ts';
import { copyOf, keyFileWith, keyRingWith } from './sealed-records.ts';
import {
  createVaultFixture,
  opens,
  type SealedCredential,
  sealMany,
  sealSome,
  type VaultFixture,
} from './vault-fixture.ts';

const SECRETS = rounds({ usual: 3_000, torture: 10_000 });
/** Key 1 was the only key; key 2 is new and wraps now. */
const bothKeys = keyFileWith(1, 2);
const ringWith = (...ids: number[]): KeyRing => {
  const keys = copyOf(bothKeys).keys.filter(({ id }) => ids.includes(id));
  return createKeyRing({ keys, primaryKeyId: Math.max(...ids) });
};

let fixture: VaultFixture;
let rotated: SealingVault;
beforeEach(async () => {
  fixture = await createVaultFixture(ringWith(1));
  rotated = fixture.vaultWith(ringWith(1, 2));
});
afterEach(() => fixture.close());

/** Key rings with some of the keys 1, which is in the file, and 2, which is where `kind` says. */
async function ringsOf(kind: string): Promise<(...ids: number[]) => KeyRing> {
  const [local] = copyOf(bothKeys).keys;
  if (kind === 'a key in the file' || local === undefined) return ringWith;
  const transit = await startTransitRings(local);
  onTestFinished(() => transit.close());
  return transit.ringWith;
}

async function rowsUnder(keyId: number): Promise<number> {
  const [row] = await fixture.sql<{ rows: number }>(
    'select count(*)::int as rows from vault.secrets where kek_id = $1',
    [keyId],
  );
  return row?.rows ?? -1;
}

/** Destroyed secrets that again have a part of their key or text. */
async function resurrected(shredded: readonly SealedCredential[]): Promise<number> {
  const [row] = await fixture.sql<{ rows: number }>(
    `select count(*)::int as rows from vault.secrets
     where secret_id = any($1) and (state <> 'destroyed' or num_nonnulls(kek_id, wrapped_key, ciphertext) > 0)`,
    [shredded.map(({ ref }) => ref.secretId)],
  );
  return row?.rows ?? -1;
}

function shred(secrets: readonly SealedCredential[]): Promise<unknown> {
  return fixture.sql('select vault.destroy_secrets($1)', [secrets.map(({ ref }) => ref.secretId)]);
}

async function sealAll(count: number): Promise<SealedCredential[]> {
  const sealed: SealedCredential[] = [];
  while (sealed.length < count)
    sealed.push(...(await sealMany(fixture, Math.min(500, count - sealed.length), 'rewrap')));
  return sealed;
}

/** How many secrets open as they were sealed. */
async function countOpened(vault: SealingVault, sealed: readonly SealedCredential[]): Promise<number> {
  let opened = 0;
  for (let start = 0; start < sealed.length; start += 100) {
    const outcomes = await Promise.all(sealed.slice(start, start + 100).map((one) => opens(vault, one)));
    opened += outcomes.filter(Boolean).length;
  }
  return opened;
}

describe('rewrapping', () => {
  it.each(['a key in the file', 'a key of a transit engine (protocol double)'])(
    `brings ${SECRETS} secrets under %s while they are opened, sealed, settled and destroyed`,
    async (kind) => {
      const rings = await ringsOf(kind);
      const rotated = fixture.vaultWith(rings(1, 2));
      const secrets = await sealAll(SECRETS);
      const kept = secrets.slice(0, 0.9 * SECRETS);
      const shredded = secrets.slice(0.9 * SECRETS);
      const failures: unknown[] = [];
      const added: SealedCredential[] = [];
      let opened = 0;
      let done = false;

      const whileRewrapping = async (work: () => Promise<void>): Promise<void> => {
        while (!done) await work().catch((error: unknown) => failures.push(error));
      };
      const load = [
        ...Array.from({ length: 8 }, () =>
          whileRewrapping(async () => {
            const one = kept[randomInt(kept.length)];
            if (one && !(await opens(rotated, one))) failures.push('not the same password');
            opened += 1;
          }),
        ),
        whileRewrapping(async () => {
          added.push(await sealSome({ vault: rotated }, 'added'));
        }),
        whileRewrapping(async () => {
          const one = kept[randomInt(kept.length)];
          await fixture.sql("select vault.advance($1, array['current'])", [[one?.ref.secretId]]);
        }),
        whileRewrapping(async () => {
          await shred(
            Array.from({ length: 10 }, () => shredded[randomInt(shredded.length)]).filter((one) => one !== undefined),
          );
        }),
      ];
      const result = await rotated.rewrapAll();
      done = true;
      await Promise.all(load);

      expect(failures).toEqual([]);
      expect(result).toMatchObject({ unreadable: [], keyIdsLeft: [] });
      expect(await rowsUnder(1)).toBe(0);
      expect(opened).toBeGreaterThan(100);
      expect(added.length).toBeGreaterThan(0);
      const withoutOldKey = fixture.vaultWith(rings(2));
      await withoutOldKey.checkKeys();
      expect(await countOpened(withoutOldKey, [...kept, ...added])).toBe(kept.length + added.length);
    },
  );

  it('changes nothing but the wrapped key and its key', async () => {
    const [sealed] = await sealAll(1);
    const row = async () => {
      const [found] = await fixture.sql('select * from vault.secrets where secret_id = $1', [sealed?.ref.secretId]);
      const { kek_id, wrapped_key, ...others } = found ?? {};
      return { kek_id, wrapped_key, others };
    };
    const before = await row();
    await rotated.rewrapAll();
    const after = await row();
    expect(after.others).toEqual(before.others);
    expect([before.kek_id, after.kek_id]).toEqual([1, 2]);
    expect(after.wrapped_key).not.toEqual(before.wrapped_key);
  });

  it('can be stopped and resumed', async () => {
    await sealAll(100);
    const stop = new AbortController();
    const ring = ringWith(1, 2);
    const stopping: KeyRing = {
      ...ring,
      wrap(dataKey, context) {
        stop.abort();
        return ring.wrap(dataKey, context);
      },
    };
    const vault = fixture.vaultWith(stopping);
    const first = await vault.rewrapAll({ batchSize: 30, signal: stop.signal });
    expect(first).toEqual({ rewrapped: 30, unreadable: [], keyIdsLeft: [1] });
    expect(await rowsUnder(1)).toBe(70);
    expect(await rotated.rewrapAll({ batchSize: 30 })).toEqual({ rewrapped: 70, unreadable: [], keyIdsLeft: [] });
    expect(await rotated.rewrapAll()).toEqual({ rewrapped: 0, unreadable: [], keyIdsLeft: [] });
  });

  it('rewraps each secret once if two processes do it at the same time', async () => {
    const secrets = await sealAll(1_000);
    const other = fixture.vaultWith(ringWith(1, 2));
    const results = await Promise.all([rotated, other].map((vault) => vault.rewrapAll({ batchSize: 50 })));
    await rotated.rewrapAll();
    expect(results.reduce((sum, { rewrapped }) => sum + rewrapped, 0)).toBeLessThanOrEqual(1_000);
    expect(await rowsUnder(2)).toBe(1_000);
    expect(await countOpened(rotated, secrets)).toBe(1_000);
  });

  it('skips secrets that another process is changing, without waiting, and reports that they are left', async () => {
    const secrets = await sealAll(20);
    await withClient(fixture.connectionString, async (client) => {
      await client.query('begin');
      await client.query('select from vault.secrets where secret_id = $1 for update', [secrets[7]?.ref.secretId]);
      expect(await rotated.rewrapAll()).toEqual({ rewrapped: 19, unreadable: [], keyIdsLeft: [1] });
      await client.query('rollback');
    });
    expect(await rotated.rewrapAll()).toEqual({ rewrapped: 1, unreadable: [], keyIdsLeft: [] });
  });

  it('names an unreadable secret, and goes on with the others', async () => {
    const secrets = await sealAll(10);
    const damaged = secrets[3]?.ref.secretId ?? '';
    await fixture.sql(
      `update vault.secrets set wrapped_key = set_byte(wrapped_key, 30, get_byte(wrapped_key, 30) # 1)
       where secret_id = $1`,
      [damaged],
    );
    expect(await rotated.rewrapAll({ batchSize: 3 })).toEqual({ rewrapped: 9, unreadable: [damaged], keyIdsLeft: [1] });
  });
});

describe('rewrapping that races with destruction', () => {
  it('resurrects nothing, whichever comes first', async () => {
    const secrets = await sealAll(2_000);
    const shredded = secrets.filter((_, index) => index % 2 === 0);
    const shredAll = async (): Promise<void> => {
      for (let at = 0; at < shredded.length; at += 10) await shred(shredded.slice(at, at + 10));
    };
    const other = fixture.vaultWith(ringWith(1, 2));
    await Promise.all([rotated.rewrapAll({ batchSize: 40 }), other.rewrapAll({ batchSize: 70 }), shredAll()]);
    await rotated.rewrapAll();
    expect(await resurrected(shredded)).toBe(0);
    expect(await rowsUnder(1)).toBe(0);
    expect(await rowsUnder(2)).toBe(1_000);
  });

  /** Destroys the secrets when their keys are unwrapped but not replaced yet. */
  async function rewrapAroundShredding(
    secrets: readonly SealedCredential[],
    store: SealedSecretStore,
  ): Promise<RewrapResult> {
    const ring = ringWith(1, 2);
    let isShredded = false;
    const keyRing: KeyRing = {
      ...ring,
      async wrap(dataKey, context) {
        if (!isShredded) await shred(secrets);
        isShredded = true;
        return ring.wrap(dataKey, context);
      },
    };
    return rewrapAll(keyRing, secretRows(store));
  }

  it('notices a secret that was destroyed after it was read', async () => {
    const secrets = await sealAll(50);
    expect(await rewrapAroundShredding(secrets, fixture.store)).toEqual({
      rewrapped: 0,
      unreadable: [],
      keyIdsLeft: [],
    });
    expect(await resurrected(secrets)).toBe(0);
  });

  const blind = (): SealedSecretStore => ({
    ...fixture.store,
    async replaceWrappedKeys(replacements) {
      for (const { secretId, to } of replacements) {
        await fixture.sql('update vault.secrets set kek_id = $2, wrapped_key = $3 where secret_id = $1', [
          secretId,
          to.keyId,
          to.bytes,
        ]);
      }
      return replacements.length;
    },
  });

  it('is stopped by the database if it checks nothing', async () => {
    const secrets = await sealAll(5);
    await expect(rewrapAroundShredding(secrets, blind())).rejects.toMatchObject({ code: 'PU002' });
    expect(await resurrected(secrets)).toBe(0);
  });

  it('is caught resurrecting secrets if neither checks', async () => {
    const secrets = await sealAll(5);
    await fixture.sql(`alter table vault.secrets drop constraint destroyed_means_gone;
      drop trigger shred on vault.secrets;
      create trigger shred before update on vault.secrets for each row
        when (old.state <> 'destroyed' and new.state = 'destroyed') execute function vault.shred()`);
    await rewrapAroundShredding(secrets, blind());
    expect(await resurrected(secrets)).toBe(5);
  });
});

describe('the check of the keys at the start', () => {
  it('passes if there are no secrets, or if all their keys are present', async () => {
    await fixture.vaultWith(keyRingWith(9)).checkKeys();
    await sealAll(3);
    await rotated.checkKeys();
    await sealSome({ vault: rotated }, 'second');
    await rotated.checkKeys();
  });

  it('names a key that is missing', async () => {
    await sealAll(1);
    const check = fixture.vaultWith(ringWith(2)).checkKeys();
    await expect(check).rejects.toThrow(KeyRingError);
    await expect(check).rejects.toThrow(/under key 1, which is not in the key ring/);
  });

  it('names a key that differs from the one that secrets are sealed under', async () => {
    await sealAll(1);
    const check = fixture.vaultWith(keyRingWith(1)).checkKeys();
    await expect(check).rejects.toThrow(KeyRingError);
    await expect(check).rejects.toThrow(/Key 1 of the key ring is not the key 1/);
  });

  it('passes if one row is damaged, and if all secrets under a lost key are destroyed', async () => {
    const [damaged, ...others] = await sealAll(3);
    await fixture.sql("update vault.secrets set wrapped_key = '\\x00' where secret_id = $1", [damaged?.ref.secretId]);
    await fixture.vault.checkKeys();
    await shred([...(damaged ? [damaged] : []), ...others]);
    await fixture.vaultWith(ringWith(2)).checkKeys();
  });
});
