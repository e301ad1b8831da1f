import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSettlement } from '../../../src/adapters/postgres/settlement.ts';
import type { SecretEffect, SettledState } from '../../../src/domain/secret-effects.ts';
import { withClient } from '../../support/server-databases.ts';
import { createVaultFixture, opens, type SealedCredential, sealSome, type VaultFixture } from './vault-fixture.ts';

let fixture: VaultFixture;
beforeAll(async () => {
  fixture = await createVaultFixture();
});
afterAll(() => fixture.close());

function seal(registryId: string, credentialVersion: number, on = fixture): Promise<SealedCredential> {
  return sealSome(on, 'lifecycle', { registryId, credentialVersion });
}

/** What the events that made these secrets current do. */
async function settle(...sealed: readonly SealedCredential[]): Promise<void> {
  await apply(fixture, sealed.flatMap(replacing));
}

function replacing({ binding, ref }: SealedCredential): readonly SecretEffect[] {
  const { registryId, credentialVersion: version } = binding;
  return [
    { kind: 'destroy', registryId, upToVersion: version - 1, kept: null },
    { kind: 'advance', registryId, secretId: ref.secretId, version, state: 'current' },
  ];
}

async function apply(on: VaultFixture, effects: readonly SecretEffect[]): Promise<void> {
  const settlement = createSettlement();
  for (const effect of effects) settlement.add(effect);
  for (const { text, values } of settlement.statements()) await on.sql(text, values);
}

async function statesOf(sealed: readonly SealedCredential[]): Promise<string[]> {
  const rows = await fixture.sql<{ secret_id: string; state: string }>(
    'select secret_id, state from vault.secrets where secret_id = any($1)',
    [sealed.map(({ ref }) => ref.secretId)],
  );
  const states = new Map(rows.map(({ secret_id, state }) => [secret_id, state]));
  return sealed.map(({ ref }) => states.get(ref.secretId) ?? 'missing');
}

describe('settling a secret', () => {
  it('makes it current and destroys older ones and the losers of its version', async () => {
    const registryId = randomUUID();
    const [first, second, winner, loser, next, elsewhere] = await Promise.all([
      seal(registryId, 1),
      seal(registryId, 2),
      seal(registryId, 3),
      seal(registryId, 3),
      seal(registryId, 4),
      seal(randomUUID(), 1),
    ]);
    await settle(second);
    await settle(winner);
    expect(await statesOf([first, second, winner, loser, next, elsewhere])).toEqual([
      'destroyed',
      'destroyed',
      'current',
      'destroyed',
      'pending',
      'pending',
    ]);
    expect(await fixture.vault.open(second.binding, second.ref)).toBeUndefined();
    expect(await opens(fixture.vault, winner)).toBe(true);
    expect(await opens(fixture.vault, next)).toBe(true);
  });

  it('works for many registries at once', async () => {
    const registries = Array.from({ length: 50 }, () => randomUUID());
    const older = await Promise.all(registries.map((id) => seal(id, 1)));
    const newer = await Promise.all(registries.map((id) => seal(id, 2)));
    await settle(...older);
    expect(new Set(await statesOf(older))).toEqual(new Set(['current']));
    await settle(...newer);
    expect(new Set(await statesOf(older))).toEqual(new Set(['destroyed']));
    expect(new Set(await statesOf(newer))).toEqual(new Set(['current']));
  });

  it('works for two versions of one registry at once', async () => {
    const registryId = randomUUID();
    const [older, newer] = await Promise.all([seal(registryId, 1), seal(registryId, 2)]);
    await settle(newer, older);
    expect(await statesOf([older, newer])).toEqual(['destroyed', 'current']);
  });

  it('changes nothing when an old event is repeated', async () => {
    const registryId = randomUUID();
    const [older, newer, next] = await Promise.all([1, 2, 3].map((version) => seal(registryId, version)));
    if (!older || !newer || !next) throw new Error('three secrets were pending');
    await settle(older);
    await settle(newer);
    await settle(older);
    expect(await statesOf([older, newer, next])).toEqual(['destroyed', 'current', 'pending']);
  });

  it('does nothing if the secret is missing', async () => {
    await fixture.sql("select vault.advance($1, array['current'])", [[randomUUID()]]);
  });

  it('never takes a secret back to an earlier state, in whatever order its events come again', async () => {
    const registryId = randomUUID();
    const [first, second] = await Promise.all([seal(registryId, 1), seal(registryId, 2)]);
    const to = ({ ref }: SealedCredential, state: SettledState, version: number): SecretEffect => ({
      kind: 'advance',
      registryId,
      secretId: ref.secretId,
      version,
      state,
    });
    await fixture.vault.settle([to(second, 'staged', 2), to(first, 'current', 1)]);
    expect(await statesOf([first, second])).toEqual(['current', 'staged']);
    await fixture.vault.settle([to(second, 'current', 2), to(first, 'retiring', 1)]);
    expect(await statesOf([first, second])).toEqual(['retiring', 'current']);
    await fixture.vault.settle([to(second, 'staged', 2), to(first, 'current', 1)]);
    expect(await statesOf([first, second])).toEqual(['retiring', 'current']);
    await fixture.vault.settle([{ kind: 'end', registryId, secretId: first.ref.secretId, version: 1 }]);
    await fixture.vault.settle([to(first, 'retiring', 1)]);
    expect(await statesOf([first, second])).toEqual(['destroyed', 'current']);
  });
});

