import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { createMintedPasswordStore } from '../../../src/adapters/postgres/vault/minted-password-store.ts';
import { createKeyRing, type KeyRing } from '../../../src/adapters/vault/key-ring.ts';
import { createMintedPasswordVault } from '../../../src/adapters/vault/minted-password-vault.ts';
import type { MintedPasswordKey, MintedPasswordVault } from '../../../src/application/ports/minted-password-vault.ts';
import type { MintedPassword } from '../../../src/application/ports/password-minter.ts';
import { SecretIntegrityError } from '../../../src/application/ports/vault.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { createMutant } from '../../support/mutant.ts';
import { withClient } from '../../support/server-databases.ts';
import { copyOf, keyFileWith } from './sealed-records.ts';
import { createVaultFixture, type SealedCredential, sealSome, type VaultFixture } from './vault-fixture.ts';

const keys = keyFileWith(1, 2);
const ringWith = (...ids: number[]): KeyRing =>
  createKeyRing({ keys: copyOf(keys).keys.filter(({ id }) => ids.includes(id)), primaryKeyId: Math.max(...ids) });

let fixture: VaultFixture;
let minted: MintedPasswordVault;
beforeAll(async () => {
  fixture = await createVaultFixture(ringWith(1));
  minted = vaultOn(fixture, ringWith(1));
});
afterAll(() => Promise.all([minted.close(), fixture.close()]));

function vaultOn({ connectionString }: VaultFixture, keyRing: KeyRing): MintedPasswordVault {
  return createMintedPasswordVault({ keyRing, store: createMintedPasswordStore({ connectionString, logger: SILENT }) });
}

const HOUR = 3_600_000;
function password(label: string, lifeMs = HOUR, issuedAt = Date.now()): MintedPassword {
  return {
    username: 'AWS',
    password: new Secret(canary(label)),
    issuedAt: new Date(issuedAt).toISOString(),
    expiresAt: new Date(issuedAt + lifeMs).toISOString(),
  };
}

function keyOf({ binding, ref }: SealedCredential, purpose: MintedPasswordKey['purpose'] = 'PUSH'): MintedPasswordKey {
  return { binding, sourceSecretId: ref.secretId, purpose };
}

async function current(registryId: string = randomUUID(), credentialVersion = 1): Promise<SealedCredential> {
  const sealed = await sealSome(fixture, 'minting-source', { registryId, credentialVersion });
  const { secretId } = sealed.ref;
  await fixture.vault.settle([
    { kind: 'destroy', registryId, upToVersion: credentialVersion - 1, kept: null },
    { kind: 'advance', registryId, secretId, version: credentialVersion, state: 'current' },
  ]);
  return sealed;
}

/** Compares without printing either of them. */
function isSame(a: MintedPassword | undefined, b: MintedPassword): boolean {
  const { password: own, ...rest } = a ?? { password: new Secret('') };
  const { password: other, ...expected } = b;
  return JSON.stringify(rest) === JSON.stringify(expected) && own.reveal() === other.reveal();
}

async function rowsOf({ ref }: SealedCredential): Promise<number> {
  const [row] = await fixture.sql<{ rows: number }>(
    'select count(*)::int as rows from vault.minted_passwords where source_secret_id = $1',
    [ref.secretId],
  );
  return row?.rows ?? -1;
}

