import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { createSealedSecretStore } from '../../../src/adapters/postgres/vault/sealed-secret-store.ts';
import { createKeyRing } from '../../../src/adapters/vault/key-ring.ts';
import { sealRecord } from '../../../src/adapters/vault/record-cipher.ts';
import { createVault } from '../../../src/adapters/vault/vault.ts';
import { SecretIntegrityError } from '../../../src/application/ports/vault.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { CANARY_MARKER } from '../../support/canary.ts';
import { copyOf, keyFileWith, keyRingWith, someBinding, someCredential } from './sealed-records.ts';
import { createVaultFixture, opens, sealMany, sealSome, type VaultFixture } from './vault-fixture.ts';

const keys = keyFileWith(1);
let fixture: VaultFixture;
beforeAll(async () => {
  fixture = await createVaultFixture(createKeyRing(copyOf(keys)));
});
afterAll(() => fixture.close());

describe('sealing', () => {
  it('is visible to others when it resolves, and the secret opens again', async () => {
    const sealed = await sealSome(fixture, 'seen', { host: 'docker.io' });
    const rows = await fixture.sql('select state, host, kek_id from vault.secrets where secret_id = $1', [
      sealed.ref.secretId,
    ]);
    expect(rows).toEqual([{ state: 'pending', host: 'docker.io', kek_id: 1 }]);
    expect(await opens(fixture.vault, sealed)).toBe(true);
  });

  it('keeps secrets apart that are sealed at the same time, and writes them in few transactions', async () => {
    const many = await sealMany(fixture, 300, 'crowd');
    expect(await Promise.all(many.map((sealed) => opens(fixture.vault, sealed)))).not.toContain(false);
    const [row] = await fixture.sql<{ transactions: number }>(
      'select count(distinct xmin::text)::int as transactions from vault.secrets where secret_id = any($1)',
      [many.map(({ ref }) => ref.secretId)],
    );
    expect(row?.transactions).toBeLessThan(30);
  });

  it('also works for several of the largest credentials at the same time', async () => {
    const password = new Secret('p'.repeat(15_000));
    const sealed = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const binding = someBinding();
        return { binding, ref: await fixture.vault.seal(binding, { username: 'u', password }) };
      }),
    );
    for (const { binding, ref } of sealed) {
      expect((await fixture.vault.open(binding, ref))?.password.reveal()).toHaveLength(15_000);
    }
  });

  it('does not fail others if the database refuses one', async () => {
    const keyRing = createKeyRing(copyOf(keys));
    const secretsFor = (versions: readonly number[]) =>
      Promise.all(
        versions.map((credentialVersion) =>
          sealRecord(keyRing, randomUUID(), someBinding({ credentialVersion }), someCredential('neighbour')),
        ),
      );
    const secrets = await secretsFor([1, 0, 2]);
    const outcomes = await Promise.allSettled(secrets.map((secret) => fixture.store.insertPending(secret)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it.each([
    ['an empty project', { projectId: '' }],
    ['a project with NUL', { projectId: 'a\0b' }],
    ['a project that is not well-formed', { projectId: '\ud800' }],
    ['a registry that is not a UUID', { registryId: 'x' }],
    ['version 0', { credentialVersion: 0 }],
    ['version 1.5', { credentialVersion: 1.5 }],
    ['a version too large', { credentialVersion: 2 ** 31 }],
    ['no host', { host: '' }],
  ])('is refused for %s before anything is written', async (_, changes) => {
    await expect(fixture.vault.seal(someBinding(changes), someCredential('refused'))).rejects.toThrow(TypeError);
  });
});

describe('opening', () => {
  it('returns undefined for a secret that never existed', async () => {
    const ref = { secretId: randomUUID(), digest: 'a'.repeat(64) };
    expect(await fixture.vault.open(someBinding(), ref)).toBeUndefined();
  });

  it.each(['', 'zz', 'A'.repeat(64), 'a'.repeat(63), 'a'.repeat(65)])('refuses %j as a digest', async (digest) => {
    const { binding, ref } = await sealSome(fixture, 'digest');
    await expect(fixture.vault.open(binding, { ...ref, digest })).rejects.toThrow(SecretIntegrityError);
  });

  it('refuses a reference without a UUID', async () => {
    const { binding, ref } = await sealSome(fixture, 'reference');
    await expect(fixture.vault.open(binding, { ...ref, secretId: "' or true" })).rejects.toThrow(SecretIntegrityError);
  });

  it.each(['projectId', 'registryId', 'credentialVersion', 'host'] as const)(
    'is refused for another %s than it was sealed for',
    async (field) => {
      const { binding, ref } = await sealSome(fixture, 'binding', { credentialVersion: 1 });
      const other = { ...binding, [field]: someBinding({ credentialVersion: 2 })[field] };
      await expect(fixture.vault.open(other, ref)).rejects.toThrow(SecretIntegrityError);
    },
  );

  it('is refused with the digest of another version', async () => {
    const one = await sealSome(fixture, 'one');
    const other = await sealSome(fixture, 'other', one.binding);
    const mixed = { secretId: one.ref.secretId, digest: other.ref.digest };
    await expect(fixture.vault.open(one.binding, mixed)).rejects.toThrow(SecretIntegrityError);
  });
});

describe('discarding', () => {
  it('destroys a pending secret, and may be repeated', async () => {
    const { binding, ref } = await sealSome(fixture, 'discarded');
    await fixture.vault.discard(ref.secretId);
    await fixture.vault.discard(ref.secretId);
    expect(await fixture.vault.open(binding, ref)).toBeUndefined();
    const rows = await fixture.sql(
      `select state, wrapped_key, ciphertext, kek_id, message_id, commitment, destroyed_at is not null as dated
       from vault.secrets where secret_id = $1`,
      [ref.secretId],
    );
    const gone = { wrapped_key: null, ciphertext: null, kek_id: null, message_id: null, commitment: null };
    expect(rows).toEqual([{ state: 'destroyed', dated: true, ...gone }]);
  });

  it('leaves a current secret alone', async () => {
    const sealed = await sealSome(fixture, 'current');
    await fixture.sql("select vault.advance($1, array['current'])", [[sealed.ref.secretId]]);
    await fixture.vault.discard(sealed.ref.secretId);
    expect(await opens(fixture.vault, sealed)).toBe(true);
  });

  it('does nothing for a secret that never existed', async () => {
    await fixture.vault.discard(randomUUID());
  });
});

describe('the list of pending secrets', () => {
  it('has the oldest first, only those old enough, and at most the requested number', async () => {
    const own = await createVaultFixture();
    try {
      const ages = [30, 90, 60, 120, 10];
      const sealed = await Promise.all(ages.map(() => sealSome(own, 'aged')));
      for (const [index, seconds] of ages.entries()) {
        await own.sql(`update vault.secrets set sealed_at = now() - $1 * interval '1 second' where secret_id = $2`, [
          seconds,
          sealed[index]?.ref.secretId,
        ]);
      }
      await own.sql("select vault.advance($1, array['current'])", [[sealed[1]?.ref.secretId]]);
      await own.vault.discard(sealed[0]?.ref.secretId ?? '');

      const entry = (index: number) => {
        const { host: _, ...owner } = sealed[index]?.binding ?? someBinding();
        return { secretId: sealed[index]?.ref.secretId, ...owner };
      };
      expect(await own.vault.pending(5_000, 10)).toEqual([entry(3), entry(2), entry(4)]);
      expect(await own.vault.pending(20_000, 1)).toEqual([entry(3)]);
      expect(await own.vault.pending(20_000, 10)).toEqual([entry(3), entry(2)]);
      expect(await own.vault.pending(5_000, 1, sealed[3]?.ref.secretId)).toEqual([entry(2)]);
      await own.vault.discard(sealed[2]?.ref.secretId ?? '');
      expect(await own.vault.pending(5_000, 10, sealed[2]?.ref.secretId)).toEqual([entry(4)]);
      expect(await own.vault.pending(5_000, 10, randomUUID())).toEqual([]);
    } finally {
      await own.close();
    }
  });
});

describe('an unreachable database', () => {
  it('gives UNAVAILABLE', async () => {
    const store = createSealedSecretStore({ connectionString: 'postgres://nobody@127.0.0.1:1/none', logger: SILENT });
    const vault = createVault({ keyRing: keyRingWith(1), store });
    const unavailable = expect.objectContaining({ code: 'UNAVAILABLE' });
    const ref = { secretId: randomUUID(), digest: 'a'.repeat(64) };
    await expect(vault.seal(someBinding(), someCredential('away'))).rejects.toEqual(unavailable);
    await expect(vault.open(someBinding(), ref)).rejects.toEqual(unavailable);
    await expect(vault.discard(ref.secretId)).rejects.toEqual(unavailable);
    await expect(vault.pending(0, 1)).rejects.toEqual(unavailable);
    await vault.close();
    await expect(vault.seal(someBinding(), someCredential('closed'))).rejects.toEqual(unavailable);
    await vault.close();
  });

  it('is found again after all connections were cut, and secrets sealed in the meantime are stored', async () => {
    const sealed = await sealSome(fixture, 'before');
    for (let round = 0; round < 10; round += 1) {
      const meanwhile = sealMany(fixture, 20, 'meanwhile');
      await fixture.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name like 'purser vault%'`,
      );
      for (const one of await meanwhile) expect(await opens(fixture.vault, one)).toBe(true);
      expect(await opens(fixture.vault, sealed)).toBe(true);
    }
  });
});

describe('nothing that can be printed', () => {
  /** Prints a value in every way in which values reach logs. */
  function printed(value: unknown): string {
    const shown = [
      inspect(value, { depth: 20, showHidden: true, getters: true }),
      String(value),
      JSON.stringify(value),
    ];
    if (value instanceof Error) shown.push(value.stack ?? '', printed(value.cause));
    return shown.join('\n');
  }

  function leaks(value: unknown): boolean {
    const text = printed(value);
    const forms = keys.keys.flatMap(({ bytes }) => [bytes.toString('hex'), bytes.toString('base64')]);
    return [CANARY_MARKER, ...forms].some((form) => text.includes(form));
  }

  async function errorsOf(): Promise<unknown[]> {
    const { binding, credential, ref } = await sealSome(fixture, 'errors');
    const lone = new Secret(`${credential.password.reveal()}\ud800`);
    const long = new Secret(credential.password.reveal().repeat(1_000));
    await fixture.sql('update vault.secrets set host = $1 where secret_id = $2', ['evil.example.com', ref.secretId]);
    const outcomes = await Promise.allSettled([
      fixture.vault.open(binding, ref),
      fixture.vault.open({ ...binding, host: 'evil.example.com' }, ref),
      fixture.vault.seal(binding, { username: 'u', password: lone }),
      fixture.vault.seal(binding, { username: 'u', password: long }),
      fixture.vault.seal({ ...binding, credentialVersion: -1 }, credential),
    ]);
    return outcomes.map((outcome) => {
      if (outcome.status === 'fulfilled') throw new Error('this should have failed');
      return outcome.reason;
    });
  }

  it('shows a password or a key: vault, store, opened credential, errors', async () => {
    const sealed = await sealSome(fixture, 'printed');
    const opened = await fixture.vault.open(sealed.binding, sealed.ref);
    const values = [fixture.vault, fixture.store, opened, sealed.ref, ...(await errorsOf())];
    expect(values.map(leaks)).not.toContain(true);
  });

  it('escapes the search for it', async () => {
    const { credential } = await sealSome(fixture, 'planted');
    const password = credential.password.reveal();
    const planted = [
      new Error(`wrong password ${password}`),
      new Error('outer', { cause: new Error(password) }),
      { deep: [{ password }] },
      keys.keys.map(({ bytes }) => bytes.toString('base64')),
    ];
    expect(planted.map(leaks)).toEqual([true, true, true, true]);
  });
});