describe('destroying the secrets of a registry', () => {
  it('leaves secrets that were sealed since, for a new creation', async () => {
    const registryId = randomUUID();
    const [current, lost, recreated, elsewhere] = await Promise.all([
      seal(registryId, 1),
      seal(registryId, 2),
      seal(registryId, 3),
      seal(randomUUID(), 1),
    ]);
    await settle(current);
    const destroy = () => fixture.sql('select vault.destroy_registries($1, $2)', [[registryId], [2]]);
    await destroy();
    const after = ['destroyed', 'destroyed', 'pending', 'pending'];
    expect(await statesOf([current, lost, recreated, elsewhere])).toEqual(after);
    await settle(recreated);
    await destroy();
    expect(await statesOf([current, recreated])).toEqual(['destroyed', 'current']);
    expect(await opens(fixture.vault, recreated)).toBe(true);
  });
});

describe('a destroyed secret', () => {
  async function destroyed(): Promise<SealedCredential> {
    const sealed = await seal(randomUUID(), 1);
    await fixture.sql('select vault.destroy_secrets($1)', [[sealed.ref.secretId]]);
    return sealed;
  }

  it('contains nothing from which its password could be computed', async () => {
    const { ref, binding } = await destroyed();
    const [row] = await fixture.sql('select * from vault.secrets where secret_id = $1', [ref.secretId]);
    const { sealed_at, destroyed_at, ...left } = row ?? {};
    expect([sealed_at, destroyed_at]).toEqual([expect.any(Date), expect.any(Date)]);
    expect(left).toEqual({
      secret_id: ref.secretId,
      project_id: binding.projectId,
      registry_id: binding.registryId,
      credential_version: 1,
      host: binding.host,
      state: 'destroyed',
      format: 1,
      kek_id: null,
      wrapped_key: null,
      message_id: null,
      commitment: null,
      ciphertext: null,
      digest: Buffer.from(ref.digest, 'hex'),
      settled_at: null,
      unreadable_at: null,
    });
  });

  it.each([
    "state = 'pending'",
    "state = 'current'",
    "wrapped_key = '\\x00'",
    "kek_id = 1, wrapped_key = '\\x00', message_id = '\\x00', commitment = '\\x00', ciphertext = '\\x00'",
    "host = 'example.com'",
  ])('refuses: set %s', async (assignment) => {
    const { ref } = await destroyed();
    const change = fixture.sql(`update vault.secrets set ${assignment} where secret_id = $1`, [ref.secretId]);
    await expect(change).rejects.toMatchObject({ code: 'PU002' });
  });

  it('cannot have a key, and all other secrets must have one', async () => {
    const insert = (state: string, bytes: string, destroyedAt: string) =>
      fixture.sql(
        `insert into vault.secrets values (gen_random_uuid(), 'p', gen_random_uuid(), 1, 'h', '${state}', 1,
           ${bytes === 'null' ? 'null' : 1}, ${bytes}, ${bytes}, ${bytes}, ${bytes},
           sha256(''), now(), null, ${destroyedAt})`,
      );
    const refused = { code: '23514', constraint: 'destroyed_means_gone' };
    await expect(insert('destroyed', "'\\x00'", 'now()')).rejects.toMatchObject(refused);
    await expect(insert('current', 'null', 'null')).rejects.toMatchObject(refused);
    await expect(insert('pending', "'\\x00'", 'now()')).rejects.toMatchObject(refused);
  });
});

describe('what a command and the projector both settle', () => {
  it('is destroyed durably before it resolves, and changes nothing the second time', async () => {
    const registryId = randomUUID();
    const [older, newer, next] = await Promise.all([1, 2, 3].map((version) => seal(registryId, version)));
    if (!older || !newer || !next) throw new Error('three secrets were pending');
    await settle(older);
    const effect = replacing(newer);
    for (let time = 0; time < 2; time += 1) {
      await fixture.vault.settle(effect);
      expect(await statesOf([older, newer, next])).toEqual(['destroyed', 'current', 'pending']);
    }
    await fixture.vault.settle([{ kind: 'destroy', registryId, upToVersion: 2, kept: null }]);
    expect(await statesOf([older, newer, next])).toEqual(['destroyed', 'destroyed', 'pending']);
  });

  it('locks no row that is as it should be', async () => {
    const registryId = randomUUID();
    const [older, newer] = await Promise.all([seal(registryId, 1), seal(registryId, 2)]);
    const effect = replacing(newer);
    await fixture.vault.settle(effect);
    await withClient(fixture.connectionString, async (client) => {
      await client.query('begin');
      await client.query('select from vault.secrets where registry_id = $1 for update', [registryId]);
      await fixture.vault.settle(effect);
      await client.query('rollback');
    });
    expect(await statesOf([older, newer])).toEqual(['destroyed', 'current']);
  });

  it('never deadlocks, in whatever order the registries come', async () => {
    for (let round = 0; round < 10; round += 1) {
      const registries = Array.from({ length: 20 }, () => randomUUID());
      const sealed = await Promise.all(
        registries.map(async (id) => ({ older: await seal(id, 1), newer: await seal(id, 2) })),
      );
      const inOrder = (all: typeof sealed) =>
        apply(
          fixture,
          all.flatMap(({ newer }) => replacing(newer)),
        );
      const alone = sealed.map(({ newer }) => fixture.vault.settle(replacing(newer)));
      await Promise.all([inOrder(sealed), inOrder(sealed.toReversed()), ...alone]);
      expect(new Set(await statesOf(sealed.map(({ older }) => older)))).toEqual(new Set(['destroyed']));
      expect(new Set(await statesOf(sealed.map(({ newer }) => newer)))).toEqual(new Set(['current']));
    }
  });
});