describe('a minted password', () => {
  it('is kept for its purpose and found again, to the last byte and millisecond', async () => {
    const source = await current();
    const [forPull, forPush] = [password('pull'), password('push', 2 * HOUR + 1)];
    expect(await minted.find(keyOf(source, 'PULL'))).toBeUndefined();
    expect(await minted.keep(keyOf(source, 'PULL'), forPull)).toBe(true);
    expect(await minted.keep(keyOf(source, 'PUSH'), forPush)).toBe(true);
    expect(isSame(await minted.find(keyOf(source, 'PULL')), forPull)).toBe(true);
    expect(isSame(await minted.find(keyOf(source, 'PUSH')), forPush)).toBe(true);
  });

  it('is in the table in no readable form', async () => {
    const source = await current();
    const kept = password('sealed');
    await minted.keep(keyOf(source), kept);
    const [row] = await fixture.sql<{ text: string }>(
      'select m::text as text from vault.minted_passwords m where source_secret_id = $1',
      [source.ref.secretId],
    );
    const text = row?.text ?? '';
    const secret = kept.password.reveal();
    const forms = [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64')];
    expect(text.length).toBeGreaterThan(500);
    expect(forms.some((form) => text.includes(form))).toBe(false);
  });

  it('is replaced only by one that lasts longer', async () => {
    const source = await current();
    const [first, longer, shorter] = [password('first'), password('longer', 3 * HOUR), password('shorter', 2 * HOUR)];
    await minted.keep(keyOf(source), first);
    await minted.keep(keyOf(source), longer);
    expect(await minted.keep(keyOf(source), shorter)).toBe(true);
    expect(isSame(await minted.find(keyOf(source)), longer)).toBe(true);
    expect(await rowsOf(source)).toBe(1);
  });

  it('is removed after it has expired', async () => {
    const [spent, living] = [await current(), await current()];
    await minted.keep(keyOf(spent), password('spent', HOUR, Date.now() - 2 * HOUR));
    await minted.keep(keyOf(living), password('living'));
    expect(await minted.removeExpired()).toBeGreaterThan(0);
    expect([await rowsOf(spent), await rowsOf(living)]).toEqual([0, 1]);
  });
});

describe('a tampered minted password', () => {
  it.each([
    ['a later expiry', "expires_at = expires_at + interval '1 hour'"],
    ['an earlier issue', "issued_at = issued_at - interval '1 ms'"],
    ['another purpose', "purpose = 'PULL'"],
    ['another host', "host = 'evil.example.com'"],
    ['another project', "project_id = 'other'"],
    ['another version', 'credential_version = credential_version + 1'],
    ['a changed ciphertext', 'ciphertext = set_byte(ciphertext, 7, get_byte(ciphertext, 7) # 1)'],
    ['a changed key', 'wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)'],
    ['a changed digest', 'digest = set_byte(digest, 0, get_byte(digest, 0) # 1)'],
  ])('does not open with %s', async (_, assignment) => {
    const source = await current();
    await minted.keep(keyOf(source, 'PUSH'), password('tampered'));
    await fixture.sql(`update vault.minted_passwords set ${assignment} where source_secret_id = $1`, [
      source.ref.secretId,
    ]);
    const purpose = assignment.startsWith('purpose') ? 'PULL' : 'PUSH';
    await expect(minted.find(keyOf(source, purpose))).rejects.toBeInstanceOf(SecretIntegrityError);
  });

  it('does not open in place of another', async () => {
    const [own, other] = [await current(), await current()];
    await minted.keep(keyOf(own), password('own'));
    await minted.keep(keyOf(other), password('other'));
    await fixture.sql('delete from vault.minted_passwords where source_secret_id = $1', [own.ref.secretId]);
    await fixture.sql('update vault.minted_passwords set source_secret_id = $1 where source_secret_id = $2', [
      own.ref.secretId,
      other.ref.secretId,
    ]);
    await expect(minted.find(keyOf(own))).rejects.toBeInstanceOf(SecretIntegrityError);
  });

  it('does not open if all its columns in the table were changed as well', async () => {
    const [own, other] = [await current(), await current()];
    await minted.keep(keyOf(other), password('moved'));
    const { projectId, registryId, credentialVersion, host } = own.binding;
    await fixture.sql(
      `update vault.minted_passwords set source_secret_id = $1, project_id = $2, registry_id = $3,
         credential_version = $4, host = $5 where source_secret_id = $6`,
      [own.ref.secretId, projectId, registryId, credentialVersion, host, other.ref.secretId],
    );
    await expect(minted.find(keyOf(own))).rejects.toBeInstanceOf(SecretIntegrityError);
  });

  it('is caught living longer if its times are not bound', async () => {
    const mutant = await createMutant('adapters/vault', [
      {
        file: 'minted-password-vault.ts',
        find: 'JSON.stringify([sourceSecretId, purpose, issuedAt, expiresAt])',
        replace: 'JSON.stringify([sourceSecretId, purpose])',
      },
    ]);
    const { createMintedPasswordVault: createBroken } = await mutant.load<{
      createMintedPasswordVault: typeof createMintedPasswordVault;
    }>('minted-password-vault.ts');
    const { connectionString } = fixture;
    const store = createMintedPasswordStore({ connectionString, logger: SILENT });
    onTestFinished(() => store.close());
    const broken = createBroken({ keyRing: ringWith(1), store });
    const source = await current();
    await broken.keep(keyOf(source), password('broken'));
    await fixture.sql(
      `update vault.minted_passwords set expires_at = expires_at + interval '1 hour' where source_secret_id = $1`,
      [source.ref.secretId],
    );
    expect(await broken.find(keyOf(source))).toBeDefined();
  });
});

describe('a minted password under a removed key', () => {
  it('does not open, does not prevent the start, and is replaced by a new one', async () => {
    const source = await current();
    await minted.keep(keyOf(source), password('old-key'));
    const rotated = vaultOn(fixture, ringWith(2));
    onTestFinished(() => rotated.close());
    await expect(rotated.find(keyOf(source))).rejects.toBeInstanceOf(SecretIntegrityError);
    const next = password('new-key', 2 * HOUR);
    await rotated.keep(keyOf(source), next);
    expect(isSame(await rotated.find(keyOf(source)), next)).toBe(true);
  });
});

describe('destroying the credential', () => {
  /** The ways in which the projector destroys, each with the credential to be destroyed. */
  const WAYS: readonly [string, (source: SealedCredential) => Promise<unknown>][] = [
    ['rotation', ({ binding }) => current(binding.registryId, binding.credentialVersion + 1)],
    [
      'deletion',
      ({ binding }) =>
        fixture.sql('select vault.destroy_registries($1, $2)', [[binding.registryId], [binding.credentialVersion]]),
    ],
  ];

  it.each(WAYS)('by %s also destroys the passwords minted from it', async (_, destroy) => {
    const [source, bystander] = [await current(), await current()];
    for (const purpose of ['PULL', 'PUSH'] as const) await minted.keep(keyOf(source, purpose), password('shredded'));
    await minted.keep(keyOf(bystander), password('bystander'));
    await destroy(source);
    expect([await rowsOf(source), await rowsOf(bystander)]).toEqual([0, 1]);
    expect(await minted.keep(keyOf(source), password('too-late'))).toBe(false);
    expect(await rowsOf(source)).toBe(0);
  });

  it('also does so for a pending secret', async () => {
    const sealed = await sealSome(fixture, 'minting-source');
    expect(await minted.keep(keyOf(sealed), password('pending'))).toBe(true);
    await fixture.vault.discard(sealed.ref.secretId);
    expect(await rowsOf(sealed)).toBe(0);
  });

  it('is undone together with the rest of its transaction', async () => {
    const source = await current();
    await minted.keep(keyOf(source), password('rolled-back'));
    const { registryId, credentialVersion } = source.binding;
    await fixture.sql(`do $$ begin
      perform vault.destroy_registries(array['${registryId}']::uuid[], array[${credentialVersion}]);
      raise exception 'rolled back' using errcode = 'PU999';
      exception when sqlstate 'PU999' then null; end $$`);
    expect(await rowsOf(source)).toBe(1);
  });

  it('makes a store wait while it runs, and then refuses it', async () => {
    const source = await current();
    await withClient(fixture.connectionString, async (client) => {
      await client.query('begin');
      await client.query('select vault.destroy_registries($1, $2)', [
        [source.binding.registryId],
        [source.binding.credentialVersion],
      ]);
      const keeping = minted.keep(keyOf(source), password('late'));
      await untilSomebodyWaits();
      await client.query('commit');
      expect(await keeping).toBe(false);
    });
    expect(await rowsOf(source)).toBe(0);
  });

  it('waits for a running store, and then destroys that password too', async () => {
    const source = await current();
    await minted.keep(keyOf(source), password('early'));
    const { registryId, credentialVersion } = source.binding;
    await withClient(fixture.connectionString, async (client) => {
      await client.query('begin');
      await client.query('select vault.keep_minted(m) from vault.minted_passwords m where source_secret_id = $1', [
        source.ref.secretId,
      ]);
      const destroying = fixture.sql('select vault.destroy_registries($1, $2)', [[registryId], [credentialVersion]]);
      await untilSomebodyWaits();
      await client.query('commit');
      await destroying;
    });
    expect(await rowsOf(source)).toBe(0);
  });

  it('leaves nothing behind if both happen at the same time', async () => {
    expect(await survivors(20)).toBe(0);
  });

  it('is caught leaving passwords behind if the credential is not locked', async () => {
    const [row] = await fixture.sql<{ definition: string }>(
      "select pg_get_functiondef('vault.keep_minted'::regproc) as definition",
    );
    const definition = row?.definition ?? '';
    const broken = definition.replace(
      "and state <> 'destroyed' for share;\n",
      "and state <> 'destroyed';\n  perform pg_sleep(0.05);\n",
    );
    expect(broken).not.toBe(definition);
    await fixture.sql(broken);
    try {
      expect(await survivors(10)).toBeGreaterThan(0);
    } finally {
      await fixture.sql(definition);
    }
  });

  async function untilSomebodyWaits(): Promise<void> {
    await vi.waitUntil(async () => {
      const waiting = await fixture.sql(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return waiting.length > 0;
    });
  }

  /** Races storing against destroying, and returns how many passwords outlive their credential. */
  async function survivors(rounds: number): Promise<number> {
    let left = 0;
    for (let round = 0; round < rounds; round += 1) {
      const source = await current();
      const { registryId, credentialVersion } = source.binding;
      const destroy = fixture.sql('select vault.destroy_registries($1, $2)', [[registryId], [credentialVersion]]);
      await Promise.all([destroy, minted.keep(keyOf(source), password('raced'))]);
      left += await rowsOf(source);
    }
    return left;
  }
});
